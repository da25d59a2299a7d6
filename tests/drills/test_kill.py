"""kill -9 of each daemon and of PostgreSQL while callers book: it comes back, and nothing acknowledged is lost."""

import pytest
from bookings import PASSING, Load, check_outcome, make_listings
from stack import NAMES
from waiting import wait_until

# Booking needs these; without the others it goes on.
NEEDED = ("events", "gateway", "postgres")


@pytest.fixture(scope="module")
def world():
    """A stack that all drills share, one after the other, with a PostgreSQL of its own."""
    from cluster import Cluster
    from stack import Stack

    with Cluster() as cluster, Stack(cluster) as stack:
        yield stack, [stack.user(f"Caller {number}") for number in range(8)]


def kill(stack, target):
    if target == "postgres":
        stack.cluster.kill()
    else:
        stack[target].kill()


def start_again(stack, target):
    if target == "postgres":
        stack.cluster.start()
        for name in NAMES:
            stack[name].wait_ready()
    else:
        stack[target].start()


def others_live(stack, target):
    return all(stack[name].is_running() for name in NAMES if name != target)


@pytest.mark.parametrize("target", [*NAMES, "postgres"])
def test_nothing_is_lost_when_it_is_killed(world, target):
    stack, callers = world
    listings = make_listings(stack, [1] * 14 + [2] * 4 + [3] * 2)
    with Load(listings, callers, seed=target, days=480) as load:
        load.wait_for(lambda: load.certain() >= 100, "the load to run")
        assert not load.take_errors()
        kill(stack, target)
        before = load.certain()
        if target in NEEDED:
            load.wait_for(lambda: len(load.errors) >= 16, f"callers to notice that {target} is gone")
        else:
            load.wait_for(lambda: load.certain() >= before + 200, f"bookings to go on without {target}")
        assert others_live(stack, target)
        start_again(stack, target)
        errors, back = set(load.take_errors()), load.certain()
        load.wait_for(lambda: load.certain() >= back + 200, f"bookings after {target} came back")
    errors |= set(load.take_errors())
    assert others_live(stack, None)
    allowed = PASSING | ({"no connection"} if target == "gateway" else set())
    assert errors <= (allowed if target in NEEDED else set()), errors
    with stack.database("events") as database:
        assert check_outcome(database, load) == len(load.acknowledged) >= 200
    wait_until(lambda: all(stack[name].is_ready() for name in NAMES), 30, "all to be ready again")
    wait_until(stack.is_connected, 30, "the gateway to reach all daemons again")


def test_all_at_once(world):
    """As when the machine loses power: everything is killed in one go, and started again."""
    stack, callers = world
    listings = make_listings(stack, [1] * 15 + [2] * 5)
    with Load(listings, callers, seed="all", days=480) as load:
        load.wait_for(lambda: load.certain() >= 100, "the load to run")
        for target in ("postgres", *NAMES):
            kill(stack, target)
        load.wait_for(lambda: len(load.errors) >= 16, "callers to notice")
        stack.cluster.start()
        for name in NAMES:
            stack[name].start(wait=False)
        for name in NAMES:
            stack[name].wait_ready()
        back = load.certain()
        load.wait_for(lambda: load.certain() >= back + 200, "bookings after all came back")
    assert set(load.take_errors()) <= PASSING | {"no connection"}
    with stack.database("events") as database:
        assert check_outcome(database, load) == len(load.acknowledged)
