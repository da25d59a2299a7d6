"""kill -9 of a daemon or of PostgreSQL in the middle of a round, and its restart.

`with Outage(stack, "events", after): ...` kills `after` seconds later, while calls are under way.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from waiting import wait_until

EVERY_DAEMON, EVERY_DATABASE = 20, 100
DAEMONS = ("events", "events", "events", "gateway", "passport")
# A process that a test starts dies with the thread that started it, so this one stays.
starter = ThreadPoolExecutor(1)


def outage_of(stack, number, chance):
    """What a history of that number kills, or None."""
    after = chance.random() * 0.012
    if number % EVERY_DATABASE == 0:
        return Outage(stack, "postgres", after)
    return Outage(stack, chance.choice(DAEMONS), after) if number % EVERY_DAEMON == 0 else None


class Outage:
    def __init__(self, stack, name, after):
        self.stack, self.name, self.after = stack, name, after

    def __enter__(self):
        self.strike = starter.submit(self._strike)

    def __exit__(self, *_):
        self.strike.result(120)
        wait_until(self._works, 60, f"all to work again after {self.name} was killed")

    def _strike(self):
        time.sleep(self.after)
        victim = self.stack.cluster if self.name == "postgres" else self.stack[self.name]
        victim.kill()
        victim.start()

    def _works(self):
        """Every daemon answers, and so does its database."""
        self.stack.rpc("events.type.list")
        self.stack.rpc("events.listing.search", {"limit": 1})  # a lane has connections of its own
        self.stack.admin().rpc("passport.session.list")
        return self.stack.is_connected()
