#!/usr/bin/env python3
"""Gate: no function of more than 45 lines, no file of more than 450. The allow-list is empty, and stays so."""

import ast

import gate

REPAIR = (
    "give the part of a function that has a purpose of its own a name; move the concept of a file that stands for "
    "itself into a module, a test file of its own"
)
MAX_FUNCTION_LINES = 45
MAX_FILE_LINES = 450


def python_functions(tree):
    for name in tree.python_files():
        for node in ast.walk(ast.parse(tree.text(name), name)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield gate.Function(node.name, name, node.lineno, node.end_lineno, False)


def shell_functions(tree):
    """Functions in the form `name() {` ... `}`, both at the start of a line."""
    for name in tree.shell_files():
        opened = None
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if line.endswith("() {") and not line[0].isspace():
                opened = gate.Function(line[:-4], name, number, number, False)
            elif line == "}" and opened:
                opened.last = number
                yield opened
                opened = None


def check(tree):
    violations = []
    functions = tree.functions + list(python_functions(tree)) + list(shell_functions(tree))
    for function in functions:
        if function.lines > MAX_FUNCTION_LINES:
            violations.append(
                f"{function.path}:{function.first}: {function.name} has {function.lines} lines,"
                f" {MAX_FUNCTION_LINES} are allowed: it ends at {function.path}:{function.last}"
            )
    for name in sorted(
        set(tree.c_files() + tree.python_files() + tree.shell_files() + tree.matching(".sql", ".cmake"))
    ):
        lines = tree.text(name).count("\n")
        if lines > MAX_FILE_LINES:
            violations.append(f"{name}:1: {lines} lines, {MAX_FILE_LINES} are allowed")
    return violations


if __name__ == "__main__":
    gate.main(check)
