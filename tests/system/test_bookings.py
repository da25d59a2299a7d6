"""Bookings of a listing: which of them a list shows, what is told of them, and the units that they keep."""

import json
from datetime import timedelta

import pytest
from bookings import midnight
from companies import all_pages
from moderation import update
from past_bookings import end, text

pytestmark = pytest.mark.asan
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
DAWN = midnight(10)


def span(first, last):
    """From one hour of the day to another."""
    return {"from": text(DAWN + first * HOUR), "to": text(DAWN + last * HOUR)}


def book(user, listing, first, last):
    return user.rpc("events.booking.create", {"listing_id": listing["id"], "period": span(first, last)})


def units_of(manager, booking):
    """The numbers of its units, which interchange: they are told to the company alone."""
    assert "unit_numbers" not in booking
    return manager.rpc("events.booking.get", {"id": booking["id"]})["unit_numbers"]


def cancel(user, booking):
    return user.rpc("events.booking.cancel", {"id": booking["id"]})


# --- what a list shows ---


def test_a_list_shows_what_lies_in_a_time_in_part(stack):
    """What ends when the time begins, and what begins when it ends, does not: periods are half-open."""
    company, manager = stack.company()
    hall, guest = stack.listing(company, manager), stack.user()
    first, second, third = [book(guest, hall, hour, hour + 1)["id"] for hour in (1, 2, 3)]
    ways = [(guest, {}), (manager, {"listing_id": hall["id"]}), (manager, {"company_id": company})]
    for caller, whose in ways:

        def listed(caller=caller, whose=whose, **times):
            params = whose | {name: text(DAWN + time) for name, time in times.items()}
            return [item["id"] for item in caller.rpc("events.booking.list", params)["items"]][::-1]

        assert listed() == [first, second, third]
        assert listed(**{"from": 2 * HOUR, "to": 3 * HOUR}) == [second]
        assert listed(**{"from": 2 * HOUR - TICK, "to": 3 * HOUR}) == [first, second]
        assert listed(**{"from": 2 * HOUR, "to": 3 * HOUR + TICK}) == [second, third]
        assert (listed(to=HOUR), listed(**{"from": 4 * HOUR})) == ([], [])
        assert (listed(to=2 * HOUR), listed(**{"from": 3 * HOUR})) == ([first], [third])


def test_a_cursor_goes_on_in_its_own_list_alone(stack, guest):
    company, manager = stack.company()
    hall = stack.listing(company, manager, units=2)
    made = [book(guest, hall, hour, hour + 1) for hour in range(1, 5)]
    for booking in made[:2]:
        cancel(guest, booking)
    base = {"company_id": company, "limit": 1}
    lists = [
        {},
        {"state": "confirmed"},
        {"state": "cancelled"},
        {"from": span(0, 1)["from"]},
        {"to": span(8, 9)["to"]},
        {"to": span(9, 10)["to"]},
        {"listing_id": hall["id"]},
    ]
    cursors = [manager.rpc("events.booking.list", base | filters)["next_cursor"] for filters in lists]
    assert all(cursors)
    for number, cursor in enumerate(cursors):
        for other, filters in enumerate(lists):
            if number == other:
                continue
            error = manager.error("events.booking.list", base | filters | {"cursor": cursor})
            paths = [field["path"] for field in error.data.get("fields", [])]
            assert (error.word, paths) == ("invalid_params", ["/params/cursor"]), (lists[number], filters)
    confirmed = all_pages(manager, "events.booking.list", base | {"state": "confirmed"})
    assert [item["id"] for item in confirmed] == [made[3]["id"], made[2]["id"]]


# --- what is told ---


def test_a_booking_is_told_when_made_and_when_cancelled(stack, owner, guest):
    hall = stack.listing(*owner)
    made = book(guest, hall, 1, 2)
    assert guest.error("events.booking.create", {"listing_id": hall["id"], "period": span(1, 2)}).reason == "booked"
    cancelled = cancel(guest, made)
    assert guest.error("events.booking.cancel", {"id": made["id"]}).data["rule"] == "state"
    with stack.database("events") as database:
        told = database.execute(
            "SELECT topic, payload::text FROM outbox WHERE key = %s AND topic LIKE 'events.booking.%%' ORDER BY seq",
            [hall["id"]],
        ).fetchall()
    said = [(topic, json.loads(payload)) for topic, payload in told]
    without_seq = [{name: value for name, value in one.items() if name != "seq"} for one in (made, cancelled)]
    assert said == [
        ("events.booking.created", without_seq[0] | {"unit_numbers": [1], "override": None}),
        ("events.booking.cancelled", without_seq[1] | {"unit_numbers": [], "override": None}),
    ]


# --- the units that bookings keep ---


def refused_units(manager, listing, units):
    params = {"id": listing["id"], "version": listing["version"], "units": units}
    error = manager.error("events.listing.update", params)
    return error.word, error.data["rule"]


def test_units_do_not_go_under_a_booking(stack, owner, guest):
    """To come or under way; one that is cancelled or has passed keeps none."""
    manager, hall = owner[1], stack.listing(*owner, units=3)
    first, second, third = (book(guest, hall, 1, 2) for _ in range(3))
    assert [units_of(manager, one) for one in (first, second, third)] == [[1], [2], [3]]
    in_use = ("precondition_failed", "units_in_use")
    assert refused_units(manager, hall, 2) == in_use
    assert stack.rpc("events.listing.get", {"id": hall["id"]})["units"] == 3
    hall = update(manager, hall, units=3)
    end(stack, third["id"], "-1 hour")
    assert refused_units(manager, hall, 2) == in_use
    end(stack, third["id"])
    hall = update(manager, hall, units=2)
    assert refused_units(manager, hall, 1) == in_use
    cancel(guest, second)
    assert update(manager, hall, units=1)["units"] == 1
