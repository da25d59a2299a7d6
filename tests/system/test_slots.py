"""When a listing is free: hours, exceptions, clocks that change, buffers, notice, units; and where one may begin."""

import datetime as dt
from random import Random

import pytest
from venue import ALL_DAYS, Venue, daily, text

DAY = dt.timedelta(days=1)


@pytest.fixture
def venue(stack, owner):
    return Venue(stack, owner, price_unit="hour")


def change_of_clocks(zone, forward):
    """The date of the next change of the zone's clocks that is at least a week ahead."""
    date = dt.datetime.now(zone).date() + dt.timedelta(days=7)
    while True:
        day = dt.datetime.combine(date, dt.time(), zone).astimezone(dt.UTC)
        after = dt.datetime.combine(date + DAY, dt.time(), zone).astimezone(dt.UTC)
        if (after - day < DAY) if forward else (after - day > DAY):
            return date
        date += DAY


def test_a_listing_without_rules_is_free_but_for_its_bookings(venue, guest):
    venue.book(guest, (1, 10), (1, 12))
    told = venue.slots((1,), (2,))
    assert venue.local(told["slots"]) == [("1 00:00", "1 10:00"), ("1 12:00", "2 00:00")]
    assert (told["listing_id"], told["time_zone"], told["truncated"]) == (venue.listing, "Europe/Oslo", False)
    assert "starts" not in told


def test_a_long_booking_ends_before_what_lies_behind_the_window(venue, guest):
    venue.book(guest, (5, 6), (5, 8))
    venue.set(start_grid_minutes=720)
    starts = venue.slots((1,), (2,), length_minutes=4 * 1440)["starts"]
    assert venue.local(starts) == [("1 00:00", "5 00:00")]


def test_several_hours_a_day_and_hours_past_midnight(venue):
    hours = daily(("09:00", "12:00"), ("14:00", "18:00"), days=["tue"]) + daily(("20:00", "02:00"), days=["fri"])
    venue.set(opening_hours=hours)
    assert venue.local(venue.slots((0,), (7,))["slots"]) == [
        ("1 09:00", "1 12:00"),
        ("1 14:00", "1 18:00"),
        ("4 20:00", "5 02:00"),
    ]
    assert venue.local(venue.slots((4, 21), (5, 1))["slots"]) == [("4 21:00", "5 01:00")]
    assert venue.local(venue.slots((5, 1), (5, 3))["slots"]) == [("5 01:00", "5 02:00")]


def test_hours_that_touch_are_one_and_none_are_never_open(venue):
    venue.set(opening_hours=daily(("00:00", "24:00"), days=["mon", "tue"]) + daily(("00:00", "03:00"), days=["wed"]))
    assert venue.local(venue.slots((-1,), (6,))["slots"]) == [("0 00:00", "2 03:00")]
    venue.set(opening_hours=[])
    assert venue.slots((0,), (7,))["slots"] == []


def test_exceptions_of_a_date_and_of_every_year(venue):
    tuesday, thursday = venue.date(1), venue.date(3)
    past = {"from": tuesday.replace(year=tuesday.year - 2, day=min(tuesday.day, 28)).isoformat()}
    venue.set(
        opening_hours=daily(("09:00", "17:00")),
        exceptions=[
            {
                "from": thursday.isoformat(),
                "hours": [{"from": "12:00", "to": "13:00"}, {"from": "23:00", "to": "01:00"}],
            },
            {"from": thursday.isoformat(), "yearly": True, "hours": [{"from": "06:00", "to": "07:00"}]},
            {"from": venue.date(4).isoformat(), "to": venue.date(5).isoformat(), "closed": True},
            {"from": venue.date(5).isoformat(), "hours": [{"from": "10:00", "to": "11:00"}]},
        ]
        + ([{**past, "yearly": True, "closed": True}] if tuesday.day <= 28 else []),
    )
    days = venue.local(venue.slots((0,), (7,))["slots"])
    closed_by_year = [] if tuesday.day <= 28 else [("1 09:00", "1 17:00")]
    assert days == [
        ("0 09:00", "0 17:00"),
        *closed_by_year,
        ("2 09:00", "2 17:00"),
        ("3 12:00", "3 13:00"),
        ("3 23:00", "4 01:00"),
        ("6 09:00", "6 17:00"),
    ]


