#!/usr/bin/env python3
"""Gate: Python is as `ruff format` leaves it and clean for `ruff check` (ruff.toml), unused suppressions included."""

import subprocess
import sys
from pathlib import Path

import gate

REPAIR = (
    "tests/run format gives the shape and what ruff can mend by itself; the rest says its rule, and `ruff rule "
    "CODE` explains it"
)
CONFIG = Path(__file__).resolve().parents[2] / "ruff.toml"


def ruff(tree, *arguments):
    names = tree.chosen(tree.python_files())
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", f"--config={CONFIG}", *names]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    lines = result.stdout.splitlines() + result.stderr.splitlines()
    return [line for line in lines if line] if result.returncode else []


def check(tree):
    if not tree.chosen(tree.python_files()):
        return []
    found = ruff(tree, "check", "--quiet", "--output-format=concise")
    for line in ruff(tree, "format", "--diff", "--quiet"):
        if line.startswith("--- "):
            found.append(f"{line[4:].partition(chr(9))[0]}:1: not as `ruff format` leaves it")
        found.append(line)
    return found


if __name__ == "__main__":
    gate.main(check)
