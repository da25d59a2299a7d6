#!/usr/bin/env python3
"""Gate: cppcheck finds nothing. A false alarm is suppressed beside the line, with its reason; an unused suppression is
reported as well."""

import re
import subprocess

import gate

REPAIR = "mend the code; for a false alarm, // cppcheck-suppress ID and the reason on the line above"
# Reported for good code: what is used by programs that cppcheck is not shown, and matters of taste that others check.
NOT_ASKED = (
    "getcontextCalled",
    "redundantContinue",
    "missingIncludeSystem",
    "unusedFunction",
    "variableScope",
    "unmatchedSuppression:*embed_*",
    "checkersReport",
    "unusedStructMember",
    "normalCheckLevelMaxBranches",
    "preprocessorErrorDirective",
    "constParameterCallback",
    "constParameter",
    "constParameterPointer",
    "constVariablePointer",
    "shadowFunction",
)


def command_line(tree, cache):
    command = [
        "cppcheck",
        "--std=c11",
        "--quiet",
        "--inline-suppr",
        "-j2",
        f"--cppcheck-build-dir={cache}",
        "--enable=warning,style,performance,portability,information",
        "--error-exitcode=1",
        "-D_GNU_SOURCE",
        "-D__VA_OPT__(...)=+",  # this version does not know it; a comma would not do where nothing precedes it
        "-Icommon",
        "--library=posix",
        "--template={file}:{line}: {message} ({id})",
        "--max-configs=4",
    ]
    command += [f"-I{daemon}" for daemon in gate.DAEMONS if (tree.root / daemon).is_dir()]
    return command + [f"--suppress={name}" for name in NOT_ASKED]


def check(tree):
    """Looks at nothing while all is as when nothing was found, else at what changed since: cppcheck has a cache of its
    own, here one for the whole and one for chosen files."""
    names = tree.chosen(n for n in tree.daemon_sources() if n.endswith(".c"))
    if not names:
        return []
    cache = tree.root / "build" / ("cppcheck" if tree.only is None else "cppcheck-chosen")
    cache.mkdir(parents=True, exist_ok=True)
    command = command_line(tree, cache)
    read = gate.fingerprint(tree, sorted({path for name in names for path in gate.closure(tree, name)}), *command)
    mark = cache / "clean"
    if mark.exists() and mark.read_text() == read:
        return []
    result = subprocess.run([*command, *names], cwd=tree.root, capture_output=True, text=True)
    found = re.findall(r"^(?!nofile)\S+:\d+: .+$", result.stderr, re.MULTILINE)
    if result.returncode not in (0, 1):
        return [f"cppcheck: {result.stderr.strip() or result.returncode}"]
    if not found:
        mark.write_text(read)
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    gate.main(check)