@pytest.mark.parametrize("zone", ["Europe/Oslo", "America/Havana", "Australia/Lord_Howe"])
@pytest.mark.parametrize("forward", [True, False], ids=["forward", "back"])
def test_days_on_which_clocks_change(stack, owner, zone, forward):
    """A closing or opening that is skipped moves on by as much; one that comes twice is the first."""
    venue = Venue(stack, owner, zone, price_unit="hour")
    hours = [("00:00", "02:30"), ("06:00", "24:00")]
    venue.set(opening_hours=daily(*hours))
    date = change_of_clocks(venue.zone, forward)

    def reading(clock):
        at = dt.datetime.combine(date, dt.time(), venue.zone) + dt.timedelta(hours=clock)
        return text(at.replace(fold=0))

    period = {"from": reading(-24), "to": reading(48)}
    found = stack.rpc("events.availability.slots", {"listing_id": venue.listing, "period": period})["slots"]
    assert [(one["from"], one["to"]) for one in found] == [
        (reading(-24), reading(-21.5)),
        (reading(-18), reading(2.5)),
        (reading(6), reading(26.5)),
        (reading(30), reading(48)),
    ]


def test_buffers_notice_and_horizon_are_taken_off(venue, guest):
    venue.book(guest, (1, 10), (1, 12))
    venue.book(guest, (1, 15), (1, 16))
    venue.set(buffer_before_minutes=30, buffer_after_minutes=60)
    assert venue.local(venue.slots((1,), (2,))["slots"]) == [
        ("1 00:00", "1 09:00"),
        ("1 12:30", "1 14:00"),
        ("1 16:30", "2 00:00"),
    ]
    days = (venue.date(0) - dt.datetime.now(venue.zone).date()).days
    venue.set(notice_minutes=(days + 5) * 1440)
    first = dt.datetime.fromisoformat(venue.slots((0,), (20,))["slots"][0]["from"])
    assert abs(first - dt.datetime.now(dt.UTC) - (days + 5) * DAY) < dt.timedelta(minutes=1)
    venue.set(notice_minutes=None, horizon_days=days + 5)
    last = dt.datetime.fromisoformat(venue.slots((0,), (20,))["slots"][-1]["to"])
    assert abs(last - dt.datetime.now(dt.UTC) - (days + 5) * DAY) < dt.timedelta(minutes=1)


def test_units_are_counted(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="hour", units=3)
    venue.book(guest, (1, 10), (1, 12), units=2)
    venue.book(guest, (1, 11), (1, 13))

    def free(**more):
        slots = venue.slots((1,), (2,), **more)["slots"]
        return [(*shown, one["free_units"]) for shown, one in zip(venue.local(slots), slots, strict=True)]

    assert free() == [
        ("1 00:00", "1 10:00", 3),
        ("1 10:00", "1 11:00", 1),
        ("1 12:00", "1 13:00", 2),
        ("1 13:00", "2 00:00", 3),
    ]
    assert free(units=3) == [("1 00:00", "1 10:00", 3), ("1 13:00", "2 00:00", 3)]
    venue.set(overbooking=1)
    assert [one[2] for one in free()] == [4, 2, 1, 3, 4]


def test_buffers_of_units_that_take_turns_do_not_add_up(stack, owner, guest):
    """Two bookings that follow each other leave the other unit free all the time, whatever the buffers."""
    venue = Venue(stack, owner, price_unit="hour", units=2)
    venue.book(guest, (1, 10), (1, 12))
    venue.book(guest, (1, 12), (1, 14))
    venue.set(buffer_before_minutes=60, buffer_after_minutes=60)
    slots = venue.slots((1, 8), (1, 16))["slots"]
    assert [(one["free_units"]) for one in slots] == [2, 1, 2]
    assert venue.local(slots) == [("1 08:00", "1 09:00"), ("1 09:00", "1 15:00"), ("1 15:00", "1 16:00")]


