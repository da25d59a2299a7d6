"""What somebody found who read the pages of bookings and then tried to break them."""

import datetime as dt

import pytest
from booking_steps import EUROS, ask, do, fails, refused, set_rules, span
from companies import join
from past_bookings import text
from venue import Venue, daily


def update(stack, user, listing, **changes):
    version = user.rpc("events.listing.get", {"id": listing})["version"]
    return user.rpc("events.listing.update", {"id": listing, "version": version} | changes)


# --- units ---


@pytest.mark.parametrize(("units", "gone"), [(2, [1]), (3, [0, 2])])
def test_units_that_were_overbooked_still_count_when_they_are_so_no_more(stack, owner, staff, guest, units, gone):
    listing = stack.listing(*owner, price=EUROS, units=units)["id"]
    set_rules(staff, listing, overbooking=2)
    made = [ask(guest, listing) for _ in range(units + 2)]
    for number in gone:
        do(guest, "cancel", made[number])
    set_rules(staff, listing, overbooking=0)
    explained = guest.rpc("events.availability.explain", {"listing_id": listing, "period": span(0, 2)})
    assert explained["first"]["rule"] == "booked"
    assert refused(guest, listing).reason == "booked"


def test_a_named_unit_above_those_there_are_takes_no_other(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS)["id"]
    set_rules(staff, listing, overbooking=1, units_mode="named")
    first, second = ask(guest, listing), ask(guest, listing)
    do(guest, "cancel", first)
    set_rules(staff, listing, overbooking=0)
    assert second["unit_numbers"] == [2] and ask(guest, listing)["unit_numbers"] == [1]
    assert refused(guest, listing).reason == "booked"


def test_more_units_than_there_are_cannot_be_had_at_another_time_either(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS, units=2)["id"]
    set_rules(staff, listing, overbooking=1)
    params = {"listing_id": listing, "period": span(0, 2), "units": 4}
    error = guest.error("events.booking.create", params)
    assert (error.data["rule"], error.data["units"]) == ("units_missing", 3)
    assert not guest.rpc("events.booking.quote", params)["bookable"]
    booking = ask(guest, listing, units=2)
    assert fails(guest, "change", booking, units=4) == "units_missing"


def test_what_is_taken_says_how_many_are_free(stack, owner, guest):
    listing = stack.listing(*owner, units=5)["id"]
    ask(guest, listing, 1, 2, units=3)
    error = refused(guest, listing, 0, 2, units=4)
    assert (error.reason, error.data["free"], error.data["wanted"]) == ("booked", 2, 4)


# --- from a hold ---


def test_a_hold_is_for_its_units_and_for_no_more_guests_than_fit(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS, units=3)["id"]
    set_rules(staff, listing, units_mode="named", guests_per_unit=10)
    hold = ask(guest, listing, method="hold", unit_numbers=[1], guests=5)
    params = {"listing_id": listing, "hold_id": hold["id"]}
    assert guest.error("events.booking.create", params | {"unit_numbers": [2]}).data["rule"] == "hold"
    assert guest.error("events.booking.create", params | {"guests": 500}).data["rule"] == "guests"
    booking = guest.rpc("events.booking.create", params | {"unit_numbers": [1], "guests": 10})
    assert (booking["unit_numbers"], booking["guests"]) == ([1], 10)


def test_another_price_of_a_hold_comes_with_a_quote_that_books_it(stack, owner, staff, guest):
    venue = Venue(stack, owner, price_unit="hour")
    venue.set(limits={"bookings_per_user": 1, "gap_minutes_per_user": 60})
    hold = guest.rpc("events.booking.hold", {"listing_id": venue.listing, "period": venue.span((0, 10), (0, 12))})
    params = {"listing_id": venue.listing, "hold_id": hold["id"]}
    error = guest.error("events.booking.create", params | {"expected_total": 1, "idempotency_key": "one"})
    assert (error.reason, error.data["quote"]["bookable"]) == ("price_changed", True)
    quote_id = error.data["quote"]["quote_id"]
    wrong = guest.error("events.booking.create", params | {"quote_id": quote_id, "expected_total": 7})
    assert wrong.reason == "price_changed", "what was shown counts beside a quote, too"
    booked = guest.rpc("events.booking.create", params | {"quote_id": quote_id, "idempotency_key": "one"})
    assert booked["id"] == hold["id"]


# --- requests ---


def test_a_request_never_waits_beyond_its_beginning(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS, price_unit="hour")["id"]
    set_rules(staff, listing, confirmation="request", request_hours=720)
    request = ask(guest, listing)
    assert request["expires_at"] == request["period"]["from"]
    sooner = do(guest, "change", request, period=span(-2, 2))
    assert sooner["expires_at"] == sooner["period"]["from"]
    now = dt.datetime.now(dt.UTC)
    begun = {"from": text(now - dt.timedelta(seconds=20)), "to": text(now + dt.timedelta(hours=1))}
    assert guest.error("events.booking.create", {"listing_id": listing, "period": begun}).data["rule"] == "in_past"


