#!/usr/bin/env python3
"""Gate: only functions marked MAY_SUSPEND suspend.

A public function (one that is not static) whose body calls a function marked MAY_SUSPEND, by itself or through static
functions of its file, must carry the mark in its header. Free of it are those that are only ever entered as a
coroutine or from one, through a pointer: names in a table of handlers or passed as a value (a handler of a method, of a
route, of a fact, of a command), and main. Calls through pointers are not followed: what is behind a pointer says in its
type's comment whether it may suspend.
"""

import re

import gate

REPAIR = "write MAY_SUSPEND behind the declaration in the header, and look at who calls it"
MARK = re.compile(
    r"\b(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*(?:MUST_CHECK\s+|PRINTF\([^)]*\)\s*|NORETURN\s+)*MAY_SUSPEND\b"
)
CALLED = re.compile(r"(?<![\w.>])(\w+)\s*\(")


def marked(tree):
    names = set()
    for name in tree.c_files():
        names.update(match.group(1) for match in MARK.finditer(without_directives(tree.code(name))))
    return names


def without_directives(code):
    return re.sub(r"^#(?:\\\n|[^\n])*", "", code, flags=re.MULTILINE)


def used_as_value(tree, candidates):
    """Candidates that stand somewhere as a value: `{"name", booking_get}`, `.start = events_start`, `f(co_main, x)`."""
    found = set()
    for name in tree.c_files():
        words = re.findall(r"(?<=[{,(=&])\s*&?(\w+)\s*(?=[,})])", tree.code(name))
        found.update(word for word in words if word in candidates)
    return found


def suspending(functions, bodies, marks):
    """Functions of one file that suspend, by name: the called name through which they do."""
    through = {}
    changed = True
    while changed:
        changed = False
        for function in functions:
            if function.name in through:
                continue
            for called in CALLED.findall(bodies[function.name]):
                if called in marks or (called in through and called != function.name):
                    through[function.name] = called
                    changed = True
                    break
    return through


def check(tree):
    marks = marked(tree)
    by_file = {}
    for function in tree.functions:
        if function.path.split("/")[0] in gate.SOURCE_FOLDERS and function.path.endswith(".c"):
            by_file.setdefault(function.path, []).append(function)
    suspects = []
    for functions in by_file.values():
        bodies = {function.name: tree.body(function) for function in functions}
        statics = {function.name for function in functions if function.is_static}
        through = suspending(functions, bodies, marks)
        for function in functions:
            if function.name in through and function.name not in marks and not function.is_static:
                suspects.append((function, through[function.name], statics))
    entered = used_as_value(tree, {function.name for function, _, _ in suspects}) | {"main"}
    return [
        f"{function.path}:{function.first}: {function.name} may suspend (it calls {called}) and does not say so"
        for function, called, _ in suspects
        if function.name not in entered
    ]


if __name__ == "__main__":
    gate.main(check)
