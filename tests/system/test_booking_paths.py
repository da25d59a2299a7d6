"""The ways of a booking: holds, requests, answers, changes, ends, blocks; as each of the parties walks them."""

from datetime import UTC, datetime, timedelta

import pytest
from booking_steps import EUROS, HOUR, ask, begin, do, fails, refused, set_rules, set_time, span, told
from bookings import at_once, sort_out
from past_bookings import text
from waiting import wait_until


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, price=EUROS, price_unit="hour")["id"]


@pytest.fixture
def by_request(stack, owner, staff):
    listing = stack.listing(*owner, price=EUROS, price_unit="hour")["id"]
    return set_rules(staff, listing, confirmation="request")


# --- holds ---


def test_a_hold_keeps_the_time_for_who_made_it(stack, hall, guest, other):
    hold = ask(guest, hall, method="hold", guests=5)
    assert (hold["state"], hold["price"], hold["option"]) == ("held", None, False)
    left = datetime.fromisoformat(hold["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert refused(other, hall).reason == "booked"
    error = other.error("events.booking.create", {"listing_id": hall, "hold_id": hold["id"]})
    assert error.word == "not_found"
    booking = guest.rpc("events.booking.create", {"listing_id": hall, "hold_id": hold["id"]})
    assert (booking["id"], booking["state"], booking["guests"]) == (hold["id"], "confirmed", 5)
    assert booking["price"]["amount"] == 2000 and booking["expires_at"] is None
    assert told(stack, hold) == [("held", "hold"), ("created", "create")]
    again = guest.error("events.booking.create", {"listing_id": hall, "hold_id": hold["id"]})
    assert again.data["rule"] == "hold" and again.data["state"] == "confirmed"


def test_a_hold_is_for_its_own_time(stack, owner, hall, guest):
    hold = ask(guest, hall, method="hold")
    params = {"listing_id": hall, "hold_id": hold["id"]}
    assert guest.error("events.booking.create", params | {"period": span(0, 3)}).data["rule"] == "hold"
    elsewhere = stack.listing(*owner)["id"]
    assert guest.error("events.booking.create", params | {"listing_id": elsewhere}).data["rule"] == "hold"
    assert guest.rpc("events.booking.create", params | {"period": span(0, 2)})["state"] == "confirmed"


def test_a_hold_that_expires_frees_its_time(stack, hall, guest, other):
    hold = ask(guest, hall, method="hold")
    set_time(stack, hold, expires_at="now()")
    assert other.rpc("events.booking.create", {"listing_id": hall, "period": span(0, 2)})["state"] == "confirmed"
    assert do(guest, "get", hold)["state"] == "expired"
    error = guest.error("events.booking.create", {"listing_id": hall, "hold_id": hold["id"]})
    assert error.data["rule"] == "hold" and error.data["state"] == "expired"
    assert told(stack, hold) == [("held", "hold"), ("expired", "expiry")]


def test_search_shows_the_time_of_an_expired_hold_as_free(stack, owner, hall, guest):
    hold = ask(guest, hall, method="hold")
    search = {"company_id": owner[0], "period": span(0, 2), "limit": 100}
    free = lambda: hall in [item["id"] for item in stack.rpc("events.listing.search", search)["items"]]
    assert not free()
    set_time(stack, hold, expires_at="now()")
    wait_until(free, 10, "the time to be free")


def test_who_held_a_time_does_not_hold_it_again_at_once(hall, guest):
    hold = ask(guest, hall, method="hold")
    assert refused(guest, hall, 5, 6, method="hold").data["rule"] == "hold_limit"
    assert do(guest, "cancel", hold)["state"] == "cancelled"
    assert refused(guest, hall, 1, 3, method="hold").data["rule"] == "hold_again"
    assert ask(guest, hall, 2, 3, method="hold")["state"] == "held"
    assert ask(guest, hall, 0, 1)["state"] == "confirmed"


def test_one_user_holds_five_times_in_all(stack, owner):
    guest = stack.user()
    halls = [stack.listing(*owner)["id"] for _ in range(6)]
    outcomes = at_once(6, lambda number: ask(guest, halls[number], method="hold"))
    held, refusals = sort_out(outcomes)
    assert (len(held), [error.data["rule"] for error in refusals]) == (5, ["hold_limit"])


def test_neither_options_nor_requests_count_as_holds(stack, owner, staff):
    halls = [stack.listing(*owner, units=2)["id"] for _ in range(6)]
    until = text(datetime.now(UTC) + timedelta(days=7))
    for hall in halls[:5]:
        assert ask(staff, hall, method="hold", until=until)["option"]
    set_rules(staff, halls[0], confirmation="request")
    assert ask(staff, halls[0])["state"] == "requested"
    for hall in halls[1:]:
        assert ask(staff, hall, method="hold")["state"] == "held"
    assert refused(staff, halls[0], method="hold").data["rule"] == "hold_limit"


def test_the_staff_hold_as_long_as_they_say(hall, staff, guest):
    until = text(datetime.now(UTC) + timedelta(days=7))
    option = ask(staff, hall, method="hold", until=until)
    assert (option["option"], option["expires_at"]) == (True, until)
    assert ask(staff, hall, 2, 4, method="hold", until=until)["option"]
    assert refused(guest, hall, 5, 6, method="hold", until=until).word == "forbidden"
    late = text(datetime.now(UTC) + timedelta(days=61))
    assert refused(staff, hall, 5, 6, method="hold", until=late).data["rule"] == "max_hold"


# --- requests ---


def test_a_request_waits_for_its_answer(stack, by_request, staff, guest):
    request = ask(guest, by_request)
    assert (request["state"], request["price"]["amount"]) == ("requested", 2000)
    assert fails(guest, "approve", request) == "company_right"
    approved = do(staff, "approve", request, version=1)
    assert (approved["state"], approved["unit_numbers"]) == ("confirmed", [1])
    assert fails(staff, "approve", request) == "state"
    assert "the booking is confirmed" in str(staff.error("events.booking.approve", {"id": request["id"]}))
    assert told(stack, request) == [("requested", "request"), ("confirmed", "approve")]


def test_what_the_company_confirms_it_alone_changes(by_request, staff, guest):
    request = ask(guest, by_request)
    do(staff, "approve", request)
    later = {"period": span(3, 5), "expected_total": 2000}
    assert fails(guest, "change", request, **later) == "by_request"
    assert do(staff, "change", request, **later)["period"] == span(3, 5)


def test_a_refusal_says_why(by_request, staff, guest):
    request = ask(guest, by_request)
    assert staff.error("events.booking.decline", {"id": request["id"]}).word == "invalid_params"
    declined = do(staff, "decline", request, reason="The floor is being mended.")
    assert (declined["state"], declined["reason"]) == ("declined", "The floor is being mended.")
    assert (declined["cancellation_fee"], declined["refund_due"]) == (0, 0)
    assert fails(staff, "approve", request) == "state"


def test_a_request_takes_no_time_until_it_is_approved(by_request, staff, guest, other):
    first, second = ask(guest, by_request, 0, 2), ask(other, by_request, 1, 3)
    do(staff, "approve", second)
    assert do(guest, "get", first)["overlapped"]
    assert fails(staff, "approve", first) == "booked"
    assert do(guest, "get", first)["state"] == "requested"
    assert refused(guest, by_request, 0, 2).reason == "booked"
    do(other, "cancel", second)
    approved = do(staff, "approve", first)
    assert (approved["state"], approved["overlapped"]) == ("confirmed", False)


def test_a_request_that_still_fits_is_not_flagged(stack, owner, staff, guest, other):
    hall = stack.listing(*owner, units=3, price={"amount": 1000, "currency": "EUR"}, price_unit="hour")["id"]
    set_rules(staff, hall, confirmation="request")
    first, both, all_three = ask(guest, hall), ask(other, hall, units=2), ask(other, hall, units=3)
    do(staff, "approve", first)
    assert [do(other, "get", one)["overlapped"] for one in (both, all_three)] == [False, True]


def test_the_only_unit_is_not_overbooked_though_it_has_a_name(stack, owner, staff, guest):
    hall = stack.listing(*owner, price={"amount": 1000, "currency": "EUR"}, price_unit="hour")["id"]
    set_rules(staff, hall, units_mode="named", unit_names=["Oak"])
    booking = ask(guest, hall)
    assert (booking["unit_numbers"], booking["overbooked"]) == ([1], False)
    assert refused(guest, hall).reason == "booked"


def test_what_has_expired_is_over_before_the_daemon_says_so(stack, by_request, guest):
    request = ask(guest, by_request)
    set_time(stack, request, expires_at="now()")
    assert fails(guest, "quote_cancel", request) == "state"
    assert fails(guest, "quote_change", request, units=1) == "state"


def test_of_named_units_those_that_are_wished_for_are_looked_at(stack, owner, staff, guest, other):
    hall = stack.listing(*owner, units=2, price={"amount": 1000, "currency": "EUR"}, price_unit="hour")["id"]
    set_rules(staff, hall, confirmation="request", units_mode="named", unit_names=["Oak", "Elm"])
    time = (100, 102)  # at which no other listing has anything
    first = ask(guest, hall, *time, unit_numbers=[1])
    oak, elm = (ask(other, hall, *time, unit_numbers=[number]) for number in (1, 2))
    later = ask(other, hall, 102, 103)
    do(staff, "approve", first)
    assert [do(other, "get", one)["overlapped"] for one in (oak, elm, later)] == [True, False, False]


def test_overlapping_requests_are_declined_by_rule(stack, by_request, staff, guest, other):
    set_rules(staff, by_request, overlapping_requests="decline")
    first, second, beside = ask(guest, by_request), ask(other, by_request, 1, 3), ask(guest, by_request, 3, 4)
    do(staff, "approve", second)
    declined = do(guest, "get", first)
    assert (declined["state"], declined["cause"]) == ("declined", "overlap")
    assert do(guest, "get", beside)["state"] == "requested"
    assert told(stack, first) == [("requested", "request"), ("declined", "overlap")]


def test_of_two_approvals_at_once_one_is_done(stack, by_request, staff, guest, other):
    for number in range(5):
        requests = [ask(user, by_request, number, number + 1) for user in (guest, other)]
        outcomes = at_once(2, lambda n, requests=requests: do(staff, "approve", requests[n]))
        done, refusals = sort_out(outcomes)
        assert len(done) == 1 and [error.reason for error in refusals] == ["booked"]


def test_a_request_out_of_a_hold_keeps_its_units(stack, by_request, staff, guest, other):
    hold = ask(guest, by_request, method="hold")
    request = guest.rpc("events.booking.create", {"listing_id": by_request, "hold_id": hold["id"]})
    assert request["state"] == "requested"
    left = datetime.fromisoformat(request["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert refused(other, by_request).reason == "booked"
    set_time(stack, request, expires_at="now()")
    assert ask(other, by_request)["state"] == "requested"
    assert do(guest, "get", request)["state"] == "expired"
    assert fails(staff, "approve", request) == "state"


def test_a_request_without_a_price_is_offered_one(stack, owner, staff, guest, other):
    listing = set_rules(staff, stack.listing(*owner)["id"], confirmation="request")
    request = ask(guest, listing)
    assert request["price"] is None
    assert fails(staff, "approve", request) == "price_missing"
    assert fails(guest, "accept", request, expected_total=0) == "offered"
    offer = do(staff, "approve", request, price={"amount": 5000, "currency": "EUR"})
    assert (offer["state"], offer["price"]["amount"]) == ("requested", 5000) and offer["offered_at"]
    assert refused(other, listing).reason == "booked"
    assert fails(staff, "accept", request, expected_total=5000) == "forbidden"
    assert fails(staff, "approve", request) == "offered"  # it is for the customer to accept
    assert fails(guest, "accept", request, expected_total=4000) == "price_changed"
    accepted = do(guest, "accept", request, expected_total=5000)
    assert (accepted["state"], accepted["expires_at"]) == ("confirmed", None)
    assert [cause for _, cause in told(stack, request)] == ["request", "offer", "accept"]


def test_an_offer_is_in_the_currency_that_the_listing_has_by_then(stack, owner, staff, guest):
    listing = stack.listing(*owner)
    request = ask(guest, set_rules(staff, listing["id"], confirmation="request"))
    version = staff.rpc("events.listing.get", {"id": listing["id"]})["version"]
    priced = {"id": listing["id"], "version": version, "price": {"amount": 5000, "currency": "NOK"}}
    staff.rpc("events.listing.update", priced)
    offer = {"id": request["id"], "price": {"amount": 5000, "currency": "EUR"}}
    (field,) = staff.error("events.booking.approve", offer).data["fields"]
    assert (field["path"], field["rule"]) == ("/params/price/currency", "one_currency")
    assert do(staff, "approve", request, price={"amount": 5000, "currency": "NOK"})["price"]["currency"] == "NOK"


def test_who_was_shown_another_price_gets_a_new_quote(stack, owner, hall, guest):
    wish = {"listing_id": hall, "period": span(0, 2), "guests": 3}
    error = guest.error("events.booking.create", wish | {"expected_total": 1999})
    quote = error.data["quote"]
    assert (error.reason, quote["price"]["total"], quote["bookable"]) == ("price_changed", 2000, True)
    assert (quote["period"], quote["units"], quote["guests"]) == (span(0, 2), 1, 3)
    listing = owner[1].rpc("events.listing.get", {"id": hall})
    dearer = {"id": hall, "version": listing["version"], "price": {"amount": 5000, "currency": "EUR"}}
    owner[1].rpc("events.listing.update", dearer)
    booking = guest.rpc("events.booking.create", wish | {"quote_id": quote["quote_id"]})
    assert booking["price"]["amount"] == 2000


def test_many_at_once_who_were_shown_another_price_get_quotes(stack, hall):
    """None of them keeps the listing's lock, or a connection, while it has its quote made."""
    guests = [stack.user() for _ in range(4)]
    wrong = {"listing_id": hall, "period": span(200, 201), "expected_total": 1}
    outcomes = at_once(40, lambda number: guests[number % 4].error("events.booking.create", wrong))
    assert {error.reason for error in outcomes} == {"price_changed"}


# --- changes ---


def test_a_change_is_shown_before_it_is_made(hall, guest, other):
    booking, neighbour = ask(guest, hall, 0, 2), ask(other, hall, 4, 5)
    wish = {"id": booking["id"], "period": span(1, 4)}
    quote = guest.rpc("events.booking.quote_change", wish)
    assert (quote["total_before"], quote["total"], quote["difference"]) == (2000, 3000, 1000)
    assert sum(line["amount"] for line in quote["price"]["lines"]) == quote["price"]["total"] == 3000
    error = guest.error("events.booking.change", wish | {"expected_total": 2000})
    assert error.reason == "price_changed" and error.data["price"]["total"] == 3000
    changed = guest.rpc("events.booking.change", wish | {"expected_total": 3000, "version": 1})
    assert (changed["period"], changed["price"]["amount"], changed["version"]) == (span(1, 4), 3000, 2)
    assert fails(guest, "change", booking, period=span(3, 5)) == "booked"
    assert do(guest, "get", booking)["period"] == span(1, 4)
    assert ask(other, hall, 0, 1)["state"] == "confirmed"
    assert fails(guest, "change", booking, period=span(2, 4), version=1) == "stale_version"
    assert do(other, "get", neighbour)["version"] == 1


def test_units_and_guests_change(stack, owner, staff, guest):
    listing = stack.listing(*owner, units=3, price=EUROS, price_unit="hour", capacity=10)["id"]
    booking = ask(guest, listing, units=1, guests=10)
    assert fails(guest, "change", booking, guests=11) == "guests"
    more = do(guest, "change", booking, units=3, guests=30)
    assert (more["units"], more["guests"], more["price"]["amount"]) == (3, 30, 6000)
    assert do(staff, "get", booking)["unit_numbers"] == [1, 2, 3]
    assert fails(guest, "change", booking, units=4) == "units_missing"
    fewer = do(guest, "change", booking, units=1, guests=10)
    assert fewer["price"]["amount"] == 2000
    assert ask(guest, listing, units=2)["state"] == "confirmed"


def test_a_change_against_a_booking_leaves_no_overlap(hall, guest, other):
    for number in range(0, 12, 3):
        booking = ask(guest, hall, number, number + 1)
        calls = [
            lambda booking=booking, number=number: do(guest, "change", booking, period=span(number + 1, number + 2)),
            lambda number=number: ask(other, hall, number + 1, number + 2),
        ]
        done, refusals = sort_out(at_once(2, lambda n, calls=calls: calls[n]()))
        assert len(done) == 1 and [error.reason for error in refusals] == ["booked"]


def test_time_that_is_given_back_is_free_at_once(stack, staff, hall, guest, other):
    set_rules(staff, hall, cancellation=[{"until_hours_before_start": 48, "refund_bp": 5000}])
    booking = ask(guest, hall, 0, 4)
    shorter = do(guest, "shorten", booking, to=span(0, 1)["to"])
    assert (shorter["period"], shorter["price"]["amount"]) == (span(0, 1), 2500)
    assert [one["amount"] for one in shorter["price_lines"]["lines"]] == [4000, -3000, 1500]
    assert ask(other, hall, 1, 4)["state"] == "confirmed"
    assert fails(guest, "shorten", booking, to=span(0, 2)["to"]) == "before_end"
    assert fails(guest, "shorten", booking, to=shorter["period"]["to"]) == "before_end"
    assert fails(guest, "shorten", booking, to=span(0, 0.5)["to"], version=99) == "stale_version"
    assert fails(guest, "shorten", booking, to=span(0, 2)["from"]) == "begun"


# --- ends ---


def test_what_is_refunded_is_shown_before(staff, hall, guest):
    set_rules(staff, hall, cancellation=[{"until_hours_before_start": 24, "refund_bp": 2500}])
    booking = ask(guest, hall)
    quote = do(guest, "quote_cancel", booking)
    assert (quote["total"], quote["refund_bp"], quote["cancellation_fee"]) == (2000, 2500, 1500)
    set_rules(staff, hall, cancellation=[])
    cancelled = do(guest, "cancel", booking, reason="The party moved.")
    assert (cancelled["cancellation_fee"], cancelled["cancelled_by"]) == (1500, "customer")
    assert cancelled["reason"] == "The party moved."


def test_what_the_company_cancels_costs_nothing(staff, hall, guest):
    set_rules(staff, hall, cancellation=[{"until_hours_before_start": 24, "refund_bp": 2500}])
    first, second = ask(guest, hall, 0, 1), ask(guest, hall, 1, 2)
    cancelled = do(staff, "cancel", first)
    assert (cancelled["cancellation_fee"], cancelled["cancelled_by"]) == (0, "company")
    assert fails(guest, "cancel", second, refund_bp=10000, reason="please") == "forbidden"
    assert fails(staff, "cancel", second, refund_bp=5000) == "invalid_params"
    assert fails(staff, "cancel", second, refund_bp=2000, reason="as agreed") == "invalid_params"
    agreed = do(staff, "cancel", second, refund_bp=5000, reason="as agreed")
    assert agreed["cancellation_fee"] == 500


def test_the_daemon_completes_what_has_ended(stack, hall, guest):
    booking = ask(guest, hall)
    begin(stack, booking, ago="3 hours")
    wait_until(lambda: len(told(stack, booking)) == 2, 10, "the booking to be completed")
    assert told(stack, booking) == [("created", "create"), ("completed", "clock")]
    assert do(guest, "get", booking)["state"] == "completed"
    assert fails(guest, "cancel", booking) == "before_end"


def test_the_staff_end_what_has_begun(stack, hall, staff, guest):
    booking = ask(guest, hall)
    assert fails(staff, "complete", booking) == "begun"
    begin(stack, booking, ago="1 hour", length="5 hours")
    ended = do(staff, "complete", booking)
    assert (ended["state"], ended["cause"], ended["price"]["amount"]) == ("completed", "complete", 2000)
    soon = datetime.now(UTC) + timedelta(minutes=1)
    rest = {"from": text(soon), "to": text(soon + HOUR)}
    assert guest.rpc("events.booking.create", {"listing_id": hall, "period": rest})["state"] == "confirmed"


def test_nobody_came(stack, staff, hall, guest):
    set_rules(staff, hall, cancellation=[{"until_hours_before_start": 24, "refund_bp": 5000}])
    booking, old = ask(guest, hall, 0, 1), ask(guest, hall, 1, 2)
    assert fails(staff, "no_show", booking) == "begun"
    begin(stack, booking, ago="30 hours", length="1 hour")
    begin(stack, old, ago="50 hours", length="1 hour")
    assert fails(guest, "no_show", booking) == "company_right"
    missed = do(staff, "no_show", booking, reason="Nobody was there.")
    assert (missed["state"], missed["cancellation_fee"]) == ("no_show", 1000) and missed["ended_at"]
    assert fails(staff, "no_show", old) == "no_show_until"
