"""Faults in SQL that stands in string literals of C: a clause that holds for all, locks, order, comparisons, constants.

A statement is several literals beside one another, with macros between them. Its faults are found in the joined text;
each character of that remembers its offset in the file.
"""

import re

from mutation.c_faults import other_number

_LITERALS = re.compile(
    r'"(?:\\.|[^"\\\n])*"(?:(?:\s|\\\n|/\*.*?\*/|\b[A-Z][A-Z_0-9]*\b(?!\())*"(?:\\.|[^"\\\n])*")*', re.S
)
_PIECE = re.compile(r'"((?:\\.|[^"\\\n])*)"|\b([A-Z][A-Z_0-9]*)\b', re.S)
_STATEMENT = re.compile(
    r"\bSELECT\s|\bINSERT INTO\s|\bUPDATE \w+ (\w+ )?SET\s|\bDELETE FROM\s|\bWHERE\s|^\s*(AND|OR|ORDER BY|FROM)\s"
)
_END = re.compile(
    r"\s*(?:\b(?:AND|OR|ORDER BY|GROUP BY|HAVING|RETURNING|LIMIT|OFFSET|FOR|ON|UNION|WHERE|THEN|WHEN|ELSE|END|WINDOW|"
    r"(?:LEFT |CROSS |INNER )?JOIN|SET|FROM|SELECT)\b|,|;|$)"
)
_COMPARISON = re.compile(r"(?<![-<>=!@|&#~:?*+^%])(<=|>=|<>|<|>|=)(?![<>=@|&-])")
_TURNED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "="}
_LOCK = re.compile(r"\s*\bFOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)(?: OF \w+(?:, ?\w+)*)?(?: NOWAIT| SKIP LOCKED)?")
_SWAPS = [
    ("order turned", re.compile(r"\bDESC\b"), "ASC"),
    ("order turned", re.compile(r"\bASC\b"), "DESC"),
    ("null test turned", re.compile(r"\bIS NULL\b"), "IS NOT NULL"),
    ("null test turned", re.compile(r"\bIS NOT NULL\b"), "IS NULL"),
    ("null test turned", re.compile(r"\bIS NOT DISTINCT\b"), "IS DISTINCT"),
    ("null test turned", re.compile(r"\bIS DISTINCT\b"), "IS NOT DISTINCT"),
    ("condition negated", re.compile(r"\bNOT (?=EXISTS|\()"), ""),
    ("condition negated", re.compile(r"(?<!NOT )\bEXISTS \("), "NOT EXISTS ("),
    ("condition negated", re.compile(r"(?<!NOT )\bIN \("), "NOT IN ("),
    ("distinct dropped", re.compile(r"\bSELECT DISTINCT (?!ON)"), "SELECT "),
    ("outer join made inner", re.compile(r"\bLEFT JOIN\b"), "JOIN"),
    ("function changed", re.compile(r"\bgreatest\("), "least("),
    ("function changed", re.compile(r"\bleast\("), "greatest("),
    ("function changed", re.compile(r"\bmin\("), "max("),
    ("function changed", re.compile(r"\bmax\("), "min("),
    ("plus/minus swapped", re.compile(r" \+ "), " - "),
    ("plus/minus swapped", re.compile(r" - "), " + "),
    ("constant changed", re.compile(r"\btrue\b"), "false"),
    ("constant changed", re.compile(r"\bfalse\b"), "true"),
]
_NUMBER = re.compile(r"(?<![\w$.'%])(\d+)(?![\w.'])|(?<=')(\d+)(?= (?:second|minute|hour|day|week|month|year)s?')")


