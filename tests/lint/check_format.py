#!/usr/bin/env python3
"""Gate: every C file is as clang-format 14 leaves it (repair: tests/run format)."""

import re
import subprocess

import gate


def check(tree):
    names = tree.c_files()
    if not names:
        return []
    command = ["clang-format-14", "--dry-run", "--style=file", "--fallback-style=none", *names]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    found = re.findall(r"^(\S+:\d+):\d+: .*-Wclang-format-violations", result.stderr, re.MULTILINE)
    if not found and (result.returncode != 0 or result.stderr.strip()):
        return [f"clang-format-14: {result.stderr.strip()}"]
    return [f"{place}: not in clang-format's shape; tests/run format repairs it" for place in dict.fromkeys(found)]


if __name__ == "__main__":
    gate.main(check)
