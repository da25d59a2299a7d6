"""Whether a period can be booked, and each reason why not: rules, units, words; for staff the bookings too."""

import datetime as dt

import pytest
from venue import ALL_DAYS, Venue, daily, text

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture
def venue(stack, owner):
    return Venue(stack, owner, price_unit="hour")


def test_what_can_be_booked_has_no_reasons(venue):
    told = venue.explain((1, 10), (1, 12))
    assert (told["bookable"], told["first"], told["refusals"]) == (True, None, [])
    assert (told["period"], told["time_zone"]) == (venue.span((1, 10), (1, 12)), "Europe/Oslo")


def test_all_reasons_are_told_in_order(venue):
    venue.set(
        opening_hours=daily(("09:00", "12:00")),
        min_minutes=120,
        step_minutes=60,
        start_grid_minutes=60,
        guests_per_unit=10,
        notice_minutes=525600,
    )
    told = venue.explain((1, 11, 30), (1, 13), guests=11)
    rules = ["notice", "min_duration", "step", "start_grid", "closed", "guests"]
    assert [one["rule"] for one in told["refusals"]] == rules
    assert told["first"] == told["refusals"][0]
    by_rule = {one["rule"]: one for one in told["refusals"]}
    assert by_rule["min_duration"]["minimum_seconds"] == 7200
    assert (by_rule["step"]["step_seconds"], by_rule["start_grid"]["grid_seconds"]) == (3600, 3600)
    assert by_rule["closed"]["closed_from"] == text(venue.at(1, 12))
    assert by_rule["guests"]["maximum_guests"] == 10


def test_words_are_english_and_russian(venue):
    note = {"from": venue.date(1).isoformat(), "closed": True, "note": 'The "big" clean'}
    venue.set(opening_hours=daily(("09:00", "22:00")), exceptions=[note], min_minutes=90)
    params = {"guests": 1}
    both = venue.explain((1, 10), (1, 11), **params)["refusals"]
    date = venue.date(1).isoformat()
    assert both[0]["message"] == {
        "en": "The shortest booking takes 1 h 30 min.",
        "ru": "Самое короткое бронирование: 1 ч 30 мин.",
    }
    assert both[1]["message"]["en"] == f'Closed from {date} 10:00 to {date} 11:00: The "big" clean.'
    assert both[1]["note"] == note["note"]
    for language in ("en", "ru"):
        told = venue.explain((1, 10), (1, 11), language=language)["refusals"]
        assert [one["message"] for one in told] == [one["message"][language] for one in both]


def test_the_clock(venue):
    now = dt.datetime.now(dt.UTC)

    def rules(start, end):
        period = {"from": text(now + start), "to": text(now + end)}
        params = {"listing_id": venue.listing, "period": period}
        return [one["rule"] for one in venue.stack.rpc("events.availability.explain", params)["refusals"]]

    assert rules(-2 * HOUR, -HOUR) == ["in_past"]
    assert rules(-2 * HOUR, HOUR) == ["in_past"]
    assert rules(HOUR, 2 * HOUR) == []
    assert rules(999 * DAY, 999 * DAY + HOUR) == []
    assert rules(1000 * DAY, 1000 * DAY + HOUR) == ["horizon"]
    assert rules(HOUR, HOUR + dt.timedelta(minutes=1)) == ["min_duration"]
    assert rules(HOUR, 400 * DAY) == ["max_duration"]
    venue.set(horizon_days=30, notice_minutes=120)
    assert rules(HOUR, 31 * DAY) == ["notice", "horizon"]


def test_lengths(venue):
    venue.set(min_minutes=60, max_minutes=120)
    assert venue.refused((1, 10), (1, 10, 59)) == ["min_duration"]
    assert venue.refused((1, 10), (1, 11)) == venue.refused((1, 10), (1, 12)) == []
    assert venue.refused((1, 10), (1, 12, 1)) == ["max_duration"]


def test_an_hour_may_go_over_midnight_where_it_is_open(venue):
    venue.set(opening_hours=daily(("18:00", "02:00"), days=["fri"]) + daily(("02:00", "04:00"), days=["sat"]))
    assert venue.refused((4, 18), (5, 4)) == []
    assert venue.refused((4, 17, 59), (5, 1)) == ["closed"]
    assert venue.refused((5, 18), (5, 20)) == ["closed"]


