"""How the gateway learns which methods there are, while not every daemon is there."""

import re
import time

from waiting import wait_until


def discoveries(daemon) -> int:
    """How often the daemon was asked for its document."""
    lines = re.findall(
        r'^eventloop_rpc_requests_total\{method="rpc\.discover".*\} (\d+)$', daemon.get("/metrics").text, re.M
    )
    return sum(map(int, lines))


def test_a_missing_daemon_does_not_have_the_others_asked_again(fresh_stack):
    fresh_stack["images"].stop()
    fresh_stack["gateway"].restart()
    wait_until(lambda: fresh_stack.rpc("events.type.list", {}) is not None, what="events to be known")
    assert fresh_stack.error("images.image.list", {"subject": "x"}).word in ("unavailable", "method_not_found")
    before = discoveries(fresh_stack["passport"])
    time.sleep(1)  # ten times as long as it takes the gateway to ask a missing daemon again
    assert discoveries(fresh_stack["passport"]) == before >= 1
    fresh_stack["images"].start()
    fresh_stack.document()
