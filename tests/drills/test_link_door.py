"""Strangers at the ports of the link: they hold what they can get, and nobody notices."""

import socket
import time
from collections import deque

from callers import Callers
from link import Link
from neighbours import MemoryWatch, Neighbours
from stack import PASSWORD

STRANGER = "127.0.0.2"
BEHIND = ("passport", "events", "rating", "images")
SOCKETS = 256  # at each daemon, as many as there used to be in all
LOGINS = 130
OPENED = 4000  # at most, in the whole attack
PAUSE = 0.002  # between two of them
MEMORY_MIB = 256  # of each daemon


class Strangers(Callers):
    """Sockets at all links that say nothing, half a line or a wrong proof, opened anew as they are closed."""

    SAID = (b"", b"link/1 prove gateway", b"link/1 prove gateway " + b"A" * 43 + b" " + b"A" * 43 + b"\n", b"x" * 400)

    def __init__(self, stack):
        self.ports = [stack.ports[name][1] for name in BEHIND]
        self.held, self.opened = deque(), 0
        super().__init__([self._open], PAUSE)

    def __exit__(self, *problem):
        super().__exit__(*problem)
        for connection in self.held:
            connection.close()

    def _open(self, number):
        if number >= OPENED:
            self.over.wait(60)
            return
        port = self.ports[number % len(self.ports)]
        self.held.append(socket.create_connection(("127.0.0.1", port), 10, (STRANGER, 0)))
        self.opened = number + 1
        self.held[-1].sendall(self.SAID[number // len(self.ports) % len(self.SAID)])
        if len(self.held) > SOCKETS * len(self.ports):
            self.held.popleft().close()


def logins(stack):
    """What a stranger is answered who logs in from ever new addresses."""
    wrong = {"email": "nobody@test.example", "password": PASSWORD}
    answers = []
    for number in range(LOGINS):
        with Link(stack.ports["passport"][1], STRANGER) as link:
            answers.append(link.call("passport.auth.login", wrong, peer=f"203.0.{number}.9"))
    return answers


def test_strangers_at_the_link_disturb_nobody(crowded):
    stack = crowded.stack
    with Neighbours(stack, crowded.listings) as others:
        quiet = others.measure(2)
        with MemoryWatch(stack) as memory, Strangers(stack) as strangers:
            others.begin(6)
            until = time.monotonic() + 5
            answers = logins(stack)
            taken = []
            while time.monotonic() < until:
                for name in BEHIND:
                    since = time.monotonic()
                    with Link(stack.ports[name][1]) as link:
                        assert link.prove("gateway", stack.link_secret), f"{name} keeps a daemon out"
                        assert link.call("rpc.discover", {})["result"]
                    taken.append(time.monotonic() - since)
            hit = others.finish()
    print(f"\n  {strangers.opened} strangers; a daemon came in {len(taken)} times, within {max(taken) * 1000:.0f} ms")
    assert answers == [None] * LOGINS
    assert strangers.opened > SOCKETS and not strangers.failures, strangers.failures
    others.check(quiet, hit)
    for name in stack.names:
        assert memory.peak(name) < MEMORY_MIB, name
