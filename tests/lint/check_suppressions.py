#!/usr/bin/env python3
"""Gate: a suppression of any checker says which rule and why.

The reason follows on its line, or stands in a comment on the line above. (Unused ones are found by the checkers' own
gates: cppcheck, ruff, and check_tidy for NOLINT.)
"""

import re

import gate

REPAIR = "write the rule into the suppression, and the reason behind it or above it"
# Pattern of a suppression with its rule; the rest of the line is the reason.
SUPPRESSIONS = (
    r"cppcheck-suppress(?:\s+\w+|\s*\[[\w,\s]+\])?",
    r"NOLINT(?:NEXTLINE|BEGIN|END)?(?:\([^)]*\))?",
    r"# shellcheck disable=[\w,]+",
    r"# noqa(?:: ?[A-Z0-9, ]+)?",
    r"#\s*pragma (?:GCC|clang) diagnostic ignored \"[^\"]*\"",
    r"__attribute__\(\(no_sanitize(?:_\w+)?\b[^)]*\)+",
)
NAMED = re.compile(r"suppress\s*\[?\w|\(|disable=|noqa: ?[A-Z]|ignored \"")


def check(tree):
    violations = []
    pattern = re.compile("|".join(f"(?:{one})" for one in SUPPRESSIONS))
    names = [n for n in {*tree.c_files(), *tree.shell_files(), *tree.python_files()} if not n.startswith("tests/lint/")]
    for name in sorted(names):
        lines = tree.text(name).splitlines()
        for number, line in enumerate(lines, 1):
            match = pattern.search(line)
            if not match:
                continue
            reason = re.sub(r"[^A-Za-z]", "", line[match.end() :])
            above = lines[number - 2].strip() if number > 1 else ""
            explained = len(reason) >= 8 or above.startswith(("//", "/*", "*", "#")) or above.endswith("*/")
            if not NAMED.search(match.group(0)):
                violations.append(f"{name}:{number}: a suppression without its rule: {match.group(0)}")
            elif not explained:
                violations.append(f"{name}:{number}: a suppression without a reason: {match.group(0)}")
    return violations


if __name__ == "__main__":
    gate.main(check)