def test_a_price_that_the_company_has_set_is_for_what_it_was_set_for(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=None)["id"]
    set_rules(staff, listing, notice_minutes=0)
    request = ask(guest, listing)
    do(staff, "approve", request, price={"amount": 10000, "currency": "EUR"})
    longer = do(guest, "change", request, period=span(0, 20))
    assert (longer["state"], longer["price"], longer["offered_at"]) == ("requested", None, None)
    assert fails(guest, "accept", request, expected_total=10000) == "offered"
    do(staff, "approve", request, price={"amount": 20000, "currency": "EUR"})
    update(stack, staff, listing, price=EUROS, price_unit="hour")
    moved = do(guest, "change", request, period=span(30, 33))
    assert (moved["offered_at"], moved["unit_numbers"] if "unit_numbers" in moved else None) == (None, None)
    assert fails(guest, "accept", request, expected_total=moved["price"]["amount"]) == "offered"
    update(stack, staff, listing, price=None)
    do(guest, "change", request, period=span(0, 20))
    do(staff, "approve", request, price={"amount": 90000, "currency": "EUR"})
    assert do(guest, "accept", request, expected_total=90000)["state"] == "confirmed"
    assert fails(guest, "change", request, period=span(0, 30)) == "by_request"
    assert fails(guest, "quote_change", request, period=span(0, 30)) == "by_request"
    kept = do(staff, "change", request, period=span(0, 10))
    assert kept["price"] == {"amount": 90000, "currency": "EUR"}


def test_a_request_that_outgrows_its_hold_gives_its_units_up(stack, owner, staff, guest, other):
    listing = stack.listing(*owner, price=EUROS, price_unit="hour")["id"]
    set_rules(staff, listing, confirmation="request")
    hold = ask(guest, listing, method="hold")
    request = guest.rpc("events.booking.create", {"listing_id": listing, "hold_id": hold["id"]})
    assert refused(other, listing, 0, 1).reason == "booked"
    do(guest, "change", request, period=span(0, 1))
    assert refused(other, listing, 0, 1).reason == "booked"
    assert do(guest, "change", request, period=span(0, 200))["overbooked"] is False
    assert ask(other, listing, 50, 52)["state"] == "requested"
    assert do(staff, "get", request)["unit_numbers"] == []


# --- currencies ---


def test_a_currency_does_not_change_by_way_of_no_price(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS, price_unit="hour")["id"]
    booking = ask(guest, listing)
    update(stack, staff, listing, price=None)
    version = staff.rpc("events.listing.get", {"id": listing})["version"]
    yen = {"id": listing, "version": version, "price": {"amount": 5, "currency": "JPY"}}
    error = staff.error("events.listing.update", yen)
    assert (error.data["rule"], error.data["currency"]) == ("currency_in_use", "EUR")
    do(guest, "cancel", booking)
    assert staff.rpc("events.listing.update", yen)["price"]["currency"] == "JPY"


# --- what a change would cost ---


def test_a_change_of_named_units_is_quoted_and_made(stack, owner, staff, guest):
    listing = stack.listing(*owner, units=3, price=EUROS, price_unit="hour")["id"]
    set_rules(staff, listing, units_mode="named")
    booking = ask(guest, listing, unit_numbers=[1])
    quote = do(guest, "quote_change", booking, unit_numbers=[1, 2])
    assert (quote["total_before"], quote["total"]) == (2000, 4000)
    assert do(guest, "change", booking, unit_numbers=[1, 2], expected_total=4000)["unit_numbers"] == [1, 2]


# --- what is given back of a price ---

HALF = {"cancellation": [{"until_hours_before_start": 0, "refund_bp": 5000}]}


def paid(stack, booking, amount):
    with stack.database("events") as database:
        database.execute("UPDATE booking SET paid = %s WHERE id = %s", [amount, booking["id"]])


def lines(booking, *kinds):
    return [one["amount"] for one in booking["price_lines"]["lines"] if one["kind"] in kinds]


@pytest.fixture
def half(stack, owner, staff):
    """A hall by the hour, of which half of the price is given back."""
    return set_rules(staff, stack.listing(*owner, price=EUROS, price_unit="hour", units=5)["id"], **HALF)


