"""What daemons and their commands say: each line one JSON object, with names and types as docs/operating.md lists them.

Elasticsearch and its kind refuse a line that has a name twice, or text under a name that was a number before; so the
types are written down once and every line of every test is held against them.
"""

import json
import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
REQUIRED = ("time", "level", "daemon", "message")
LEVELS = ("debug", "info", "warning", "error")


# What ASan remarks of a process with coroutines' stacks, once; no daemon that runs anywhere is built with it.
REMARK = re.compile(
    r"==\d+==WARNING: ASan is ignoring requested __asan_handle_no_return|False positive error reports may follow$"
    r"|For details see https://github\.com/google/sanitizers/issues/189$"
)


def documented(text):
    """{name: type} of the table of log lines in docs/operating.md."""
    table = text.partition("| in a log line | type |")[2].partition("\n\n")[0]
    types = {}
    for names, kind in re.findall(r"^\| (.+?) \| (text|number) \|", table, re.M):
        types |= dict.fromkeys(re.findall(r"`(\w+)`", names), {"text": str, "number": int}[kind])
    return types


TYPES = documented(DOCUMENT.read_text())


def members(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a name twice: {names}")
    return dict(pairs)


def line_fault(line):
    """What is wrong with a line, or None."""
    try:
        event = json.loads(line, object_pairs_hook=members)
    except ValueError as error:
        return str(error)
    if not isinstance(event, dict):
        return "no object"
    missing = [name for name in REQUIRED if not event.get(name)]
    if missing or event["level"] not in LEVELS:
        return f"not there: {missing}" if missing else f"the level {event['level']}"
    wrong = [name for name, value in event.items() if type(value) is not TYPES.get(name)]
    return f"another type than docs/operating.md has: {wrong}" if wrong else None


def lines(text):
    """Ended by line feeds alone: texts hold what else Python takes for the end of a line."""
    return text.removesuffix("\n").split("\n") if text else []


def faults(text):
    """All that is wrong with a log, as texts."""
    found = ((line_fault(line), line) for line in lines(text) if not REMARK.match(line))
    return [f"a log line: {fault}: {line[:500]}" for fault, line in found if fault]


def events(text, message):
    """The events of a log that have this message."""
    log = [line for line in lines(text) if not REMARK.match(line)]
    return [event for event in map(json.loads, log) if event["message"] == message]
