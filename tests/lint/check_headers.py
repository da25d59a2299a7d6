#!/usr/bin/env python3
"""Gate: every header opens with a comment, has its guard, and a comment stands above every block of declarations."""

import re

import gate

REPAIR = "open a header like common/base/arena.h, and write a comment above each block of declarations"
BLOCK = re.compile(r"\n[ \t]*\n")


def guard_names(name):
    """Folder and file, whichever folder of the path: EVENTLOOP_BASE_ARENA_H, EVENTLOOP_EVENTS_PERIOD_H."""
    *folders, file = [re.sub(r"\W", "_", part).upper() for part in name.split("/")]
    return [f"EVENTLOOP_{folder}_{file}" for folder in reversed(folders)] + [f"EVENTLOOP_{'_'.join([*folders, file])}"]


def guard_violations(tree, name):
    text, code = tree.text(name), tree.code(name)
    if not text.startswith("/*"):
        yield f"{name}:1: a header opens with a comment: purpose, ownership, invariants, how to call it"
    names = guard_names(name)
    directives = re.findall(r"^#.*$", code, re.MULTILINE)
    guard = next((one for one in names if directives[:1] == [f"#ifndef {one}"]), names[0])
    if name.startswith("tests/"):  # these also say TESTS and what they like
        given = re.match(r"#ifndef (EVENTLOOP_\w*" + names[0].split("_", 2)[2] + ")$", (directives or [""])[0])
        guard = given.group(1) if given else guard
    if directives[:2] != [f"#ifndef {guard}", f"#define {guard}"] or directives[-1:] != ["#endif"]:
        yield f"{name}:1: its guard is not {guard}"


def undocumented(tree, name):
    """Declarations of functions whose block (lines up to an empty one) has no comment above or beside them."""
    text, code = tree.text(name), tree.code(name)
    offset = 0
    for block in BLOCK.split(text):
        start = text.index(block, offset)
        offset = start + len(block)
        declaration = re.search(
            r"^(?!typedef\b|#)\w[^\n;{}=]*\b(\w+)\([^;{}]*\)[^;{}]*;", code[start:offset], re.MULTILINE
        )
        if declaration and not re.search(r"/\*|//", block) and not all_handlers(code[start:offset]):
            line = gate.line_of(text, start + declaration.start())
            yield f"{name}:{line}: {declaration.group(1)} has no doc comment"


def all_handlers(block):
    """Handlers of methods: their contract stands in the API file."""
    statements = [statement.strip() for statement in block.split(";") if statement.strip()]
    return all(re.fullmatch(r"int \w+\(struct rpc_call \*call\)( MAY_SUSPEND)?", one) for one in statements)


def check(tree):
    violations = []
    for name in tree.matching(".h"):
        violations += guard_violations(tree, name)
        if name.split("/")[0] in gate.SOURCE_FOLDERS:
            violations += undocumented(tree, name)
    return violations


if __name__ == "__main__":
    gate.main(check)