def test_sessions(stack, owner):
    venue = Venue(stack, owner, price_unit="session")
    venue.set(opening_hours=daily(("10:00", "14:00"), ("14:00", "18:00")))
    assert venue.refused((1, 10), (1, 14)) == []
    told = venue.explain((1, 11), (1, 14))["refusals"]
    assert [(one["rule"], one["session_from"], one["session_to"]) for one in told] == [
        ("session", text(venue.at(1, 10)), text(venue.at(1, 14)))
    ]
    assert venue.refused((1, 10), (1, 18)) == ["session"]
    assert venue.refused((1, 20), (1, 22)) == ["closed", "session"]


def test_days_by_dates_and_by_period(stack, owner):
    hall = Venue(stack, owner, price_unit="day")
    hall.set(opening_hours=daily(("09:00", "23:00"), days=[day for day in ALL_DAYS if day != "sun"]), max_days=3)

    def dates(first, last):
        told = hall.explain(dates={"from": hall.date(first).isoformat(), "to": hall.date(last).isoformat()})
        return [one["rule"] for one in told["refusals"]], told["period"]

    assert dates(1, 3) == ([], hall.span((1, 9), (3, 23)))
    assert hall.refused((1, 9), (3, 23)) == []
    assert dates(1, 4)[0] == ["max_duration"]
    assert dates(5, 6) == (["closed"], hall.span((5,), (7,)))
    grid = hall.explain((1, 10), (3, 23))["refusals"]
    assert [(one["rule"], one["whole_from"], one["whole_to"]) for one in grid] == [
        ("unit_grid", text(hall.at(1, 9)), text(hall.at(3, 23)))
    ]


def test_nights_by_arrival_and_departure(stack, owner, guest):
    house = Venue(stack, owner, price_unit="night", units=2)
    house.set(opening_hours=daily(("15:00", "11:00")), min_days=2, buffer_after_minutes=60)
    dates = {"from": house.date(1).isoformat(), "to": house.date(3).isoformat()}
    told = house.explain(dates=dates, units=2)
    assert (told["bookable"], told["period"]) == (True, house.span((1, 15), (3, 11)))
    one_night = house.explain((1, 15), (2, 11))["refusals"]
    assert [(one["rule"], one["minimum_nights"]) for one in one_night] == [("min_duration", 2)]
    house.book(guest, (2, 15), (4, 11))
    booked = house.explain(dates=dates, units=2)["first"]
    assert (booked["rule"], booked["free"], booked["wanted"]) == ("booked", 1, 2)
    assert house.explain(dates=dates)["bookable"]
    house.set(exceptions=[{"from": dates["from"], "closed": True}])
    closed = house.explain(dates=dates)
    assert (closed["first"]["rule"], closed["period"]) == ("closed", house.span((1,), (3,)))


def test_units_and_the_bookings_that_have_them(stack, venue, owner, guest):
    booking = venue.book(guest, (1, 10), (1, 12))
    public = venue.explain((1, 11), (1, 13))["first"]
    assert (public["rule"], public["free"], public["wanted"]) == ("booked", 0, 1)
    assert public["booked_from"] == text(venue.at(1, 11))
    assert "booking_ids" not in public and "booking_ids" not in venue.explain((1, 11), (1, 13), caller=guest)["first"]
    assert venue.explain((1, 11), (1, 13), caller=owner[1])["first"]["booking_ids"] == [booking["id"]]
    assert venue.refused((1, 12), (1, 13)) == []
    assert venue.refused((1, 12), (1, 13), units=2) == ["units_missing"]
    venue.set(buffer_before_minutes=30)
    assert venue.refused((1, 12), (1, 13)) == ["booked"]
    assert venue.refused((1, 12, 30), (1, 13)) == []


def test_interchangeable_units_may_be_moved_and_named_ones_not(stack, owner, guest):
    """Unit 1 is taken first, then unit 2: something is free all the time, and no single unit."""
    for rules, refused in (({}, []), ({"units_mode": "named"}, ["booked"])):
        venue = Venue(stack, owner, price_unit="hour", units=2)
        venue.book(guest, (1, 10), (1, 12))
        venue.book(guest, (1, 10), (1, 14))
        with stack.database("events") as connection:
            connection.execute(
                "DELETE FROM booking_unit WHERE listing_id = %s AND upper(period) = %s AND unit = 1",
                [venue.listing, venue.at(1, 14)],
            )
            connection.execute(
                "UPDATE booking_unit SET period = tstzrange(%s, %s) WHERE listing_id = %s AND unit = 2",
                [venue.at(1, 12), venue.at(1, 14), venue.listing],
            )
            connection.execute(
                "UPDATE listing SET rules = %s::jsonb WHERE id = %s", [str(rules).replace("'", '"'), venue.listing]
            )
            connection.commit()
        assert venue.refused((1, 10), (1, 14)) == refused
    stack["events"].command("rebuild-search")


