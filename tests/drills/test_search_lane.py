"""Searches as large as they come, more than can be served: they hold up nobody else, and end when nobody waits.

The attacker calls from an address that `limit_exempt` spares: it is the lane that is drilled, and no purse.
"""

import http.client
import json
import re
import socket
import threading
from collections import Counter
from urllib.parse import urlsplit

from neighbours import MemoryWatch, Neighbours
from waiting import wait_until

SECONDS = 6
AT_ONCE = 8
CALLS = 100
CLIENTS = 50
EVENTS_MIB = 64
TEXT = "bright hall weddings concerts"  # in the words of all listings


def batch():
    """Some 17 KB: searches that match everything, each by another shape of the same text."""
    calls = [
        {
            "jsonrpc": "2.0",
            "id": number,
            "method": "events.listing.search",
            "params": {"text": f"{TEXT} {'hall ' * (number % 4)}".strip(), "sort": "relevance", "limit": 20},
        }
        for number in range(CALLS)
    ]
    return json.dumps(calls).encode()


class Searches:
    """`with Searches(base)`: AT_ONCE connections that send the batch over and over. outcomes: {"result" or word: how
    many}; failed: what no call was to meet."""

    def __init__(self, base):
        self.door = urlsplit(base)
        self.body = batch()
        self.over = threading.Event()
        self.outcomes, self.failed = Counter(), Counter()
        self.threads = [threading.Thread(target=self._send) for _ in range(AT_ONCE)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def _send(self):
        connection = http.client.HTTPConnection(self.door.hostname, self.door.port, timeout=60)
        while not self.over.is_set():
            try:
                connection.request("POST", "/rpc", self.body, {"Content-Type": "application/json"})
                answers = json.loads(connection.getresponse().read())
            except (http.client.HTTPException, OSError) as error:
                self.failed[repr(error)] += 1
                connection.close()
                continue
            self.outcomes.update(
                answer["error"]["data"]["code"] if "error" in answer else "result" for answer in answers
            )
        connection.close()


def gauge(daemon, name):
    match = re.search(rf'^{name}{{worker="0"}} (\S+)$', daemon.get("/metrics").text, re.MULTILINE)
    return int(match.group(1))


def searching(stack):
    """Statements of searches that PostgreSQL is at work on."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
        "AND query LIKE '%websearch_to_tsquery%' AND pid <> pg_backend_pid()"
    )
    with stack.database("events") as database:
        return database.execute(sql).fetchone()[0]


def test_searches_hold_up_nobody_who_reads_a_few_rows(crowded):
    stack = crowded.stack
    with Neighbours(stack, crowded.listings) as others:
        quiet = others.measure(2)
        with MemoryWatch(stack) as memory, Searches(stack.gateway.base) as attack:
            hit = others.measure(SECONDS)
            most = searching(stack)
    print(f"  the attacker: {dict(attack.outcomes)}")
    others.check(quiet, hit)
    assert not attack.failed, attack.failed
    # What the lane has room for is served, the rest is told at once; nothing else happens.
    assert attack.outcomes["result"] > 0 and attack.outcomes["overloaded"] > 0
    assert set(attack.outcomes) <= {"result", "overloaded", "deadline_exceeded"}
    assert most <= 2
    assert memory.peak("events") < EVENTS_MIB and memory.peak("gateway") < 256


def test_clients_that_hang_up_leave_nothing_behind(crowded):
    stack = crowded.stack
    door = urlsplit(stack.gateway.base)
    body = batch()
    head = f"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connections = [socket.create_connection((door.hostname, door.port), timeout=30) for _ in range(CLIENTS)]
    for connection in connections:
        connection.sendall(head.encode() + body)
    wait_until(lambda: gauge(stack["events"], "eventloop_link_in_flight") > 0, what="the searches to be under way")
    for connection in connections:
        connection.close()
    wait_until(lambda: gauge(stack["events"], "eventloop_link_in_flight") == 0, what="the calls to end")
    # The one that asks is one.
    wait_until(lambda: gauge(stack.gateway, "eventloop_http_in_flight") == 1, what="the requests to end")
    wait_until(lambda: searching(stack) == 0, what="the statements to end")
    series = r'eventloop_rpc_requests_total{method="events.listing.search",code="cancelled"} [1-9]'
    assert re.search(series, stack["events"].get("/metrics").text)
