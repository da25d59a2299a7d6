#!/usr/bin/env python3
"""Gate: every header opens with a comment, has its guard, and a comment stands above every block of declarations."""

import re

import gate

BLOCK = re.compile(r"\n[ \t]*\n")


def guard_name(name):
    """common/base/arena.h: EVENTLOOP_BASE_ARENA_H; events/booking/rules.h: EVENTLOOP_EVENTS_BOOKING_RULES_H."""
    path = name.removeprefix("common/").removeprefix("tests/")
    return "EVENTLOOP_" + re.sub(r"\W", "_", path).upper()


def guard_violations(tree, name):
    text, code = tree.text(name), tree.code(name)
    if not text.startswith("/*"):
        yield f"{name}:1: a header opens with a comment: purpose, ownership, invariants, how to call it"
    guard = guard_name(name)
    directives = re.findall(r"^#.*$", code, re.MULTILINE)
    if name.startswith("tests/"):  # any EVENTLOOP_..._FILE_H will do
        given = re.match(r"#ifndef (EVENTLOOP_\w*" + guard.rsplit("_", 2)[-2] + r"_H)$", (directives or [""])[0])
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
        if declaration and not re.search(r"/\*|//", block):
            line = gate.line_of(text, start + declaration.start())
            yield f"{name}:{line}: {declaration.group(1)} has no doc comment"


def check(tree):
    violations = []
    for name in tree.matching(".h"):
        violations += guard_violations(tree, name)
        if name.split("/")[0] in gate.SOURCE_FOLDERS:
            violations += undocumented(tree, name)
    return violations


if __name__ == "__main__":
    gate.main(check)
