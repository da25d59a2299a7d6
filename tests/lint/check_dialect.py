#!/usr/bin/env python3
"""Gate: what C leaves to taste is written one way (docs/coding-style.md, "The dialect").

- A pointer is a condition as it stands: `if (p)`, `!p`. `p != NULL` is written only where a pointer becomes a value
  that is true or false (`return p != NULL;`, an argument, a member).
- A variable without an initial value is declared right above the statement that fills it.
- No blank line inside a function: what wants to be a paragraph is a function.
- The functions of unit tests are named test_<what is true>.
"""

import re

import gate

REPAIR = 'write it as docs/coding-style.md has it under "The dialect"'
IS_NULL = r"== NULL\b|\bNULL =="
CONDITION = r"!= NULL\)?\s*(?:&&|\|\||\?)|\b(?:if|while) \((?:[^;{}()]|\([^;{}()]*\))*!= NULL\)\n|; [^;()]*!= NULL;"
TYPE = r"(?:const )?(?:(?:struct|enum|union) \w+|unsigned(?: \w+)?|int|char|bool|double|long|float|[a-z]\w*_t)"
DECLARATION = re.compile(rf"^(\t+){TYPE} (\**\w+(?:\[[^;]*\])*(?:, \**\w+(?:\[[^;]*\])*)*);$")
LABEL = re.compile(r"^\t*(?:case .*|default|\w+):$")
TEST = re.compile(r"^static void (\w+)\(void \*\*", re.M)


def depth(line):
    return len(line) - len(line.lstrip("\t"))


def begins(line, level):
    """True when a statement of this level begins here: no continuation, closing brace, else or label of a switch."""
    return depth(line) == level and not re.match(r"[ }]|$|(?:else|case|default)\b", line[level:])


def next_statements(lines, after, level):
    """The statements of a block that follow a line, each as (its first line, its text)."""
    at = after
    while at < len(lines) and depth(lines[at]) >= level:
        end = at + 1
        while end < len(lines) and depth(lines[end]) >= level and not begins(lines[end], level):
            end += 1
        yield at, "\n".join(lines[at:end])
        at = end


def names_of(declared):
    while "[" in declared:
        declared = re.sub(r"\[[^\[\]]*\]", "", declared)
    return re.findall(r"\w+", declared)


def declared_too_early(lines, number):
    """The line of the first use when statements stand between it and the declaration on line `number`; else None."""
    match = DECLARATION.match(lines[number])
    if not match:
        return None
    used = re.compile(rf"\b(?:{'|'.join(names_of(match[2]))})\b")
    between = False
    for first, text in next_statements(lines, number + 1, len(match[1])):
        if used.search(text):
            return first if between and not LABEL.match(lines[first - 1]) else None
        between = between or bool(text.strip()) and not DECLARATION.match(text)
    return None


def check_functions(name, lines, written):
    """`lines` without comments and literals, `written` with them."""
    inside = False
    for number, line in enumerate(lines):
        inside = line == "{" or (inside and not line.startswith("}"))
        if inside and not written[number].strip():
            yield f"{name}:{number + 1}: a blank line inside a function: remove it, or make the part a function"
        first = declared_too_early(lines, number) if inside else None
        if first is not None:
            declaration = line.strip()
            yield f"{name}:{number + 1}: `{declaration}` belongs right above its first use on line {first + 1}"


def check(tree):
    found = []
    for name in tree.c_files():
        code = tree.code(name)
        found += gate.matches(tree, [name], IS_NULL, "compares with NULL: write `!pointer`")
        found += gate.matches(tree, [name], CONDITION, "a pointer is a condition as it stands: drop `!= NULL`")
        found += check_functions(name, code.splitlines(), tree.text(name).splitlines())
        if name.startswith("tests/unit/"):
            for match in TEST.finditer(code):
                if not match[1].startswith("test_"):
                    line = gate.line_of(code, match.start())
                    found.append(f"{name}:{line}: the test {match[1]} is to be named test_{match[1]}")
    return found


if __name__ == "__main__":
    gate.main(check)
