"""Many callers at once: a time is booked once, whatever they do, and nothing that was acknowledged is missing."""

from datetime import timedelta

import pytest
from bookings import Attempt, Load, at_once, check_outcome, make_listings, midnight, moment, sort_out


@pytest.fixture(scope="module")
def callers(stack):
    return [stack.user(f"Caller {number}") for number in range(16)]


@pytest.mark.parametrize("units", [1, 3])
def test_of_64_callers_as_many_book_as_there_are_units(stack, callers, units):
    (listing_id,) = make_listings(stack, [units])
    period = {"from": moment(midnight(10)), "to": moment(midnight(12))}
    params = {"listing_id": listing_id, "period": period}
    outcomes = at_once(64, lambda n: callers[n % 16].rpc("events.booking.create", params))
    bookings, refusals = sort_out(outcomes)
    assert len(bookings) == units
    assert [(error.word, error.reason) for error in refusals] == [("conflict", "booked")] * (64 - units)
    with stack.database("events") as database:
        rows = database.execute("SELECT id::text, period FROM booking WHERE listing_id = %s", [listing_id]).fetchall()
        taken = "SELECT unit FROM booking_unit WHERE listing_id = %s ORDER BY 1"
        numbers = [number for (number,) in database.execute(taken, [listing_id]).fetchall()]
    assert {row[0] for row in rows} == {booking["id"] for booking in bookings}
    assert numbers == list(range(1, units + 1))


def test_overlapping_periods_from_64_callers_leave_no_overlap(stack, callers):
    """All periods share one night; exactly one of them can be."""
    (listing_id,) = make_listings(stack, [1])

    def book(number):
        start = midnight(20) - timedelta(hours=number)
        period = {"from": moment(start), "to": moment(midnight(21) + timedelta(hours=number % 7))}
        return callers[number % 16].rpc("events.booking.create", {"listing_id": listing_id, "period": period})

    bookings, refusals = sort_out(at_once(64, book))
    assert len(bookings) == 1
    assert {(error.word, error.reason) for error in refusals} == {("conflict", "booked")}


def test_neighbours_book_side_by_side(stack, callers):
    """Half-open: sixteen successive nights of one listing, all asked for at once, are all to be had."""
    (listing_id,) = make_listings(stack, [1])

    def book(number):
        period = {"from": moment(midnight(30 + number)), "to": moment(midnight(31 + number))}
        return callers[number].rpc("events.booking.create", {"listing_id": listing_id, "period": period})

    bookings, refusals = sort_out(at_once(16, book))
    assert len(bookings) == 16 and not refusals


def test_two_thousand_random_bookings(stack, callers):
    listings = make_listings(stack, [1] * 12 + [2] * 5 + [3] * 3)
    with Load(listings, callers, seed=7, days=60, attempts=125) as load:
        load.join(200)
        assert load.certain() == 2000 and not load.take_errors()
        with stack.database("events") as database:
            booked = check_outcome(database, load)
    assert booked == len(load.acknowledged) >= 300
    assert len(load.conflicts) >= 300


def test_one_key_books_once(stack):
    """The same request with the same key from sixteen connections at once: one booking, and all are told of it."""
    (listing_id,) = make_listings(stack, [2])
    user = stack.user("Impatient")
    attempt = Attempt("again and again", listing_id, midnight(5), midnight(6), 1)

    def book(_):
        return user.rpc("events.booking.create", attempt.params())

    bookings, refusals = sort_out(at_once(16, book))
    assert not refusals, [str(error) for error in refusals[:3]]
    assert len({booking["id"] for booking in bookings}) == 1
    assert book(0) == bookings[0]
    with stack.database("events") as database:
        count = database.execute("SELECT count(*) FROM booking WHERE listing_id = %s", [listing_id]).fetchone()
    assert count == (1,)
    other = Attempt("again and again", listing_id, midnight(7), midnight(8), 1)
    assert user.error("events.booking.create", other.params()).word == "conflict"


def test_cancelled_time_is_booked_once_again(stack, callers):
    (listing_id,) = make_listings(stack, [1])
    params = {"listing_id": listing_id, "period": {"from": moment(midnight(40)), "to": moment(midnight(41))}}
    for _ in range(3):
        bookings, _ = sort_out(at_once(16, lambda n: callers[n].rpc("events.booking.create", params)))
        assert len(bookings) == 1
        owner = next(caller for caller in callers if caller.id == bookings[0]["user_id"])
        assert owner.rpc("events.booking.cancel", {"id": bookings[0]["id"]})["state"] == "cancelled"
