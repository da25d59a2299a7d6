"""Faults in C: comparisons, conditions, checks, constants, arithmetic, and calls whose result nobody uses.

find(code, functions) yields (offset of the fault, operator, edits). code is the text with comments and the insides of
literals blanked (gate.blank_c), so that offsets are those of the file.
"""

import re

COMPARISON = re.compile(r"(?<=\s)(<=|>=|==|!=|<|>)(?=\s)")
TURNED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGICAL = re.compile(r"&&|\|\|")
ARITHMETIC = re.compile(r"(?<=[\w)\]] )[+-](?= [\w(*&])")
NUMBER = re.compile(r"(?<![\w.\"'])(\d+)(?=[uUlL]*\b)(?![\w.]*[xX.])")
DEFINED = re.compile(r"^#define[ \t]+(\w+)[ \t]+(.*)$", re.M)
# What 0 and 1 are left alone behind: tests for nothing, empty structs, results, choices.
NO_NUMBER = re.compile(r"([=!]= |= \{|return -?|[?:] -?|[(,=] -)$")
ARRAY_SIZE = re.compile(r"^\s*(?!return )(?:\w+ )+\*?\w+\[[^]=]*$")
TRUTH = re.compile(r"\b(true|false)\b")
CONDITION = re.compile(r"\bif (?=\()")
CALL = re.compile(r"(?m)^\t+((?:\(void\))?\(?([a-z_]\w*)\()")
LIMIT = re.compile(r"MAX|LIMIT|MOST")
LEAVES = re.compile(r"\s*\{?\s*(return|goto|break|continue)\b")

# What only gives back memory, a file or a lock: the leak checker and TSan see those. And what only logs.
NO_CALL = re.compile(
    r"^(log_|pthread_|free$|fatal|static_assert|_Static_assert|va_)|"
    r"(_free|_put|_close|_unref|_defer|_release|_destroy|_clear_free|^arena_done$|^close|^destroy|^put|^munmap|_cleanup)$"
)
ALLOCATION = re.compile(r"\b(\w+) = [^;]*\b(malloc|calloc|realloc|strdup|strndup|json_object_new_\w+)\(")
END_OF_PROCESS = re.compile(r"\s*\{?\s*(fatal|abort)\(")


def closing(code, opening):
    """The offset of the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return len(code)


def other_number(digits, is_limit=False):
    """A wrong constant: near for small numbers and for limits, far off for others."""
    number = int(digits)
    return str(number + 1 if number < 10 or is_limit else number * 2)


def _excluded(code, begin, end):
    """Ranges of a function without faults: log lines, fault points, and conditions that end the process."""
    ranges = []
    for match in re.finditer(r"\b(log_\w+|FAULT|fatal|static_assert|_Static_assert)\(", code[begin:end]):
        opening = begin + match.end() - 1
        ranges.append((begin + match.start(), closing(code, opening)))
    for match in CONDITION.finditer(code, begin, end):
        close = closing(code, match.end())
        if END_OF_PROCESS.match(code, close + 1):
            ranges.append((match.start(), close))
    return ranges


def _conditions(code, begin, end):
    for match in CONDITION.finditer(code, begin, end):
        opening, close = match.end(), closing(code, match.end())
        before = code[max(begin, code.rfind("\n", 0, max(0, match.start() - 60))) : match.start()]
        made = ALLOCATION.search(before)
        if made and code[opening + 1 : close] == "!" + made.group(1):
            continue  # memory that ran out
        yield match.start(), "condition negated", [(opening, opening, "(!"), (close, close, ")")]
        if LEAVES.match(code, close + 1):
            yield match.start(), "check skipped", [(opening, opening, "("), (close, close, ") && 0")]


def _smaller_or_greater(code, begin, end):
    """Where the comparison of `a < b ? a : b` stands: <= gives the same."""
    found = re.finditer(r"(?<!\S)\(*([^\s(][^=?;{}]*?) ([<>]=?) ([^=?;{}]*?) \? (?:\1 : \3|\3 : \1)\b", code[begin:end])
    return {begin + match.start(2) for match in found}


def _tokens(code, begin, end):
    same = _smaller_or_greater(code, begin, end)
    for match in COMPARISON.finditer(code, begin, end):
        if match.start() in same:
            continue
        yield match.start(), "comparison turned", [(*match.span(), TURNED[match.group()])]
    for match in LOGICAL.finditer(code, begin, end):
        yield match.start(), "and/or swapped", [(*match.span(), "||" if match.group() == "&&" else "&&")]
    for match in ARITHMETIC.finditer(code, begin, end):
        yield match.start(), "plus/minus swapped", [(*match.span(), "-" if match.group() == "+" else "+")]
    for match in TRUTH.finditer(code, begin, end):
        yield match.start(), "constant changed", [(*match.span(), "false" if match.group() == "true" else "true")]
    for match in re.finditer(r"(?<=\S) \?(?=\s)", code[begin:end]):
        at = begin + match.start()
        yield at, "choice fixed", [(at, at, " && 0")]
        yield at, "choice fixed", [(at, at, " || 1")]


def _numbers(code, begin, end):
    for match in NUMBER.finditer(code, begin, end):
        before = code[max(0, match.start() - 12) : match.start()]
        if NO_NUMBER.search(before) and int(match.group(1)) < 2:
            continue
        if ARRAY_SIZE.search(code[code.rfind("\n", 0, match.start()) + 1 : match.start()]):
            continue
        yield match.start(), "constant changed", [(*match.span(), other_number(match.group(1)))]


def _calls(code, begin, end):
    for match in CALL.finditer(code, begin, end):
        name, start = match.group(2), match.start(1)
        close = closing(code, match.end(1) - 1)
        previous = code[:start].rstrip()[-1:]
        alone = code[close + 1 : close + 2] == ";" and (previous in ";{})" or code[:start].rstrip().endswith("else"))
        if alone and name not in ("if", "for", "while", "switch", "return", "sizeof") and not NO_CALL.search(name):
            yield start, "call removed", [(start, close + 1, "")]


def _first_loop_bound(code, begin, end):
    """A loop over an array that goes one too far is undefined, and seen by ASan only: it ends one too soon instead."""
    for match in re.finditer(r"\bfor (?=\()", code[begin:end]):
        opening = begin + match.end()
        header = code[opening : closing(code, opening)]
        bound = re.search(r";\s*(\w+) (<) ", header)
        if bound:
            yield opening + bound.start(2), "limit off by one", [(opening + bound.end(1),) * 2 + (" + 1",)]


def _in_for(code, begin, end):
    for match in re.finditer(r"\bfor (?=\()", code[begin:end]):
        opening = begin + match.end()
        yield opening, closing(code, opening)


def _in_function(code, begin, end):
    excluded, loops = _excluded(code, begin, end), list(_in_for(code, begin, end))
    yield from _first_loop_bound(code, begin, end)
    for faults, ranges in (
        ((_conditions, _calls), excluded),
        ((_tokens, _numbers), excluded + loops),
    ):
        for make in faults:
            for at, operator, edits in make(code, begin, end):
                if not any(first <= at <= last for first, last in ranges):
                    yield at, operator, edits


def _in_macros(code):
    for match in DEFINED.finditer(code):
        for number in NUMBER.finditer(code, match.start(2), match.end(2)):
            other = other_number(number.group(1), bool(LIMIT.search(match.group(1))))
            yield number.start(), "constant changed", [(*number.span(), other)]


def find(code, functions):
    """functions: [(begin, end)], offsets of the bodies."""
    yield from _in_macros(code)
    for begin, end in functions:
        yield from _in_function(code, begin, end)
