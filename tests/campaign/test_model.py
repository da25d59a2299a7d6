"""The model itself: opening hours, verdicts, units, paths. No daemon is there."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import opening
import paths_in
import paths_out
import prices
import pytest
from judgement import Refused
from ledger import Booking, Ledger, find_units, free_units
from record import Call
from times import DAY, HOUR, MINUTE, Span, instant, period_of, text, wall
from verdict import Terms, verdict

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HALL = Terms(zone="UTC", unit="hour", units=2, capacity=50, price=1000, currency="EUR")


def at(hours, length=1):
    start = NOW + timedelta(hours=hours)
    return Span(start, start + timedelta(hours=length))


def taken(number, span, units=1, **more):
    return Booking(id=f"b{number}", user="u", state="confirmed", span=span, units=units, **more)


def ledger(terms=HALL, *bookings):
    return Ledger(terms, {one.id: one for one in bookings})


def call(name, params, user="u", staff=False, booking_id="new"):
    made = Call(f"events.booking.{name}", params, user, staff, "hall", manager=staff)
    made.result = {"id": booking_id}
    return made


def wish(span, **more):
    return {"listing_id": "hall", "period": period_of(span), **more}


def causes(function, *arguments):
    with pytest.raises(Refused) as refused:
        function(*arguments)
    return refused.value.causes


@pytest.mark.parametrize(
    ("clock", "zone", "utc"),
    [
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30"),  # in the gap: an hour later
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),  # comes twice: the first
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45"),  # a gap of half an hour
    ],
)
def test_a_wall_clock_is_read_in_one_way(clock, zone, utc):
    assert instant(datetime.fromisoformat(clock), zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_hours_that_pass_midnight_end_on_the_next_date():
    rules = {"opening_hours": [{"days": ["fri"], "from": "20:00", "to": "02:00"}]}
    (night,) = opening.opened(rules, "UTC", date(2027, 3, 5))
    assert night == Span(datetime(2027, 3, 5, 20, tzinfo=UTC), datetime(2027, 3, 6, 2, tzinfo=UTC))
    assert opening.opened(rules, "UTC", date(2027, 3, 6)) == []


def test_touching_intervals_are_one():
    hours = [("08:00", "12:00"), ("12:00", "24:00"), ("00:00", "03:00")]
    rules = {"opening_hours": [{"days": list(opening.WEEKDAYS), "from": a, "to": b} for a, b in hours]}
    day = Span(datetime(2027, 3, 5, 9, tzinfo=UTC), datetime(2027, 3, 6, 2, tzinfo=UTC))
    assert any(one.holds(day) for one in opening.open_time(rules, "UTC", day))


def test_a_closed_exception_wins_and_own_dates_win_over_yearly_ones():
    hours = lambda start, end: [{"from": start, "to": end}]
    rules = {
        "opening_hours": [],
        "exceptions": [
            {"from": "2027-12-24", "hours": hours("10:00", "12:00")},
            {"from": "2020-12-20", "to": "2021-01-03", "yearly": True, "hours": hours("09:00", "10:00")},
            {"from": "2027-12-31", "closed": True},
        ],
    }
    assert opening.hours_of(rules, date(2027, 12, 24)) == [(600, 720)]
    assert opening.hours_of(rules, date(2028, 1, 2)) == [(540, 600)]
    assert opening.hours_of(rules, date(2027, 12, 31)) == []
    assert opening.hours_of(rules, date(2028, 1, 4)) == []


@pytest.mark.parametrize(
    ("unit", "hours", "first", "last", "start", "end"),
    [
        ("day", ("10:00", "22:00"), "2027-03-05", "2027-03-06", "2027-03-05T10", "2027-03-06T22"),
        ("night", ("15:00", "11:00"), "2027-03-05", "2027-03-07", "2027-03-05T15", "2027-03-07T11"),
    ],
)
def test_dates_are_a_period_and_back(unit, hours, first, last, start, end):
    rules = {"opening_hours": [{"days": list(opening.WEEKDAYS), "from": hours[0], "to": hours[1]}]}
    dates = date.fromisoformat(first), date.fromisoformat(last)
    span = opening.period_of_dates(rules, "UTC", unit, *dates)
    assert span == Span(*(datetime.fromisoformat(f"{one}:00+00:00") for one in (start, end)))
    assert opening.dates_of_period(rules, "UTC", unit, span) == dates
    assert opening.dates_of_period(rules, "UTC", unit, Span(span.start, span.end + MINUTE)) is None


@pytest.mark.parametrize(
    ("rules", "span", "words"),
    [
        ({}, at(-1), {"in_past"}),
        ({}, Span(NOW - 59 * timedelta(seconds=1), NOW + HOUR), set()),
        ({"notice_minutes": 90}, at(1), {"notice"}),
        ({"horizon_days": 2}, at(48), {"horizon"}),
        ({}, at(1, 0.1), {"min_duration"}),
        ({"min_minutes": 90}, at(1), {"min_duration"}),
        ({"max_minutes": 30}, at(1), {"max_duration"}),
        ({"step_minutes": 40}, at(1), {"step"}),
        ({"start_grid_minutes": 90}, at(1), {"start_grid"}),
        ({"opening_hours": [{"days": ["mon"], "from": "13:00", "to": "14:00"}]}, at(1), set()),
        ({"opening_hours": [{"days": ["mon"], "from": "13:00", "to": "14:00"}]}, at(1, 2), {"closed"}),
        ({"guests_per_unit": 9}, at(1), {"guests"}),
    ],
)
def test_a_rule_forbids(rules, span, words):
    assert verdict(replace(HALL, rules=rules), span, 1, 10, NOW) == words


def test_a_session_is_taken_whole():
    hours = {"opening_hours": [{"days": ["mon"], "from": "13:00", "to": "15:00"}]}
    terms = replace(HALL, unit="session", rules=hours)
    assert verdict(terms, at(1, 2), 1, None, NOW) == set()
    assert verdict(terms, at(1), 1, None, NOW) == {"session"}


def test_a_request_fits_when_no_instant_has_more_than_there_are():
    bookings = [taken(1, at(0, 2)), taken(2, at(3, 2))]
    assert free_units(HALL, bookings, at(1, 3)) == 1
    assert free_units(HALL, [*bookings, taken(3, at(1, 1))], at(1, 3)) == 0
    assert find_units(HALL, bookings, at(2, 1), 2) == ()


def test_named_units_are_never_moved():
    named = replace(HALL, rules={"units_mode": "named"})
    bookings = [taken(1, at(0, 2), numbers=(1,)), taken(2, at(3, 2), numbers=(2,))]
    assert find_units(named, bookings, at(1, 3), 1) is None
    assert find_units(named, bookings, at(2, 2), 1) == (1,)
    assert find_units(named, bookings, at(2, 2), 1, wish=(2,)) is None


def test_buffers_of_neighbours_add():
    terms = replace(HALL, units=1, rules={"buffer_before_minutes": 30, "buffer_after_minutes": 30})
    start = ledger(terms, taken(1, at(1), buffers=terms.buffers))
    assert causes(paths_in.create, start, call("create", wish(at(2.5))), NOW) == {"booked"}
    assert paths_in.create(start, call("create", wish(at(3))), NOW).booking.state == "confirmed"


def test_a_hold_takes_its_time_until_it_expires_and_not_at_that_instant():
    one = replace(HALL, units=1)
    held = paths_in.hold(ledger(one), call("hold", wish(at(1)), booking_id="h"), NOW)
    end = held.booking.expires
    assert end == NOW + 15 * MINUTE
    other = call("create", wish(at(1)), user="other")
    assert causes(paths_in.create, held.ledger.at(end - MINUTE), other, end - MINUTE) == {"booked"}
    assert paths_in.create(held.ledger.at(end), other, end).booking.state == "confirmed"
    own = call("create", {"listing_id": "hall", "hold_id": "h"})
    assert "hold" in causes(paths_in.create, held.ledger.at(end), own, end)


def test_a_customer_holds_once_and_not_again():
    held = paths_in.hold(ledger(), call("hold", wish(at(1)), booking_id="h"), NOW)
    assert causes(paths_in.hold, held.ledger, call("hold", wish(at(5))), NOW) == {"hold_limit"}
    late = NOW + 20 * MINUTE
    assert causes(paths_in.hold, held.ledger.at(late), call("hold", wish(at(1))), late) == {"hold_again"}


def requests_for_the_same_time(overlapping):
    terms = replace(HALL, units=1, rules={"confirmation": "request", "overlapping_requests": overlapping})
    state = ledger(terms)
    for name in ("first", "second"):
        state = paths_in.create(state, call("create", wish(at(48)), user=name, booking_id=name), NOW).ledger
    return state


@pytest.mark.parametrize(("overlapping", "state", "flag"), [("decline", "declined", True), ("flag", "requested", True)])
def test_an_approval_sorts_out_the_others(overlapping, state, flag):
    requests = requests_for_the_same_time(overlapping)
    after = paths_in.approve(requests, call("approve", {"id": "first"}, staff=True), NOW).ledger
    other = after.bookings["second"]
    assert (other.state, other.overlaps) == (state, flag)
    assert causes(paths_in.approve, after, call("approve", {"id": "first"}, staff=True), NOW) >= {"state"}


def test_a_request_expires_at_the_beginning_at_the_latest():
    terms = replace(HALL, rules={"confirmation": "request", "request_hours": 24})
    made = paths_in.create(ledger(terms), call("create", wish(at(3))), NOW).booking
    assert (made.state, made.expires, made.takes()) == ("requested", NOW + 3 * HOUR, False)
    assert replace(made).at(NOW + 3 * HOUR).state == "expired"


def test_an_offer_waits_for_the_customer():
    terms = replace(HALL, price=None, rules={"confirmation": "request"})
    state = paths_in.create(ledger(terms), call("create", wish(at(48)), booking_id="r"), NOW).ledger
    approve = call("approve", {"id": "r"}, staff=True)
    assert causes(paths_in.approve, state, approve, NOW) == {"price_missing"}
    approve.params["price"] = {"amount": 700, "currency": "EUR"}
    offered = paths_in.approve(state, approve, NOW)
    assert (offered.booking.state, offered.booking.takes()) == ("requested", True)
    accept = lambda total: call("accept", {"id": "r", "expected_total": total})
    assert causes(paths_in.accept, offered.ledger, accept(701), NOW) == {"price_changed"}
    assert paths_in.accept(offered.ledger, accept(700), NOW).booking.state == "confirmed"


def test_a_listing_without_a_price_cannot_be_booked_at_once():
    terms = replace(HALL, price=None)
    assert causes(paths_in.create, ledger(terms), call("create", wish(at(1))), NOW) == {"price_missing"}


def test_a_guest_cancels_before_it_begins_and_the_company_until_it_ends(monkeypatch):
    monkeypatch.setattr("prices.fee", lambda policy, price, start, now: 77)
    begun = ledger(HALL, taken(1, at(-1, 2)))
    cancel = lambda **more: call("cancel", {"id": "b1"}, **more)
    assert causes(paths_out.cancel, begun, cancel(), NOW) == {"before_start"}
    assert paths_out.cancel(begun, cancel(user="owner", staff=True), NOW).booking.fee == 0
    ahead = ledger(HALL, taken(1, at(1)))
    assert paths_out.cancel(ahead, cancel(), NOW).booking.fee == 77
    assert causes(paths_out.cancel, ahead, cancel(user="other"), NOW) >= {"not_found"}
    over = ledger(HALL, taken(1, at(-2))).at(NOW)
    assert "before_end" in causes(paths_out.cancel, over, cancel(staff=True), NOW)


def test_a_manager_gives_back_more_than_the_policy_and_not_less():
    price = prices.of_amount(4000, "EUR")
    ahead = ledger(HALL, replace(taken(1, at(1)), price=price, policy=((0, 5000),)))
    agreed = lambda bp, **more: call("cancel", {"id": "b1", "refund_bp": bp, "reason": "Ill."}, **more)
    owner = {"user": "owner", "staff": True}
    assert paths_out.cancel(ahead, agreed(7500, **owner), NOW).booking.fee == 1000
    assert causes(paths_out.cancel, ahead, agreed(4999, **owner), NOW) >= {"minimum"}
    assert causes(paths_out.cancel, ahead, agreed(7500), NOW) == {"forbidden"}


def test_a_change_is_one_booking_and_keeps_its_earliest_beginning():
    one = replace(HALL, units=1)
    state = ledger(one, taken(1, at(1, 2)), taken(2, at(5)))
    later = call("change", {"id": "b1", "period": period_of(at(2, 2))})
    moved = paths_out.change(state, later, NOW).booking
    assert (moved.span, moved.earliest) == (at(2, 2), at(1).start)
    onto = call("change", {"id": "b1", "period": period_of(at(4, 2))})
    assert causes(paths_out.change, state, onto, NOW) == {"booked"}


def test_what_is_given_back_is_free_at_once():
    one = replace(HALL, units=1)
    state = ledger(one, taken(1, at(1, 4)))
    state = state.with_booking(replace(state.bookings["b1"], price=prices.of_amount(4000, "EUR"), policy=((0, 5000),)))
    shorter = paths_out.shorten(state, call("shorten", {"id": "b1", "to": text(at(2).start)}), NOW)
    assert shorter.booking.price["total"] == 4000 - 1500
    assert find_units(one, shorter.ledger.taking(), at(2), 1) == ()


def test_nobody_came_is_said_in_time():
    state = ledger(HALL, taken(1, at(-1, 4), price={"total": 100}))
    no_show = call("no_show", {"id": "b1"}, staff=True)
    assert causes(paths_out.no_show, ledger(HALL, taken(1, at(1))), no_show, NOW) == {"begun"}
    late = NOW + 2 * DAY
    assert causes(paths_out.no_show, state.at(late), no_show, late) == {"no_show_until"}


def test_a_block_of_time_that_has_begun_is_refused():
    begun = call("block", wish(at(-1, 3)), staff=True, booking_id="x")
    assert causes(paths_out.block, ledger(), begun, NOW) == {"in_past"}


def test_a_block_takes_all_units_and_gives_them_back():
    block = call("block", wish(at(1)), staff=True, booking_id="x")
    blocked = paths_out.block(ledger(), block, NOW)
    assert causes(paths_in.create, blocked.ledger, call("create", wish(at(1))), NOW) == {"booked"}
    assert causes(paths_out.block, ledger(HALL, taken(1, at(1))), block, NOW) == {"booked"}
    free = paths_out.unblock(blocked.ledger, call("unblock", {"id": "x"}, staff=True), NOW).ledger
    assert paths_in.create(free, call("create", wish(at(1))), NOW).booking.state == "confirmed"


def test_rules_change_under_their_version():
    change = lambda version: call(
        "x", {"version": version, "rules": {"notice_minutes": 5, "overbooking": None}}, staff=True
    )
    state = ledger(replace(HALL, rules={"overbooking": 2}))
    assert paths_out.set_rules(state, change(0), NOW).ledger.terms.rules == {"notice_minutes": 5}
    assert causes(paths_out.set_rules, state, change(1), NOW) == {"stale_version"}


def test_the_local_date_of_an_instant_is_the_venues():
    assert wall(datetime(2027, 3, 1, 23, 30, tzinfo=UTC), "Asia/Kathmandu").date() == date(2027, 3, 2)
