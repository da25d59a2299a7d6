#!/usr/bin/env python3
"""Gate: what no tracked text may hold.

Hosts of package registries, paths of one machine, unfinished work, private keys, white space at line ends, carriage
returns.
"""

import gate

REPAIR = "take out what is named; an input of a test belongs into tests/fuzz/corpus or a data folder"
# Written in pieces, so that this file is not its own violation.
FORBIDDEN = (
    (
        r"(?:pypi|pythonhosted|registry\.npmjs|crates|(?:deb|security)\.debian|proxy\.golang|repo1?\.maven)"
        + r"\.(?:org|io|com)",
        "host of a package registry: {}",
    ),
    (r"(?<![\w/.}$~])(/(?:work|home|root|Users)/[\w.]+)", "path of one machine: {}"),
    (r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b", "unfinished work: {}"),
    (r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIV" + r"ATE KEY", "a private key"),
    (r"[ \t]+$", "white space at the end of a line"),
    (r"\r", "a carriage return"),
)
TEXTS = (
    ".c",
    ".h",
    ".py",
    ".sh",
    ".sql",
    ".json",
    ".md",
    ".cmake",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".yml",
    ".yaml",
    ".toml",
    ".cfg",
    ".service",
)
# Inputs of tests are data: they hold whatever they must.
DATA = ("tests/fuzz/corpus/", "tests/conformance/data/", "tests/data/")


def texts(tree):
    scripts = set(tree.shell_files()) | set(tree.python_files())
    return [n for n in tree.files if (n.endswith(TEXTS) or n in scripts) and not n.startswith(DATA)]


def check(tree):
    violations = []
    names = texts(tree)
    for pattern, message in FORBIDDEN:
        violations += gate.matches(tree, names, pattern, message, code=False)
    for name in names:
        if tree.text(name) and not tree.text(name).endswith("\n"):
            violations.append(f"{name}: no newline at its end")
    return violations


if __name__ == "__main__":
    gate.main(check)
