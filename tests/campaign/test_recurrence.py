"""The model of what recurs: its dates, its time over a change of the clocks, and what becomes of a series."""

from datetime import UTC, date, datetime

import pytest
from ledger import Ledger
from paths_series import COUNTING
from recurrence import dates_of, left_out, period_on
from scene import Scene
from test_scene import NOW, do, refused, terms, wish
from times import HOUR, MINUTE, Span, instant


def found(first, **recurrence):
    days, missing = dates_of(recurrence, date.fromisoformat(first))
    return [str(day) for day in days], missing


def test_weeks():
    assert found("2027-01-04", frequency="weekly", count=3)[0] == ["2027-01-04", "2027-01-11", "2027-01-18"]
    both = {"frequency": "weekly", "interval": 2, "weekdays": ["fri", "mon"]}
    assert found("2027-01-08", count=3, **both)[0] == ["2027-01-08", "2027-01-18", "2027-01-22"]
    assert found("2027-01-08", until="2027-01-18", **both)[0] == ["2027-01-08", "2027-01-18"]
    assert left_out({"except": ["2027-01-04"]}, date(2027, 1, 4)) and not left_out({}, date(2027, 1, 4))


def test_months_without_the_day_are_passed_over():
    assert found("2027-01-31", frequency="monthly", count=3) == (
        ["2027-01-31", "2027-03-31", "2027-05-31"],
        ["2027-02", "2027-04"],
    )
    fifth = found("2027-01-29", frequency="monthly", monthly_by="weekday", count=2)
    assert fifth == (["2027-01-29", "2027-04-30"], ["2027-02", "2027-03"])
    last = found("2027-01-29", frequency="monthly", monthly_by="last_weekday", count=3)
    assert last == (["2027-01-29", "2027-02-26", "2027-03-26"], [])


def test_the_wall_clock_shows_the_same_whatever_the_clocks_do():
    at = lambda *clock: instant(datetime(2027, *clock), "Europe/Oslo")
    evening = Span(at(3, 21, 18), at(3, 22, 1, 30))
    assert period_on("Europe/Oslo", evening, date(2027, 3, 28)) == Span(at(3, 28, 18), at(3, 29, 1, 30))
    night = Span(at(3, 21, 2, 30), at(3, 21, 4))
    # Half past two is skipped, and moves forward by an hour.
    assert period_on("Europe/Oslo", night, date(2027, 3, 28)) == Span(
        datetime(2027, 3, 28, 1, 30, tzinfo=UTC), datetime(2027, 3, 28, 2, tzinfo=UTC)
    )
    gap = Span(at(3, 21, 2), at(3, 21, 3))
    moved = period_on("Europe/Oslo", gap, date(2027, 3, 28))
    assert moved.start == moved.end == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert period_on("Europe/Oslo", gap, date(2027, 10, 31)).length == 2 * HOUR


WEEKS = {"frequency": "weekly", "count": 3}


def series(state, name="create_recurring", made=("2027-03-03", "2027-03-10", "2027-03-17"), **more):
    """The state with a series of Wednesdays; the bookings are called by their dates."""
    params = wish("a") | {"recurrence": WEEKS} | more
    return do(state, name, params, made=[{"id": day, "occurrence": day} for day in made], series_id="s")


@pytest.fixture
def hall():
    return Scene({"a": Ledger(terms())})


def test_each_or_all(hall):
    taken, _ = do(hall, "create", wish("a", 7 * 24), id="rival")
    state, bookings = series(taken, mode="each")
    assert [one.occurrence for _, one in bookings] == ["2027-03-03", "2027-03-17"]
    assert state.ledgers["a"].series["s"].refused == {"2027-03-10": {"booked"}}
    assert refused(taken, "create_recurring", wish("a") | {"recurrence": WEEKS, "mode": "all"}) == {"refused", "booked"}


def test_a_date_is_added_once(hall):
    state, _ = series(hall, recurrence=WEEKS | {"except": ["2027-03-10"]}, made=("2027-03-03", "2027-03-17"))
    add = {"series_id": "s", "date": "2027-03-10"}
    assert refused(state, "add_occurrence", add, "v", listing="a") == {"not_found", "company_right"}
    state, ((_, added),) = do(state, "add_occurrence", add, listing="a", id="x")
    assert added.occurrence == "2027-03-10" and added.series == "s"
    assert refused(state, "add_occurrence", add, listing="a") == {"state"}
    assert "not_found" in refused(state, "add_occurrence", add | {"date": "2027-03-11"}, listing="a")


@pytest.mark.parametrize(("scope", "left"), [("this", 2), ("following", 1), ("all", 0)])
def test_this_or_those_after_it_or_all_are_cancelled(hall, scope, left):
    state, _ = series(hall)
    state, _ = do(state, "cancel", {"id": "2027-03-10", "occurrences": scope}, listing="a")
    assert sum(one.state in COUNTING for one in state.ledgers["a"].bookings.values()) == left


def test_what_has_begun_is_passed_over(hall):
    state, _ = series(hall)
    late = NOW + 48 * HOUR + MINUTE
    state, _ = do(state, "cancel", {"id": "2027-03-10", "occurrences": "all"}, now=late, listing="a")
    assert [one.state for one in state.ledgers["a"].bookings.values()] == ["confirmed", "cancelled", "cancelled"]
