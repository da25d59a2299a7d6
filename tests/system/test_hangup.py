"""Clients that hang up: what they asked for ends, unless it writes."""

import json
import re
import socket

import pytest
from stack import Stack
from test_events import period
from waiting import wait_until

pytestmark = pytest.mark.asan

CLIENTS = 50


@pytest.fixture(scope="module")
def stack(cluster, templates):
    """Searches may take as long as these tests hold them up."""
    with Stack(cluster, {"events": {"search_timeout": "60s"}}, templates) as running:
        yield running


@pytest.fixture(scope="module")
def hall(stack):
    company, owner = stack.company()
    return stack.listing(company, owner), owner


def gauge(daemon, name):
    match = re.search(rf'^{name}(?:{{worker="0"}})? (\S+)$', daemon.get("/metrics").text, re.MULTILINE)
    return int(match.group(1)) if match else 0


def in_flight(stack):
    """Requests that the gateway and events are at work on."""
    return gauge(stack.gateway, "eventloop_http_in_flight") - 1, gauge(stack["events"], "eventloop_link_in_flight")


def search(number=1):
    return {"jsonrpc": "2.0", "id": number, "method": "events.listing.search", "params": {"limit": 5}}


def booking(hall, owner, first):
    listing, _ = hall
    params = {"listing_id": listing["id"], "period": period(first, first + 1), "idempotency_key": f"hangup-{first}"}
    return {"jsonrpc": "2.0", "id": 2, "method": "events.booking.create", "params": params}


def post(stack, calls, token=None):
    """A connection on which the calls have been sent."""
    body = json.dumps(calls).encode()
    head = f"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    port = int(stack.gateway.base.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(head.encode() + b"\r\n" + body)
    return connection


class Held:
    """Holds up whatever reads or writes the table."""

    def __init__(self, stack, table):
        self.connection = stack.database("events")
        self.table = table

    def __enter__(self):
        self.connection.autocommit = False
        self.connection.execute(f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE")
        return self

    def waiting(self):
        """Statements that wait for the table."""
        sql = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"
        return self.connection.execute(sql, [self.table]).fetchone()[0]

    def __exit__(self, *_):
        self.connection.rollback()
        self.connection.close()


def test_who_hangs_up_ends_the_calls_and_their_statements(stack, hall):
    with Held(stack, "listing_search") as held:
        connections = [post(stack, search()) for _ in range(CLIENTS)]
        wait_until(lambda: in_flight(stack) == (CLIENTS, CLIENTS), what="the calls to be under way")
        wait_until(lambda: held.waiting() == 2, what="as many statements as the lane has connections")
        for connection in connections:
            connection.close()
        wait_until(lambda: in_flight(stack) == (0, 0), what="the calls to end")
        wait_until(lambda: held.waiting() == 0, what="the statements to end")
    assert 'method="events.listing.search",code="cancelled"} 50' in stack["events"].get("/metrics").text
    assert stack.rpc("events.listing.search", {"limit": 5})["items"]


def test_who_only_stops_sending_is_answered(stack, hall):
    with Held(stack, "listing_search") as held:
        connection = post(stack, search())
        wait_until(lambda: held.waiting() == 1)
        connection.shutdown(socket.SHUT_WR)
        # The server makes sure that somebody is there.
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert held.waiting() == 1
    answer = connection.recv(100000)
    assert answer.startswith(b"HTTP/1.1 200 ") and b'"items":[' in answer
    connection.close()


def test_what_writes_runs_to_its_end(stack, hall):
    """Alone, and in a batch with a search, which ends."""
    _, owner = hall
    with Held(stack, "booking") as held:
        alone = post(stack, booking(hall, owner, 10), owner.token)
        with Held(stack, "listing_search") as searches:
            batch = post(stack, [search(), booking(hall, owner, 20)], owner.token)
            wait_until(lambda: in_flight(stack) == (2, 3) and searches.waiting() == 1)
            alone.close()
            batch.close()
            wait_until(lambda: searches.waiting() == 0, what="the search to end")
            wait_until(lambda: in_flight(stack)[1] == 2, what="all but the bookings to end")
        assert held.waiting() > 0
    wait_until(lambda: in_flight(stack) == (0, 0), what="the bookings to end")
    made = owner.rpc("events.booking.list", {"company_id": hall[0]["company_id"]})["items"]
    assert sorted(item["period"]["from"] for item in made) == sorted(period(first, first)["from"] for first in (10, 20))