def test_what_was_kept_is_not_given_back_again(stack, half, guest):
    booking = ask(guest, half, 0, 10)
    shorter = do(guest, "shorten", booking, to=span(0, 5)["to"])
    assert (shorter["price"]["amount"], lines(shorter, "shortened", "kept")) == (7500, [-5000, 2500])
    again = do(guest, "shorten", booking, to=span(0, 4)["to"])
    assert (again["price"]["amount"], lines(again, "shortened", "kept")) == (7000, [-6000, 3000])
    changed = do(guest, "change", booking, guests=2)
    assert changed["price"]["amount"] == 7000 and lines(changed, "kept") == [3000]
    paid(stack, booking, 10000)
    assert do(guest, "quote_cancel", booking)["cancellation_fee"] == 3000 + 2000
    assert do(guest, "cancel", booking)["refund_due"] == 5000


def test_of_a_request_that_becomes_smaller_nothing_is_kept(half, staff, guest):
    set_rules(staff, half, confirmation="request")
    request = ask(guest, half, 0, 10)
    changed = do(guest, "change", request, period=span(0, 4), expected_total=4000)
    assert (changed["price"]["amount"], lines(changed, "kept")) == (4000, [])


def test_to_make_a_booking_small_before_it_is_cancelled_gains_nothing(stack, owner, staff, guest):
    listing = stack.listing(*owner, price=EUROS, price_unit="hour", units=5)["id"]
    set_rules(staff, listing, cancellation=[{"until_hours_before_start": 720, "refund_bp": 10000}])
    booking = ask(guest, listing, 0, 10, units=5)
    quote = do(guest, "quote_change", booking, period=span(0, 1), units=1)
    assert (quote["total"], quote["difference"]) == (50000, 0)
    changed = do(guest, "change", booking, period=span(0, 1), units=1, expected_total=50000)
    assert lines(changed, "kept") == [49000]
    assert do(guest, "cancel", booking)["cancellation_fee"] == 50000


def test_what_is_not_refundable_stays_where_it_is_dropped(stack, owner, staff, guest):
    venue = Venue(stack, owner, price_unit="hour", price=EUROS)
    band = {"key": "band", "name": "Band", "amount": 1000, "per": "hour", "refundable": False}
    params = {"listing_id": venue.listing, "version": 0, "pricing": {"extras": [band]}}
    staff.rpc("events.listing.set_pricing", params)
    booking = venue.book(guest, (0, 10), (0, 14), extras=[{"key": "band", "quantity": 1}])
    assert booking["price"]["amount"] == 8000
    assert do(guest, "change", booking, extras=[])["price"]["amount"] == 8000
    other = venue.book(guest, (1, 10), (1, 14), extras=[{"key": "band", "quantity": 1}])
    shorter = do(guest, "shorten", other, to=venue.span((1, 10), (1, 11))["to"])
    assert shorter["price"]["amount"] == 1000 + 4000, "an hour of the hall, all of the band"
    third = venue.book(guest, (2, 10), (2, 14), extras=[{"key": "band", "quantity": 1}])
    assert do(staff, "change", third, extras=[])["price"]["amount"] == 4000, "the company gives all of it back"


def test_prices_of_now_play_no_part_when_time_is_given_back(stack, owner, staff, guest, half):
    cheaper, dearer, gone = (ask(guest, half, 0, 10) for _ in range(3))
    for booking, price in ((cheaper, 100), (dearer, 100000), (gone, None)):
        update(stack, staff, half, price=price and {"amount": price, "currency": "EUR"})
        assert do(guest, "shorten", booking, to=span(0, 9)["to"])["price"]["amount"] == 9500


def test_what_can_be_chosen_no_more_can_still_be_given_back(stack, owner, staff, guest):
    venue = Venue(stack, owner, price_unit="hour", price=EUROS)
    beamer = {"key": "beamer", "name": "Beamer", "amount": 500, "per": "booking"}
    params = {"listing_id": venue.listing, "version": 0, "pricing": {"extras": [beamer]}}
    staff.rpc("events.listing.set_pricing", params)
    booking = venue.book(guest, (0, 10), (0, 14), extras=[{"key": "beamer", "quantity": 1}])
    by_guest = {"adjustments": [{"id": 1, "on": "guests", "at_least": 1, "percent_bp": 100}]}
    staff.rpc("events.listing.set_pricing", params | {"version": 1, "pricing": by_guest})
    shorter = do(guest, "shorten", booking, to=venue.span((0, 10), (0, 12))["to"])
    assert shorter["price"]["amount"] == 2500


def test_taxes_and_deposit_become_less_too(stack, owner, staff, guest):
    venue = Venue(stack, owner, price_unit="hour", price=EUROS)
    taxes = [{"name": "VAT", "rate_bp": 2000, "included": True}]
    params = {"listing_id": venue.listing, "version": 0, "pricing": {"taxes": taxes, "deposit_bp": 5000}}
    staff.rpc("events.listing.set_pricing", params)
    booking = venue.book(guest, (0, 10), (0, 14))
    whole = booking["price_lines"]
    assert (whole["total"], whole["taxes"], whole["deposit"]) == (4000, 667, 2000)
    rest = do(guest, "shorten", booking, to=venue.span((0, 10), (0, 11))["to"])["price_lines"]
    assert (rest["total"], rest["taxes"], rest["deposit"]) == (1000, 167, 500)
    assert [one["amount"] for one in rest["tax_sums"]] == [167]


