"""Time that a company takes out of sale, what a suspension does, and whatever comes at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking_steps import EUROS, ask, do, fails, refused, set_rules
from waiting import wait_until


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, price=EUROS, price_unit="hour")["id"]


# --- blocks ---


def test_a_block_takes_time_out_of_sale(hall, staff, guest):
    booking = ask(guest, hall, 4, 5)
    block = ask(staff, hall, 0, 2, method="block", note="repairs")
    assert (block["kind"], block["state"], block["user_id"], block["price"]) == ("block", "confirmed", None, None)
    assert refused(guest, hall, 1, 3).reason == "booked"
    error = refused(staff, hall, 3, 6, method="block")
    assert error.reason == "booked" and [one["id"] for one in error.data["bookings"]] == [booking["id"]]
    assert refused(guest, hall, 8, 9, method="block").word == "forbidden"
    assert fails(guest, "get", block) == "not_found"
    assert [fails(staff, verb, block) for verb in ("cancel", "complete", "change")] == ["state"] * 3
    assert do(staff, "unblock", block, version=1)["state"] == "cancelled"
    assert ask(guest, hall, 1, 3)["state"] == "confirmed"
    assert fails(staff, "unblock", booking) == "state"


def test_a_block_takes_what_may_be_overbooked_too_and_flags_requests(stack, owner, staff, guest):
    listing = stack.listing(*owner, units=2, price=EUROS)["id"]
    set_rules(staff, listing, overbooking=1, confirmation="request")
    request = ask(guest, listing)
    block = ask(staff, listing, method="block")
    assert (block["units"], block["unit_numbers"]) == (3, [1, 2, 3])
    assert do(guest, "get", request)["overlapped"]
    assert fails(staff, "approve", request) == "booked"
    assert refused(guest, listing).reason == "booked"


def test_a_block_of_some_units_leaves_the_others(stack, owner, staff, guest):
    listing = stack.listing(*owner, units=3)["id"]
    ask(staff, listing, method="block", units=2)
    assert refused(guest, listing, units=2).reason == "booked"
    assert ask(guest, listing)["state"] == "confirmed"


# --- the company is suspended ---


def test_a_suspended_company_keeps_its_bookings_and_has_its_requests_declined(stack, guest):
    company = stack.company()
    listing = stack.listing(*company, price=EUROS)["id"]
    booking = ask(guest, listing, 0, 1)
    set_rules(company[1], listing, confirmation="request")
    request = ask(guest, listing, 2, 3)
    stack.admin().rpc("passport.company.suspend", {"id": company[0], "reason": "fraud"})
    wait_until(lambda: do(guest, "get", request)["state"] == "declined", 20, "the request to be declined")
    assert do(guest, "get", request)["cause"] == "suspension"
    assert do(guest, "get", booking)["state"] == "confirmed"
    assert do(guest, "cancel", booking)["state"] == "cancelled"


# --- everybody at once ---


def test_whatever_comes_at_once_nothing_is_booked_twice(stack, owner, staff, guest, other):
    """Holds, bookings, requests, changes and blocks of one hour by 8 callers: no deadlock, no overlap."""
    listing = stack.listing(*owner, units=2)["id"]
    stop = threading.Barrier(8)

    def run(number):
        user = (staff, guest, other)[number % 3]
        stop.wait(30)
        for turn in range(6):
            first = (number + turn) % 4
            verb = ("create", "hold", "block")[turn % 3] if user is staff else ("create", "hold")[turn % 2]
            try:
                made = ask(user, listing, first, first + 2, method=verb)
            except AssertionError:
                raise
            except Exception as error:
                assert error.word in ("conflict", "precondition_failed"), error
                assert error.reason != "deadlock"
                continue
            if turn % 2:
                do(user, "unblock" if made["kind"] == "block" else "cancel", made)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    with stack.database("events") as database:
        over = database.execute(
            "SELECT 1 FROM booking_unit a JOIN booking_unit b ON a.listing_id = b.listing_id AND a.unit = b.unit"
            " AND a.booking_id < b.booking_id AND a.period && b.period WHERE a.listing_id = %s",
            [listing],
        ).fetchall()
    assert over == []
