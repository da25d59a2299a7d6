"""Searches as large as they come, more than can be served: they hold up nobody else, and end when nobody waits.

The attacker calls from an address that `limit_exempt` spares: it is the lane that is drilled, and no bucket.
"""

import re
import socket
from collections import Counter
from urllib.parse import urlsplit

from flood import Flood, batch
from neighbours import MemoryWatch, Neighbours
from waiting import wait_until

SECONDS = 6
AT_ONCE = 8
CLIENTS = 50
EVENTS_MIB = 64
EXEMPT = "127.0.0.1"
TEXT = "bright hall weddings concerts"  # in the words of all listings


def searches():
    """Some 17 KB: searches that match everything, each by another shape of the same text."""
    params = lambda number: {"text": f"{TEXT} {'hall ' * (number % 4)}".strip(), "sort": "relevance", "limit": 20}
    return batch("events.listing.search", params)


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
        flood = Flood(stack.gateway.base, [("search", searches(), None)], AT_ONCE, EXEMPT)
        with MemoryWatch(stack) as memory, flood:
            hit = others.measure(SECONDS)
            most = searching(stack)
    outcomes = Counter({"result": flood.results["search"]})
    for (_, word, _), count in flood.errors.items():
        outcomes[word] += count
    print(f"  the attacker: {dict(outcomes)}")
    others.check(quiet, hit)
    assert not flood.failed and not flood.failures, (flood.failed, flood.failures)
    # What the lane has room for is served, the rest is told at once; nothing else happens.
    assert outcomes["result"] > 0 and outcomes["overloaded"] > 0
    assert set(outcomes) <= {"result", "overloaded", "deadline_exceeded"}
    assert most <= 2
    assert memory.peak("events") < EVENTS_MIB and memory.peak("gateway") < 256


def test_clients_that_hang_up_leave_nothing_behind(crowded):
    stack = crowded.stack
    door = urlsplit(stack.gateway.base)
    body = searches()
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
