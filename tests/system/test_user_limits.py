"""How much of one listing a user may have: told by explain and quotes, refused by what writes, in the same words."""

import pytest
from booking_steps import do, fails, set_time
from venue import Venue


@pytest.fixture
def venue(stack, owner):
    return Venue(stack, owner, price_unit="hour", units=5)


@pytest.fixture
def guest(stack):
    return stack.user()


def refusals(venue, user, first, last):
    """What explain says, which a quote says too and a booking is refused by."""
    told = venue.explain(first, last, caller=user)
    params = {"listing_id": venue.listing, "period": venue.span(first, last)}
    quote = user.rpc("events.booking.quote", params)
    assert quote["bookable"] == told["bookable"]
    if told["refusals"]:
        assert [one["rule"] for one in quote["refusals"]] == [one["rule"] for one in told["refusals"]]
        error = user.error("events.booking.create", params)
        assert error.data["refusals"] == told["refusals"]
        assert error.data["rule"] == told["first"]["rule"]
        assert user.error("events.booking.hold", params).data["refusals"] == told["refusals"]
    return [{name: value for name, value in one.items() if name != "message"} for one in told["refusals"]]


def test_so_many_at_a_time(stack, venue, guest, other):
    venue.set(limits={"bookings_per_user": 2})
    first = venue.book(guest, (0, 10), (0, 11))
    assert refusals(venue, guest, (1, 10), (1, 11)) == []
    hold = guest.rpc("events.booking.hold", {"listing_id": venue.listing, "period": venue.span((1, 10), (1, 11))})
    assert refusals(venue, guest, (2, 10), (2, 11)) == [{"rule": "user_bookings", "maximum": 2}]
    assert venue.explain((2, 10), (2, 11))["bookable"], "a stranger has booked nothing"
    assert refusals(venue, other, (2, 10), (2, 11)) == []
    set_time(stack, hold, expires_at="now()")
    assert refusals(venue, guest, (2, 10), (2, 11)) == []
    venue.book(guest, (2, 10), (2, 11))
    assert refusals(venue, guest, (3, 10), (3, 11)) != []
    do(guest, "cancel", first)
    assert refusals(venue, guest, (3, 10), (3, 11)) == []


def test_so_many_a_day(venue, guest):
    venue.set(limits={"bookings_per_user_per_day": 1})
    venue.book(guest, (0, 22), (0, 23))
    assert refusals(venue, guest, (0, 0), (0, 1)) == [{"rule": "user_bookings_per_day", "maximum": 1}]
    assert refusals(venue, guest, (1, 0), (1, 1)) == [], "midnight is the venue's"


def test_so_much_time_a_day(venue, guest):
    venue.set(limits={"minutes_per_user_per_day": 120})
    venue.book(guest, (0, 23), (1, 1))
    assert refusals(venue, guest, (0, 10), (0, 11)) == [], "an hour of the night is another day's"
    assert refusals(venue, guest, (0, 10), (0, 11, 15)) == [{"rule": "user_time_per_day", "maximum_seconds": 7200}]
    assert refusals(venue, guest, (1, 10), (1, 11, 15)) == [{"rule": "user_time_per_day", "maximum_seconds": 7200}]
    assert refusals(venue, guest, (0, 23), (1, 2)) != [], "of the second day there is an hour already"
    assert refusals(venue, guest, (2, 23), (3, 2)) == [], "an hour of one day and two of the next"
    assert refusals(venue, guest, (2, 23), (3, 3)) != []
    assert refusals(venue, guest, (2, 23), (4, 1)) != [], "the day between is whole"


def test_a_booking_that_ends_at_midnight_touches_no_day_after(venue, guest):
    venue.set(limits={"minutes_per_user_per_day": 1440})
    venue.book(guest, (2, 1), (2, 2))
    assert refusals(venue, guest, (0, 23), (2, 0)) == []
    venue.book(guest, (1, 10), (1, 11))
    assert [one["rule"] for one in refusals(venue, guest, (0, 23), (2, 0))] == ["user_time_per_day"]


def test_a_gap_between_two(venue, guest):
    venue.set(limits={"gap_minutes_per_user": 60})
    booking = venue.book(guest, (0, 12), (0, 13))
    too_near = [{"rule": "user_gap", "gap_seconds": 3600}]
    assert refusals(venue, guest, (0, 13, 30), (0, 14, 30)) == too_near
    assert refusals(venue, guest, (0, 10, 45), (0, 11, 15)) == too_near
    assert refusals(venue, guest, (0, 14), (0, 15)) == []
    assert do(guest, "change", booking, period=venue.span((0, 12, 15), (0, 13, 15)))["version"] == 2
    venue.book(guest, (0, 16), (0, 17))
    assert fails(guest, "change", booking, period=venue.span((0, 14), (0, 15, 30))) == "user_gap"


def test_what_stays_where_it_is_and_what_the_company_holds_are_not_limited(venue, guest, staff):
    first, second = venue.book(guest, (0, 10), (0, 11)), venue.book(guest, (0, 12), (0, 13))
    venue.set(limits={"bookings_per_user": 1, "gap_minutes_per_user": 120})
    assert do(guest, "change", first, guests=2)["guests"] == 2
    assert fails(guest, "change", second, period=venue.span((0, 12), (0, 14))) == "user_bookings"
    until = venue.span((0, 8), (0, 9))["from"]
    for hour in (14, 15, 16):
        option = {"listing_id": venue.listing, "period": venue.span((0, hour), (0, hour + 1)), "until": until}
        assert staff.rpc("events.booking.hold", option)["option"]


def test_with_the_other_rules(venue, guest):
    venue.set(limits={"bookings_per_user": 1, "gap_minutes_per_user": 90}, min_minutes=120)
    venue.book(guest, (0, 12), (0, 14))
    told = venue.explain((0, 15), (0, 16), caller=guest)["refusals"]
    assert [one["rule"] for one in told] == ["min_duration", "user_bookings", "user_gap"]
    assert told[2]["message"] == {
        "en": "Between two bookings of yours there must be 1 h 30 min.",
        "ru": "Между вашими бронированиями должно пройти 1 ч 30 мин.",
    }
