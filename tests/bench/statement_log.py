"""Reads from PostgreSQL's log which statements a session executed (log_statement = all), with their values."""

import re
from dataclasses import dataclass, field


@dataclass
class Statement:
    """values: SQL literals by "$n"."""

    session: str
    text: str
    values: dict[str, str] = field(default_factory=dict)


def read_statements(log: str) -> list[Statement]:
    """Lines of one entry that do not begin with a time belong to the one before."""
    entries: list[str] = []
    for line in log.splitlines():
        if re.match(r"\d{4}-\d\d-\d\d ", line):
            entries.append(line)
        elif entries:
            entries[-1] += "\n" + line
    found: list[Statement] = []
    for entry in entries:
        session = re.search(r"\[(\d+)\]", entry).group(1)
        statement = re.search(r" LOG:  (?:execute [^:]*|statement): (.*)", entry, re.S)
        values = re.search(r" DETAIL:  parameters: (.*)", entry, re.S)
        if statement:
            found.append(Statement(session, statement.group(1)))
        elif values and found:
            found[-1].values.update(_values(values.group(1)))
    return found


def _values(text: str) -> dict[str, str]:
    """`$1 = 'a', $2 = NULL` as SQL literals by number."""
    return dict(re.findall(r"(\$\d+) = (NULL|'(?:[^']|'')*')", text))


def fill(statement: Statement, replace: dict[str, str]) -> str:
    """The statement on one line, its values in the place of $n: what `replace` has for a value, else the literal."""

    def expression(match):
        literal = statement.values.get(match.group(0), "NULL")
        return replace.get(literal, literal)

    return " ".join(re.sub(r"\$\d+", expression, statement.text).split())
