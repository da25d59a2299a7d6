#!/usr/bin/env python3
"""Gate: the dependency law, from the includes.

common knows no daemon; a daemon includes only itself and common; inside common base < co < io < rpc < daemon, and lower
never includes higher. Includes are written "base/arena.h", own header first, then project, then system headers, each
block sorted by the formatter.
"""

import re

import gate

LAYERS = ("base", "co", "io", "rpc", "daemon")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def includes(tree, name):
    text = tree.text(name)
    for match in INCLUDE.finditer(text):
        yield match.group(1), gate.line_of(text, match.start())


def common_violation(tree, name, included):
    """Why a file of common may not include this, or None."""
    layer = name.split("/")[1]
    if layer not in LAYERS:
        return f"{name.rsplit('/', 1)[0]} is no layer of common"
    target = included.split("/")[0]
    if "/" not in included or target not in LAYERS or f"common/{included}" not in tree.files:
        return f'"{included}" is not a header of common'
    if LAYERS.index(target) > LAYERS.index(layer):
        return f"common/{layer} includes the higher layer common/{target} ({included})"
    return None


def daemon_violation(tree, name, included):
    daemon = name.split("/")[0]
    if f"{daemon}/{included}" in tree.files or f"common/{included}" in tree.files:
        return None
    for other in gate.DAEMONS:
        if f"{other}/{included}" in tree.files:
            return f"{daemon} includes {included} of {other}"
    return f'"{included}" is neither of {daemon} nor of common'


def check(tree):
    violations = []
    for name in tree.daemon_sources():
        rule = common_violation if name.startswith("common/") else daemon_violation
        for included, line in includes(tree, name):
            problem = ".. in an include" if ".." in included else rule(tree, name, included)
            if problem:
                violations.append(f"{name}:{line}: {problem}")
    return violations


if __name__ == "__main__":
    gate.main(check)
