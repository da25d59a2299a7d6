"""The campaign sees what it is there for: with one fault point of events switched on it finds a fault."""

import os
import subprocess
from pathlib import Path

import pytest

BOOKINGS = Path(__file__).resolve().parent / "bookings"
# What the daemon does wrong then: it takes no lock; keeps expired holds; rounds another way; counts refunds from the
# present beginning; approves without looking for units; takes no time of what shares walls, or does not lock it;
# confirms a group before all its owners have agreed; ends one of a group alone; books some of a series that was
# wanted as a whole; sets rules aside that no manager named; lets anybody book on behalf of others.
POINTS = (
    "booking.lock",
    "hold.expiry",
    "price.round",
    "refund.base",
    "approve.check",
    "walls.rows",
    "walls.lock",
    "group.ready",
    "group.end",
    "series.all",
    "desk.rules",
    "desk.right",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_fault_is_found_within_300_histories(point):
    line = [BOOKINGS, "--histories", "300", "--seed", "1", "--first-fault"]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "EVENTLOOP_FAULTS": point})
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 1 and " histories, " in last and not last.endswith(" 0 faults"), done.stdout + done.stderr
    print("\n".join(line for line in done.stdout.splitlines() if line.startswith("history "))[:600])