def test_named_units_are_told_one_by_one(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="hour", units=2)
    venue.set(units_mode="named", unit_names=["Red", "Blue"])
    venue.book(guest, (1, 10), (1, 12))
    venue.book(guest, (1, 14), (1, 15), units=2)
    slots = venue.slots((1, 9), (1, 16))["slots"]
    assert [(*shown, one["unit"]) for shown, one in zip(venue.local(slots), slots, strict=True)] == [
        ("1 09:00", "1 10:00", 1),
        ("1 12:00", "1 14:00", 1),
        ("1 15:00", "1 16:00", 1),
        ("1 09:00", "1 14:00", 2),
        ("1 15:00", "1 16:00", 2),
    ]


# --- beginnings ---


def test_a_length_gives_the_beginnings_on_the_grid(venue, guest):
    venue.set(opening_hours=daily(("09:15", "13:00")), start_grid_minutes=30, min_minutes=60)
    venue.book(guest, (1, 11), (1, 12))
    starts = venue.slots((1,), (2,), length_minutes=60)["starts"]
    assert venue.local(starts) == [("1 09:30", "1 10:30"), ("1 10:00", "1 11:00"), ("1 12:00", "1 13:00")]
    for one in starts:
        assert venue.stack.rpc("events.availability.explain", {"listing_id": venue.listing, "period": pick(one)})[
            "bookable"
        ]
    assert venue.slots((1,), (2,), length_minutes=30)["starts"] == []
    assert venue.slots((1,), (2,), length_minutes=60, units=2)["starts"] == []


def pick(one):
    return {"from": one["from"], "to": one["to"]}


def test_a_booking_may_go_on_from_one_slot_into_the_next(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="hour", units=2)
    venue.set(opening_hours=daily(("09:00", "13:00")), start_grid_minutes=60)
    venue.book(guest, (1, 10), (1, 11))
    assert venue.local(venue.slots((1,), (2,), length_minutes=180)["starts"]) == [
        ("1 09:00", "1 12:00"),
        ("1 10:00", "1 13:00"),
    ]


def test_sessions_are_whole(stack, owner, guest):
    venue = Venue(stack, owner, price_unit="session")
    venue.set(opening_hours=daily(("10:00", "14:00"), ("14:00", "18:00"), ("19:00", "01:00")))
    venue.book(guest, (1, 14), (1, 18))
    assert venue.local(venue.slots((1,), (2,))["slots"]) == [("1 10:00", "1 14:00"), ("1 19:00", "2 01:00")]
    assert venue.local(venue.slots((1,), (2,), length_minutes=360)["starts"]) == [("1 19:00", "2 01:00")]


def test_days_and_nights_are_dates(stack, owner, guest):
    hall = Venue(stack, owner, price_unit="day")
    hall.set(opening_hours=daily(("09:00", "23:00"), days=["mon", "tue", "wed", "fri"]), min_days=2)
    assert hall.local(hall.slots((0,), (7,))["slots"]) == [(f"{day} 09:00", f"{day} 23:00") for day in (0, 1, 2, 4)]
    assert hall.local(hall.slots((0,), (7,), length_days=2)["starts"]) == [
        ("0 09:00", "1 23:00"),
        ("1 09:00", "2 23:00"),
    ]
    assert hall.slots((0,), (7,), length_days=1)["starts"] == []
    hall.set(min_days=None)
    assert hall.local(hall.slots((4,), (7,), length_days=1)["starts"]) == [("4 09:00", "4 23:00")]
    house = Venue(stack, owner, price_unit="night")
    house.set(opening_hours=daily(("15:00", "11:00")))
    house.book(guest, (1, 15), (2, 11))
    nights = [("0 15:00", "1 11:00"), ("2 15:00", "3 11:00"), ("3 15:00", "4 11:00")]
    assert house.local(house.slots((0,), (4,))["slots"]) == nights
    assert house.local(house.slots((0,), (4,), length_days=2)["starts"])[0] == ("2 15:00", "4 11:00")


