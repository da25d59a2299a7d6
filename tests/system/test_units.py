"""Interchangeable units: what fits by counting fits, others make room, and what has passed costs nothing."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from bookings import busiest, moment
from rpc import RpcError

HOUR = timedelta(hours=1)
UNITS = 3
# A day ahead: this file is read when the run begins, and its tests may come an hour later.
START = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)


def book(guest, listing, first, last, units=1):
    """From one hour after START to another; the booking or None."""
    period = {"from": moment(START + first * HOUR), "to": moment(START + last * HOUR)}
    try:
        return guest.rpc("events.booking.create", {"listing_id": listing["id"], "period": period, "units": units})
    except RpcError as error:
        assert (error.word, error.reason) == ("conflict", "booked")
        return None


def units_of(database, listing):
    """{booking: its units} as the table has them."""
    rows = database.execute(
        "SELECT booking_id::text, array_agg(unit ORDER BY unit) FROM booking_unit WHERE listing_id = %s GROUP BY 1",
        (listing["id"],),
    )
    return dict(rows.fetchall())


def begin(database, booking):
    """Makes a booking one that began four hours ago."""
    for table, key in (("booking_unit", "booking_id"), ("booking", "id")):
        database.execute(
            f"UPDATE {table} SET period = tstzrange(now() - interval '4 hours', upper(period)) WHERE {key} = %s",
            (booking["id"],),
        )
    database.commit()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_request_fits_when_no_instant_has_more_than_there_are(stack, owner, guest, seed):
    """Some are under way: they began hours before anything that is asked for, and keep the unit that they have."""
    rng, hall, kept, moved, refused = random.Random(seed), stack.listing(*owner, units=UNITS), {}, 0, 0
    with stack.database("events") as database:
        for length in (4, 6):
            booking = book(guest, hall, 0, length)
            begin(database, booking)
            kept[booking["id"]] = (-9, length, 1)
        under_way = dict(units_of(database, hall))
        for _ in range(150):
            first, many = rng.randrange(36), rng.choice([1, 1, 1, 2])
            last = first + rng.randrange(1, 9)
            before = units_of(database, hall)
            booking = book(guest, hall, first, last, many)
            assert (booking is not None) == (busiest(kept.values(), first, last) + many <= UNITS)
            refused += booking is None
            if booking:
                kept[booking["id"]] = (first, last, many)
                after = units_of(database, hall)
                moved += any(after[one] != before[one] for one in before)
                assert len(after[booking["id"]]) == many
                assert {one: after[one] for one in under_way} == under_way
            database.commit()
            if rng.random() < 0.5 and len(kept) > 2:
                gone = rng.choice([one for one in kept if one not in under_way])
                guest.rpc("events.booking.cancel", {"id": gone})
                del kept[gone]
    assert moved > 2 and refused > 10, (moved, refused)


def test_the_past_of_a_listing_is_not_read(stack, owner, guest):
    """Ten thousand bookings that have passed: what reads the coming ones touches a page of the index or a few."""
    hall = stack.listing(*owner, units=UNITS)
    assert book(guest, hall, 1, 2) and book(guest, hall, 3, 4)
    with stack.database("events") as database:
        database.execute("ALTER TABLE booking_unit DROP CONSTRAINT booking_unit_booking_id_fkey")
        database.execute(
            "INSERT INTO booking_unit SELECT gen_random_uuid(), %s, unit, tstzrange(now() - hour * interval '1 hour', "
            "now() - (hour - 1) * interval '1 hour') FROM generate_series(1, 5000) hour, generate_series(1, 2) unit",
            (hall["id"],),
        )
        database.execute("ANALYZE booking_unit")
        (plan,) = database.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT unit FROM booking_unit "
            "WHERE listing_id = %s AND period && tstzrange(now(), NULL)",
            (hall["id"],),
        ).fetchone()
        root = plan[0]["Plan"]
        assert root["Actual Rows"] == 2 and root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 20, plan
        database.rollback()
