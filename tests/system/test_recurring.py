"""Bookings that recur: on the venue's wall clock, each date for itself or all or none."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from booking_steps import EUROS, ask, do, fails, set_rules
from bookings import at_once, midnight
from past_bookings import text
from test_desk import KARI, fields

DAY = timedelta(days=1)
OSLO = ZoneInfo("Europe/Oslo")


def monday(weeks, hour=18, zone=OSLO):
    """An hour on a Monday of a week to come."""
    first = midnight(7 * weeks).date()
    first += timedelta(days=-first.weekday())
    return datetime(first.year, first.month, first.day, hour, tzinfo=zone)


def period(start, hours=2):
    return {
        "from": text(start.astimezone(ZoneInfo("UTC"))),
        "to": text((start + timedelta(hours=hours)).astimezone(ZoneInfo("UTC"))),
    }


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, price=EUROS, price_unit="hour", time_zone="Europe/Oslo")["id"]


def recurring(user, hall, start, hours=2, **more):
    recurrence = {name: more.pop(name) for name in list(more) if name in RECURRENCE}
    params = {"listing_id": hall, "period": period(start, hours), "recurrence": {"frequency": "weekly"} | recurrence}
    return user.rpc("events.booking.create_recurring", params | more)


def refused(user, hall, start, hours=2, **more):
    recurrence = {name: more.pop(name) for name in list(more) if name in RECURRENCE}
    params = {"listing_id": hall, "period": period(start, hours), "recurrence": {"frequency": "weekly"} | recurrence}
    return user.error("events.booking.create_recurring", params | more)


RECURRENCE = ("frequency", "interval", "weekdays", "monthly_by", "count", "until", "except")


def results(series):
    return [one["result"] for one in series["occurrences"]]


def instants(series):
    return [datetime.fromisoformat(one["period"]["from"]) for one in series["occurrences"]]


def test_a_weekly_course_keeps_the_hour_of_the_wall_clock(hall, guest):
    start = monday(3)
    series = recurring(guest, hall, start, count=40)  # the clocks change within
    local = [one.astimezone(OSLO) for one in instants(series)]
    assert [(one.date(), one.hour) for one in local] == [((start + 7 * n * DAY).date(), 18) for n in range(40)]
    assert len({one.utcoffset() for one in local}) == 2
    assert results(series) == ["booked"] * 40 and series["totals"] == [{"amount": 80_000, "currency": "EUR"}]
    booking = guest.rpc("events.booking.get", {"id": series["occurrences"][3]["booking_id"]})
    assert booking["series_id"] == series["series_id"] and booking["occurrence"] == series["occurrences"][3]["date"]
    assert guest.rpc("events.booking.get_series", {"series_id": series["series_id"]}) == {
        name: value for name, value in series.items() if name != "seq"
    }


def test_each_date_stands_for_itself(hall, guest, other):
    start = monday(3)
    taken = period(start + 7 * DAY)
    other.rpc("events.booking.create", {"listing_id": hall, "period": taken})
    series = recurring(guest, hall, start, count=4, **{"except": [str((start + 14 * DAY).date())]})
    assert results(series) == ["booked", "refused", "skipped", "booked"]
    assert series["occurrences"][1]["refusals"][0]["reason"] == "booked"
    assert series["occurrences"][1]["period"]["from"][:19] == taken["from"][:19]

    left_out = {"series_id": series["series_id"], "date": series["occurrences"][2]["date"]}
    added = guest.rpc("events.booking.add_occurrence", left_out)
    assert added["series_id"] == series["series_id"] and added["occurrence"] == left_out["date"]
    assert guest.error("events.booking.add_occurrence", left_out).data["rule"] == "state"
    again = left_out | {"date": series["occurrences"][1]["date"]}
    assert guest.error("events.booking.add_occurrence", again).reason == "booked"
    assert other.error("events.booking.add_occurrence", again).word == "not_found"
    assert results(guest.rpc("events.booking.get_series", {"series_id": series["series_id"]})) == [
        "booked",
        "refused",
        "booked",
        "booked",
    ]


def test_all_or_none(stack, hall, guest, other):
    start = monday(3)
    other.rpc("events.booking.create", {"listing_id": hall, "period": period(start + 14 * DAY)})
    error = refused(guest, hall, start, count=4, mode="all")
    assert error.reason == "refused" and [one["date"] for one in error.data["occurrences"]] == [
        str((start + 14 * DAY).date())
    ]
    with stack.database("events") as database:
        left = "SELECT count(*) FROM booking WHERE listing_id = %s AND series_id IS NOT NULL"
        assert database.execute(left, [hall]).fetchone()[0] == 0
    assert results(recurring(guest, hall, start + DAY, count=4, mode="all")) == ["booked"] * 4


def test_nothing_is_left_of_a_series_that_cannot_be_booked_at_all(stack, hall, guest, other):
    start = monday(3)
    for weeks in range(2):
        other.rpc("events.booking.create", {"listing_id": hall, "period": period(start + 7 * weeks * DAY)})
    assert refused(guest, hall, start, count=2).reason == "refused"
    with stack.database("events") as database:
        left = "SELECT count(*) FROM booking_series WHERE listing_id = %s"
        assert database.execute(left, [hall]).fetchone()[0] == 0


def test_months_without_the_day_are_told(stack, owner, guest):
    hall = stack.listing(*owner, price=EUROS, price_unit="hour", time_zone="UTC")["id"]
    first = next(midnight(n) for n in range(20, 100) if midnight(n).day == 31) + timedelta(hours=12)
    series = recurring(guest, hall, first, frequency="monthly", count=3)
    days = [one.day for one in instants(series)]
    assert days == [31] * 3 and series["months_without"]
    assert all(month[:4].isdigit() and len(month) == 7 for month in series["months_without"])


def local(time):
    return datetime.fromisoformat(time).astimezone(OSLO)


def next_change(forward):
    """The local date of the next change of the clocks in Oslo, at least three weeks ahead."""
    at = midnight(21)
    while True:
        before, after = at.astimezone(OSLO).utcoffset(), (at + DAY).astimezone(OSLO).utcoffset()
        if before != after and (after > before) == forward:
            return (at + DAY).astimezone(OSLO).date() if at.astimezone(OSLO).hour > 12 else at.astimezone(OSLO).date()
        at += DAY


def test_an_hour_that_is_skipped_and_one_that_comes_twice(hall, guest):
    forward = next_change(True)
    start = datetime(forward.year, forward.month, forward.day, 2, 30, tzinfo=OSLO) - 7 * DAY
    series = recurring(guest, hall, start, 2, count=2)
    begun, ended = (local(series["occurrences"][1]["period"][name]) for name in ("from", "to"))
    assert (begun.date(), begun.hour, begun.minute) == (forward, 3, 30) and ended - begun == timedelta(hours=1)
    nothing = recurring(guest, hall, start - timedelta(days=14), 1, count=4)  # 2:30 to 3:30
    assert results(nothing) == ["booked", "booked", "refused", "refused"]
    assert nothing["occurrences"][3]["period"] is None
    assert nothing["occurrences"][3]["refusals"][0]["rule"] == "skipped_hour"

    backward = next_change(False)
    start = datetime(backward.year, backward.month, backward.day, 2, 30, tzinfo=OSLO) - 7 * DAY
    series = recurring(guest, hall, start, 1, count=2)
    begun, ended = (local(series["occurrences"][1]["period"][name]) for name in ("from", "to"))
    assert begun.fold == 0 and ended.timestamp() - begun.timestamp() == 7200  # until 3:30 on the wall


def test_a_course_is_cancelled_for_once_from_a_date_on_or_altogether(hall, guest, owner):
    series = recurring(guest, hall, monday(3), count=6)
    bookings = [{"id": one["booking_id"]} for one in series["occurrences"]]
    do(guest, "cancel", bookings[1])
    quote = do(guest, "quote_cancel", bookings[3], occurrences="following")
    gone = do(guest, "cancel", bookings[3], occurrences="following")
    assert [one["id"] for one in gone["also_cancelled"]] == [bookings[4]["id"], bookings[5]["id"]]
    assert quote["also_cancelled"] == gone["also_cancelled"] and gone["state"] == "cancelled"
    state = [do(guest, "get", one)["state"] for one in bookings]
    assert state == ["confirmed", "cancelled", "confirmed"] + ["cancelled"] * 3
    rest = do(owner[1], "cancel", bookings[2], occurrences="all")
    assert [one["id"] for one in rest["also_cancelled"]] == [bookings[0]["id"]]
    later = guest.rpc(
        "events.booking.add_occurrence", {"series_id": series["series_id"], "date": series["occurrences"][4]["date"]}
    )
    assert later["state"] == "confirmed"
    alone = ask(guest, hall)
    assert fails(guest, "cancel", alone, occurrences="all") == "series"


def test_a_series_by_request_and_at_the_desk(hall, owner, guest):
    set_rules(owner[1], hall, confirmation="request")
    assert results(recurring(guest, hall, monday(3), count=2)) == ["requested"] * 2
    series = recurring(owner[1], hall, monday(4, hour=10), count=2, customer=KARI)
    assert results(series) == ["booked"] * 2 and series["customer"] == KARI
    assert guest.error("events.booking.get_series", {"series_id": series["series_id"]}).word == "not_found"


@pytest.mark.parametrize(
    ("recurrence", "field", "rule"),
    [
        ({"count": 367}, "/params/recurrence/count", "maximum"),
        ({}, "/params/recurrence/count", "required"),
        ({"until": "2099-01-01", "weekdays": ["mon", "tue"]}, "/params/recurrence", "occurrences"),
        ({"until": "2020-01-01"}, "/params/recurrence/until", "not_before"),
        ({"count": 3, "weekdays": ["tue"]}, "/params/recurrence/weekdays", "first"),
        ({"count": 3, "monthly_by": "day"}, "/params/recurrence/monthly_by", "beside"),
        ({"frequency": "monthly", "count": 3, "weekdays": ["mon"]}, "/params/recurrence/weekdays", "beside"),
        ({"count": 3, "until": "2099-01-01"}, "/params/recurrence/until", "beside"),
    ],
)
def test_bad_recurrences_are_named(hall, guest, recurrence, field, rule):
    assert fields(refused(guest, hall, monday(3), **recurrence)) == {field: rule}


def test_a_year_of_days_and_beyond_the_horizon(hall, guest):
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    series = recurring(guest, hall, monday(3, hour=6), 1, count=366, weekdays=days)
    assert results(series) == ["booked"] * 366
    far = recurring(guest, hall, monday(3, hour=20), frequency="monthly", interval=12, count=5)
    assert results(far)[:3] == ["booked"] * 3 and results(far)[3:] == ["refused"] * 2
    assert far["occurrences"][4]["refusals"][0]["rule"] == "horizon"


def test_a_call_that_is_repeated_with_its_key_goes_on(stack, hall, guest):
    params = {"listing_id": hall, "period": period(monday(3)), "recurrence": {"frequency": "weekly", "count": 30}}
    params["idempotency_key"] = "course"
    answers = at_once(3, lambda _: guest.rpc("events.booking.create_recurring", params))
    assert answers[0] == answers[1] == answers[2] and results(answers[0]) == ["booked"] * 30
    other = params | {"units": 1, "note": "another course"}
    assert guest.error("events.booking.create_recurring", other).reason == "idempotency_key"
    with stack.database("events") as database:  # as if the daemon had died after the first 20
        late = [one["booking_id"] for one in answers[0]["occurrences"][20:]]
        database.execute("DELETE FROM booking_unit WHERE booking_id = ANY (%s::uuid[])", [late])
        database.execute("DELETE FROM booking WHERE id = ANY (%s::uuid[])", [late])
        database.execute(
            "UPDATE booking_occurrence SET result = 'waiting', booking_id = NULL WHERE booking_id = ANY (%s::uuid[])",
            [late],
        )
        database.execute("DELETE FROM idempotency_key WHERE key = 'course'")
    again = guest.rpc("events.booking.create_recurring", params)
    assert again["series_id"] == answers[0]["series_id"] and results(again) == ["booked"] * 30
    assert [one["booking_id"] for one in again["occurrences"][:20]] == [
        one["booking_id"] for one in answers[0]["occurrences"][:20]
    ]
