#!/usr/bin/env python3
"""Gate: every C file is as clang-format 14 leaves it (repair: tests/run format)."""

import re
import subprocess

import gate

REPAIR = "tests/run format"


def repaired(tree, name, line):
    """The violation of a file and the diff that repairs it."""
    command = ["clang-format-14", "--style=file", "--fallback-style=none", name]
    shaped = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=True).stdout
    return [f"{name}:{line}: not in clang-format's shape", *gate.difference(name, tree.text(name), shaped)]


def check(tree):
    names = tree.chosen(tree.c_files())
    if not names:
        return []
    command = ["clang-format-14", "--dry-run", "--style=file", "--fallback-style=none", *names]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    found = re.findall(r"^(\S+):(\d+):\d+: .*-Wclang-format-violations", result.stderr, re.MULTILINE)
    if not found and (result.returncode != 0 or result.stderr.strip()):
        return [f"clang-format-14: {result.stderr.strip()}"]
    first = {name: line for name, line in reversed(found)}
    return [line for name in sorted(first) for line in repaired(tree, name, first[name])]


if __name__ == "__main__":
    gate.main(check)