def test_more_than_a_thousand_are_cut_off(venue):
    venue.set(start_grid_minutes=5)
    told = venue.slots((0,), (10,), length_minutes=60)
    assert (len(told["starts"]), told["truncated"]) == (1000, True)


def hours_at_random(random):
    """Up to three intervals a day, in quarters of an hour, some past midnight."""
    hours = []
    for _ in range(random.randint(1, 4)):
        clock = [f"{random.randrange(24):02}:{random.choice((0, 15, 30, 45)):02}" for _ in range(2)]
        hours.append({"days": random.sample(ALL_DAYS, random.randint(2, 7)), "from": clock[0], "to": clock[1]})
    return hours


@pytest.mark.parametrize("seed", range(4))
def test_starts_are_exactly_what_can_be_booked(stack, owner, guest, seed):
    """Whatever the rules and the bookings, explain says of each beginning on the grid what slots say."""
    random = Random(seed)
    venue = Venue(stack, owner, price_unit="hour", units=random.randint(1, 3))
    for _ in range(8):
        first = random.randrange(4, 46)
        start, end = (1, first // 2, first % 2 * 30), (1, (first + random.randint(1, 6)) // 2)
        if venue.at(*start) < venue.at(*end) and venue.explain(start, end)["bookable"]:
            venue.book(guest, start, end)
    venue.set(
        opening_hours=hours_at_random(random),
        buffer_before_minutes=random.choice((0, 15)),
        buffer_after_minutes=random.choice((0, 30)),
        start_grid_minutes=30,
    )
    length = random.choice((60, 90))
    starts = set(venue.local(venue.slots((1,), (2,), length_minutes=length)["starts"]))
    for half in range(48):
        start = (1, half // 2, half % 2 * 30)
        ends = divmod(half * 30 + length, 60)
        told = venue.explain(start, (1, *ends))
        assert told["bookable"] == (venue.local([told["period"]])[0] in starts), told["refusals"]


# --- bad input ---


def fields(error):
    return [(one["path"], one["rule"]) for one in error.data["fields"]]


def test_periods_that_are_none_are_refused(stack, venue):
    def faults(period, **more):
        params = {"listing_id": venue.listing, "period": period, **more}
        return fields(stack.error("events.availability.slots", params))

    reversed_period = {"from": text(venue.at(2)), "to": text(venue.at(1))}
    assert faults(reversed_period) == [("/params/period/to", "after")]
    assert faults({"from": text(venue.at(2)), "to": text(venue.at(2))}) == [("/params/period/to", "after")]
    assert faults(venue.span((0,), (63,))) == [("/params/period/to", "maximum_days")]
    assert faults(venue.span((0,), (1,)), length_days=1) == [("/params/length_days", "only_for_dates")]
    assert venue.slots((0,), (62,))["slots"]
    hall = stack.listing(*stack.company(), price_unit="day")["id"]
    params = {"listing_id": hall, "period": venue.span((0,), (1,)), "length_minutes": 60}
    assert fields(stack.error("events.availability.slots", params)) == [("/params/length_minutes", "only_for_hours")]


def test_a_moment_between_microseconds_and_one_that_the_clock_skips_are_instants(venue):
    start = text(venue.at(1)).replace(".000000Z", ".0000009Z")
    params = {"listing_id": venue.listing, "period": {"from": start, "to": text(venue.at(2))}}
    assert venue.stack.rpc("events.availability.slots", params)["slots"][0]["from"] == text(venue.at(1))


def test_what_is_not_on_offer_is_its_companys(stack, owner, guest, venue):
    draft = stack.listing(*owner, publish=False)["id"]
    params = {"listing_id": draft, "period": venue.span((0,), (1,))}
    assert guest.error("events.availability.slots", params).word == "not_found"
    assert owner[1].rpc("events.availability.slots", params)["slots"]
