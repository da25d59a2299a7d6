"""Generated histories of bookings against real daemons, each replayed through a plain model of what booking means.

    tests/campaign/bookings --histories 300 --seed 1 [--crashes] [--resume FILE] [--first-fault]

A history is 40 calls by 4 callers at once on at most five listings of its own (play.py, stories.py). What was answered
is held against the model (replay.py) and against the tables (tables.py). Faults are printed as they are found; the last
line reads "N histories, M faults". The exit status is 0 when there is none and, of 300 histories and more, when they
have reached enough (coverage.py). EVENTLOOP_PRESET says which build is run: release, where it says nothing.
"""

import argparse
import contextlib
import json
import random
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import coverage
from people import SHORTEST, Cast
from cluster import Cluster
from judge import judge
from outages import outage_of
from play import Play, utc_now
from stack import Stack

SETTLES = timedelta(seconds=3)  # after a history, until it is looked at
SETTINGS = {"events": {"booking_shortest": f"{SHORTEST.seconds}s"}}


def arguments(line):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crashes", action="store_true", help="every 20th kills a daemon, every 100th PostgreSQL")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="goes on behind the histories that the file holds")
    parser.add_argument("--first-fault", action="store_true", help="ends with the first history that has a fault")
    return parser.parse_args(line)


class Tally:
    """What histories came to; with a file it is known the next time."""

    def __init__(self, path, seed):
        self.path, self.seed = path, seed
        self.done, self.faults, self.reached = set(), 0, Counter()
        self.broken = set()  # what answers broke of their descriptions, told once
        for line in path.read_text().splitlines() if path and path.exists() else ():
            self.count(json.loads(line))

    def count(self, row):
        if row["seed"] == self.seed:
            self.done.add(row["history"])
            self.faults += row["faults"]
            self.reached.update(row["reached"])

    def add(self, number, faults, reached):
        row = {"seed": self.seed, "history": number, "faults": len(faults), "reached": reached}
        self.count(row)
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps(row) + "\n")


def tell(history, faults):
    after = f" (after {history.crash} was killed)" if history.crash else ""
    for words in faults:
        print(f"history {history.number}{after}: {words}", flush=True)


def run_all(stack, options, tally):
    """Plays and judges what is not done yet. Each history is judged a little later, when time has ended its holds."""
    cast, pending = Cast(stack), []
    for number in range(1, options.histories + 1):
        if number in tally.done:
            continue
        chance = random.Random(f"{options.seed} outage {number}")
        outage = outage_of(stack, number, chance) if options.crashes else None
        pending.append(Play(cast, number, options.seed, outage).run())
        while pending and pending[0].ended + SETTLES < utc_now() and not enough(options, tally):
            settle(stack, pending.pop(0), tally)
        if enough(options, tally):
            return
    while pending and not enough(options, tally):
        settle(stack, pending.pop(0), tally)


def enough(options, tally):
    return options.first_fault and tally.faults > 0


def settle(stack, history, tally):
    with stack.database("events") as database:
        faults, reached = judge(database, history)
    faults += sorted(history.broken - tally.broken)
    tally.broken |= history.broken
    tell(history, faults)
    tally.add(history.number, faults, reached)


def report(tally):
    """Prints what was reached; whether it is enough."""
    histories = len(tally.done)
    for name, count in sorted(tally.reached.items()):
        print(f"  {name}: {count}")
    lacking = coverage.missing(tally.reached, histories)
    for words in lacking:
        print(f"too little of {words}")
    print(f"{histories} histories, {tally.faults} faults")
    return not tally.faults and not lacking


def main(line):
    options = arguments(line)
    tally = Tally(options.resume, options.seed)
    with Cluster() as cluster:
        # Killed daemons leave lines that only a reader of logs minds.
        stack = Stack(cluster, SETTINGS)
        try:
            with stack, contextlib.suppress(KeyboardInterrupt):
                run_all(stack, options, tally)
        except AssertionError as error:  # the stack looks at what search has when it closes
            print(f"at the end: {error}", flush=True)
            tally.faults += 1
    return 0 if report(tally) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