# --- rights ---


def test_who_may_read_a_booking_is_told_what_is_for_managers(stack, half, owner, staff, guest):
    booking = ask(guest, half)
    member = join(stack, staff, owner[0])
    assert do(member, "get", booking)["id"] == booking["id"]
    for verb in ("cancel", "quote_cancel"):
        assert fails(member, verb, booking) == "company_right"
        assert fails(stack.user(), verb, booking) == "not_found"
    assert do(staff, "cancel", booking)["state"] == "cancelled"


# --- rules that nothing can meet ---


def test_the_shortest_booking_may_be_as_long_as_the_horizon(stack, owner):
    answer = Venue(stack, owner, price_unit="hour").set(min_minutes=7 * 1440, horizon_days=7)
    assert answer["rules"]["horizon_days"]["value"] == 7


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ({"max_minutes": 14}, ("max_minutes", "minimum")),
        ({"opening_hours": daily(("09:00", "09:10"))}, ("opening_hours", "no_hours")),
        ({"min_minutes": 20160, "horizon_days": 7}, ("horizon_days", "minimum")),
        ({"min_days": 10, "horizon_days": 5}, ("horizon_days", "minimum")),
    ],
)
def test_rules_that_no_booking_can_meet_are_refused(stack, owner, rules, fault):
    assert Venue(stack, owner, price_unit="hour").fault(**rules) == fault


def test_a_quote_for_a_hold_does_not_count_it(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="hour")
    venue.set(limits={"bookings_per_user": 1})
    wish = {"listing_id": venue.listing, "period": venue.span((0, 10), (0, 12))}
    hold = guest.rpc("events.booking.hold", wish)
    assert not guest.rpc("events.booking.quote", wish)["bookable"]
    quote = guest.rpc("events.booking.quote", wish | {"hold_id": hold["id"]})
    params = {"listing_id": venue.listing, "hold_id": hold["id"], "quote_id": quote["quote_id"]}
    assert quote["bookable"] and guest.rpc("events.booking.create", params)["id"] == hold["id"]


# --- all that forbids it, whatever forbids it first ---


def rules(answer):
    return [one["rule"] for one in answer["refusals"]]


def test_what_is_too_short_and_what_is_closed_is_refused_with_all_the_rules(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="day")
    closed = [{"from": venue.date(1).isoformat(), "closed": True}]
    venue.set(opening_hours=daily(("09:00", "22:00")), exceptions=closed, notice_minutes=525600, guests_per_unit=1)
    day = {"from": venue.date(1).isoformat(), "to": venue.date(1).isoformat()}
    short = {"from": text(venue.at(2, 10)), "to": text(venue.at(2, 10, 5))}
    for when in ({"dates": day}, {"period": short}):
        wish = {"listing_id": venue.listing, "guests": 2} | when
        told = rules(guest.rpc("events.availability.explain", wish))
        assert {"notice", "guests"} < set(told)
        assert rules(guest.error("events.booking.create", wish).data) == told
        assert rules(guest.error("events.booking.hold", wish).data) == told
        assert rules(guest.rpc("events.booking.quote", wish)) == told


def test_what_is_not_refundable_is_not_swapped_for_what_is(stack, owner, staff, guest):
    venue = Venue(stack, owner, price_unit="hour", price=EUROS)
    cleaning = {"key": "cleaning", "name": "Cleaning", "amount": 500, "per": "booking", "refundable": False}
    staff.rpc(
        "events.listing.set_pricing",
        {"listing_id": venue.listing, "version": 0, "pricing": {"extras": [cleaning]}},
    )
    booking = venue.book(guest, (0, 10), (0, 11), extras=[{"key": "cleaning", "quantity": 1}])
    changed = do(guest, "change", booking, period=venue.span((0, 10), (0, 12)), extras=[])
    assert (changed["price"]["amount"], lines(changed, "kept")) == (2500, [500])
    assert do(guest, "cancel", booking)["cancellation_fee"] == 500


def test_a_change_that_costs_nothing_keeps_the_price(stack, half, staff, guest):
    booking = ask(guest, half, 0, 2)
    update(stack, staff, half, price={"amount": 5000, "currency": "EUR"})
    assert do(staff, "change", booking, units=1)["price"]["amount"] == 2000
    assert do(guest, "change", booking, period=span(0, 2))["price"]["amount"] == 2000
    assert do(guest, "quote_change", booking, units=2)["total"] == 20000
