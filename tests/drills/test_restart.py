"""A daemon that is restarted in order, as with every new version, costs its callers a short wait and nothing else."""

import time
from functools import partial

import pytest
from bookings import Load, check_outcome, make_listings
from callers import Callers

WAITED_FOR = 1.0  # seconds that a call waits for a daemon that has just gone
ATTEMPTS = 5  # a busy machine may need more time than that to start a program


class Refreshing(Callers):
    """Users who refresh their sessions, one refresh after the other."""

    def __init__(self, users):
        self.done = 0
        super().__init__([partial(self._refresh, user) for user in users], pause=0.002)

    def _refresh(self, user, _):
        tokens = user.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
        user.refresh_token = tokens["refresh_token"]
        self.done += 1

    def certain(self):
        return self.done

    def take_errors(self):
        taken, self.failures = self.failures, []
        return taken

    def wait_for(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, f"waited for {what}; {self.failures[-5:]}"
            time.sleep(0.01)


def restart_unnoticed(daemon, load):
    """Restarts the daemon under load until that was quick enough to say something, and says it."""
    for _ in range(ATTEMPTS):
        before = load.certain()
        load.wait_for(lambda: load.certain() >= before + 100, "the load to run")  # noqa: B023 -- asked at once
        load.take_errors()
        since = time.monotonic()
        daemon.restart()
        took, back = time.monotonic() - since, load.certain()
        load.wait_for(lambda: load.certain() >= back + 100, "the load to go on")  # noqa: B023 -- asked at once
        if took < WAITED_FOR / 2:  # the other half for connecting anew
            assert load.take_errors() == []
            print(f"{daemon.name} restarted in {took * 1000:.0f} ms")
            return
    pytest.fail(f"{daemon.name} was never restarted within {WAITED_FOR / 2} s")


def test_bookings_wait_for_events(drill_stack):
    stack = drill_stack
    listings = make_listings(stack, [1] * 15 + [2] * 5)
    with Load(listings, [stack.user() for _ in range(8)], seed="restart", days=480) as load:
        restart_unnoticed(stack["events"], load)
    with stack.database("events") as database:
        assert check_outcome(database, load) == len(load.acknowledged) >= 100


def test_sessions_wait_for_passport(drill_stack):
    with Refreshing([drill_stack.user() for _ in range(8)]) as load:
        restart_unnoticed(drill_stack["passport"], load)