def test_rules_of_its_type_count_too(stack, owner, guest):
    kind = {"key": "evening_hall", "name": "Hall", "description": "", "unit": "hour"}
    version = stack.admin().rpc("events.type.create", kind)["version"]
    rules = {"opening_hours": daily(("18:00", "23:00"))}
    stack.admin().rpc("events.type.set_rules", {"key": kind["key"], "version": version, "rules": rules})
    venue = Venue(stack, owner, price_unit="hour", type=kind["key"])
    assert venue.refused((1, 10), (1, 12)) == ["closed"]
    assert venue.local(venue.slots((1,), (2,))["slots"]) == [("1 18:00", "1 23:00")]
    day = {"listing_id": venue.listing, "period": venue.span((1, 10), (1, 12))}
    assert guest.error("events.booking.create", day).data["rule"] == "closed"


def test_named_units_may_be_asked_for(stack, owner, guest):
    """Only what takes one of them counts, and they are refused as a booking of them would be."""
    venue = Venue(stack, owner, price_unit="hour", units=3)
    venue.set(units_mode="named", unit_names=["Oak", "Elm", "Ash"])
    taken = venue.book(guest, (1, 10), (1, 12), unit_numbers=[2])
    assert venue.refused((1, 9), (1, 12), unit_numbers=[1, 3]) == []
    told = venue.explain((1, 9), (1, 12), unit_numbers=[2, 3], caller=owner[1])["first"]
    assert (told["rule"], told["free"], told["wanted"]) == ("booked", 1, 2)
    assert (told["booked_from"], told["booking_ids"]) == (text(venue.at(1, 10)), [taken["id"]])
    assert venue.refused((1, 12), (1, 13), unit_numbers=[2]) == []
    wish = {"listing_id": venue.listing, "period": venue.span((1, 10), (1, 12))}
    for method in ("events.availability.explain", "events.booking.create"):
        (field,) = guest.error(method, wish | {"unit_numbers": [1, 4]}).data["fields"]
        assert (field["path"], field["rule"]) == ("/params/unit_numbers/1", "maximum")
        (field,) = guest.error(method, wish | {"unit_numbers": [1, 3], "units": 1}).data["fields"]
        assert (field["path"], field["rule"]) == ("/params/unit_numbers", "count")
    same = Venue(stack, owner, price_unit="hour", units=3)
    wish = {"listing_id": same.listing, "period": same.span((1, 10), (1, 12)), "unit_numbers": [1]}
    assert guest.error("events.availability.explain", wish).data["rule"] == "units_mode"


def test_a_listing_that_is_not_on_offer(stack, owner, guest):
    draft = stack.listing(*owner, publish=False)["id"]
    start = dt.datetime.now(dt.UTC) + 20 * DAY
    params = {"listing_id": draft, "period": {"from": text(start), "to": text(start + DAY)}}
    assert guest.error("events.availability.explain", params).word == "not_found"
    assert owner[1].rpc("events.availability.explain", params)["first"]["rule"] == "not_on_offer"


def test_what_is_no_question_is_refused(stack, venue):
    def faults(**more):
        error = stack.error("events.availability.explain", {"listing_id": venue.listing, **more})
        return [(one["path"], one["rule"]) for one in error.data["fields"]]

    period = venue.span((1, 10), (1, 12))
    dates = {"from": "2027-05-03", "to": "2027-05-02"}
    assert faults() == [("/params/period", "required")]
    assert faults(period=period, dates=dates) == [("/params/dates", "beside")]
    assert faults(dates=dates) == [("/params/dates/to", "not_before")]
    assert faults(period={"from": period["to"], "to": period["from"]}) == [("/params/period/to", "after")]
    assert faults(period=period, units=0) == [("/params/units", "minimum")]
    assert faults(period=period, language="de") == [("/params/language", "enum")]
    long = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T00:00:00Z"}
    told = stack.rpc("events.availability.explain", {"listing_id": venue.listing, "period": long})
    assert [one["rule"] for one in told["refusals"]] == ["in_past", "horizon", "max_duration"]


def test_of_a_period_too_long_for_any_booking_it_is_not_told_what_is_taken(venue, guest):
    venue.book(guest, (1, 10), (1, 12))
    assert venue.refused((0,), (365,)) == ["booked"]
    assert venue.refused((0,), (368,)) == ["max_duration"]
