"""What a bug would let through the database refuses: with the search for units switched off, its constraint is left."""

import pytest
from bookings import at_once, midnight, sort_out
from cluster import Cluster
from past_bookings import text
from stack import Stack


@pytest.fixture
def careless(monkeypatch):
    """Daemons that take unit 1 without looking whether it is free."""
    monkeypatch.setenv("EVENTLOOP_FAULTS", "booking.units")
    with Cluster() as cluster, Stack(cluster) as running:
        yield running


def test_the_constraint_refuses_what_the_code_lets_through(careless):
    listing = careless.listing(*careless.company(), units=3)["id"]
    period = {"from": text(midnight(10)), "to": text(midnight(11))}
    guests = [careless.user() for _ in range(4)]
    ask = lambda n: guests[n].rpc("events.booking.create", {"listing_id": listing, "period": period})
    made, refusals = sort_out(at_once(4, ask))
    assert len(made) == 1
    assert [(error.word, error.reason) for error in refusals] == [("conflict", "booked")] * 3
    with careless.database("events") as database:
        taken = database.execute("SELECT unit FROM booking_unit WHERE listing_id = %s", [listing]).fetchall()
    assert taken == [(1,)]
