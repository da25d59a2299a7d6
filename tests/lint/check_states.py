#!/usr/bin/env python3
"""Gate: docs/booking.md shows the states of a booking as the code has them (check_states.py --table prints it).

The table `steps` of events/booking/store/state.c is the state machine: from which state which cause leads to which, and
the fact that tells it. No other file of events writes a state of a booking but imports and migrations.
"""

import re
import sys

import gate

REPAIR = "put into docs/booking.md what check_states.py --table prints; write states by booking/store/store.h alone"
SOURCE, PAGE = "events/booking/store/state.c", "docs/booking.md"
STEP = re.compile(r'\{BOOKING_(\w+), CAUSE_(\w+), BOOKING_(\w+), "events\.booking\.(\w+)"\}')
WRITES = re.compile(r"UPDATE booking\b(?!_)[^;]*?\bSET\b[^;]*?\bstate\b")
WRITERS = (SOURCE, "events/booking/store/store.c")


def steps(tree):
    for start, cause, end, topic in STEP.findall(tree.text(SOURCE)):
        yield start.lower(), cause.lower(), end.lower(), topic


def table(tree):
    """The rows by state, as the page has them."""
    lines = ["| state | cause | becomes | fact `events.booking.…` |", "|---|---|---|---|"]
    for start, cause, end, topic in steps(tree):
        lines.append(f"| {'none' if start == 'none' else f'`{start}`'} | {cause} | `{end}` | `{topic}` |")
    return "\n".join(lines) + "\n"


def check(tree):
    if SOURCE not in tree.files:
        return
    if not list(steps(tree)):
        yield f"{SOURCE}: the table of states is not where it was"
    if PAGE in tree.files and table(tree) not in tree.text(PAGE):
        yield f"{PAGE}: the table of states is another one: put there what check_states.py --table prints"
    for name in tree.matching(".c", ".h", under=("events",)):
        if name not in WRITERS and WRITES.search(tree.text(name)):
            yield f"{name}: a state of a booking is written here"


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        from pathlib import Path

        print(table(gate.Tree(Path(__file__).resolve().parents[2])), end="")
    else:
        gate.main(check)
