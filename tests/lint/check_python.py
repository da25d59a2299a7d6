#!/usr/bin/env python3
"""Gate: Python is as `ruff format` leaves it and clean for `ruff check` (ruff.toml), unused suppressions included."""

import re
import subprocess
import sys
from pathlib import Path

import gate

CONFIG = Path(__file__).resolve().parents[2] / "ruff.toml"


def ruff(tree, *arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", f"--config={CONFIG}", *tree.python_files()]
    result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    lines = result.stdout.splitlines() + result.stderr.splitlines()
    return [line for line in lines if line] if result.returncode else []


def check(tree):
    if not tree.python_files():
        return []
    unformatted = re.findall(r"--> ([^:]+):", "\n".join(ruff(tree, "format", "--check", "--quiet")))
    return ruff(tree, "check", "--quiet", "--output-format=concise") + [
        f"{name}:1: not as `ruff format` leaves it; tests/run format repairs it" for name in dict.fromkeys(unformatted)
    ]


if __name__ == "__main__":
    gate.main(check)