class Statement:
    """text: the joined text. quiet: the same with quoted SQL strings blanked. depth: of parentheses, by character."""

    def __init__(self, source, start, end):
        self.offsets = []
        text = []
        for match in _PIECE.finditer(source, start, end):
            group = 1 if match.group(1) is not None else 2
            text.append(match.group(group))
            self.offsets += range(*match.span(group))
        self.text = "".join(text)
        self.quiet = re.sub(r"'[^']*'", lambda match: "'" + "_" * (len(match.group()) - 2) + "'", self.text)
        self.depth, depth = [], 0
        for character in self.quiet:
            depth -= character == ")"
            self.depth.append(depth)
            depth += character == "("

    def edit(self, start, end, replacement):
        """Edits of the file that replace text[start:end], which may reach over several literals."""
        edits = []
        for at in range(start, end):
            offset = self.offsets[at]
            if edits and edits[-1][1] == offset:
                edits[-1] = (edits[-1][0], offset + 1, edits[-1][2])
            else:
                edits.append((offset, offset + 1, ""))
        if not edits:
            where = self.offsets[start] if start < len(self.offsets) else self.offsets[-1] + 1
            return [(where, where, replacement)]
        edits[0] = (*edits[0][:2], replacement)
        return edits

    def clause_end(self, start):
        """Where the condition that begins at `start` ends: at the next keyword or comma of its depth."""
        level = self.depth[start] if start < len(self.depth) else 0
        between = False
        for at in range(start, len(self.quiet)):
            if self.depth[at] < level:
                return at
            if self.depth[at] > level:
                continue
            between = between or self.quiet.startswith("BETWEEN ", at)
            within_word = at > start and self.quiet[at - 1 : at + 1].isalnum()
            found = None if within_word else _END.match(self.quiet, at)
            if found and not (between and found.group().strip() == "AND"):
                return at
            if found and found.group().strip() == "AND":
                between = False
        return len(self.quiet)

    def is_assignment(self, at):
        """Whether the = there gives a column its value: the last keyword of its depth is SET."""
        level = self.depth[at]
        last = ""
        for match in re.finditer(r"\b(SET|WHERE|FROM|ON|RETURNING|WHEN|SELECT)\b", self.quiet[:at]):
            if self.depth[match.start()] == level:
                last = match.group()
        return last == "SET"


def statements(source):
    """Statements of a C file, comments excluded by looking at literals that are not in one."""
    comments = [
        match.span()
        for match in re.finditer(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', source, re.S)
        if source[match.start()] == "/"
    ]
    for match in _LITERALS.finditer(source):
        if any(start <= match.start() < end for start, end in comments):
            continue
        statement = Statement(source, *match.span())
        if _STATEMENT.search(statement.text):
            yield statement


def _clauses(statement):
    for match in re.finditer(r"\b(AND|WHERE|ON) (?!CONFLICT)", statement.quiet):
        if re.search(r"BETWEEN [^ ]+ $", statement.quiet[: match.start()]):
            continue
        start, end = match.end(), statement.clause_end(match.end())
        if end > start and not re.match(r"true\b|\(?SELECT", statement.quiet[start:end]):
            yield start, "clause dropped", statement.edit(end, end, " OR true)"), statement.edit(start, start, "(")


def _orders(statement):
    for match in re.finditer(r"\bORDER BY ", statement.quiet):
        end = statement.clause_end(match.end())
        if not re.search(r"\b(DESC|ASC)\b", statement.quiet[match.end() : end]):
            yield end, "order turned", statement.edit(end, end, " DESC")


def _comparisons(statement):
    for match in _COMPARISON.finditer(statement.quiet):
        if match.group() != "=" or not statement.is_assignment(match.start()):
            yield match.start(), "comparison turned", statement.edit(*match.span(), _TURNED[match.group()])
    for match in re.finditer(r"(?<=\s)(AND|OR)(?=\s)", statement.quiet):
        if not re.search(r"BETWEEN [^ ]+ $", statement.quiet[: match.start()]):
            other = "OR" if match.group() == "AND" else "AND"
            yield match.start(), "and/or swapped", statement.edit(*match.span(), other)


def _words(statement):
    for match in _LOCK.finditer(statement.quiet):
        yield match.start(), "lock forgotten", statement.edit(*match.span(), "")
    for operator, pattern, other in _SWAPS:
        for match in pattern.finditer(statement.quiet):
            yield match.start(), operator, statement.edit(*match.span(), other)
    for match in _NUMBER.finditer(statement.text):
        group = 1 if match.group(1) else 2
        if not re.search(r"(SELECT|\() $|\bSELECT $|%$", statement.text[: match.start()]):
            yield (
                match.start(),
                "constant changed",
                statement.edit(*match.span(group), other_number(match.group(group))),
            )


def find(source):
    """Yields (offset in the file, operator, edits)."""
    for statement in statements(source):
        for at, operator, *edits in _clauses(statement):
            yield statement.offsets[at], operator, edits[1] + edits[0]
        for make in (_orders, _comparisons, _words):
            for at, operator, edits in make(statement):
                yield statement.offsets[min(at, len(statement.offsets) - 1)], operator, edits
