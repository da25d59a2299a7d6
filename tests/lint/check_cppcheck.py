#!/usr/bin/env python3
"""Gate: cppcheck finds nothing. A false alarm is suppressed beside the line, with its reason; an unused suppression is
reported as well."""

import re
import subprocess

import gate

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


def check(tree):
    names = [n for n in tree.daemon_sources() if n.endswith(".c")]
    if not names:
        return []
    cache = tree.root / "build" / "cppcheck"
    cache.mkdir(parents=True, exist_ok=True)
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
    command += [f"--suppress={name}" for name in NOT_ASKED]
    result = subprocess.run([*command, *names], cwd=tree.root, capture_output=True, text=True)
    found = re.findall(r"^(?!nofile)\S+:\d+: .+$", result.stderr, re.MULTILINE)
    if result.returncode not in (0, 1):
        return [f"cppcheck: {result.stderr.strip() or result.returncode}"]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    gate.main(check)
