"""The calendar of a company: all that lies in a time, of all its listings, by its beginning."""

from datetime import timedelta

import pytest
from bookings import midnight, moment
from companies import all_pages

HOUR = timedelta(hours=1)
FIRST = midnight(20)
LAST = FIRST + timedelta(days=30)


def span(start, length=2 * HOUR):
    return {"from": moment(start), "to": moment(start + length)}


@pytest.fixture(scope="module")
def house(stack):
    """(company, its owner, a guest, two halls, {name: booking})."""
    company, owner = stack.company()
    halls, guest = [stack.listing(company, owner) for _ in range(2)], stack.user()

    def book(hall, start, length=2 * HOUR):
        return guest.rpc("events.booking.create", {"listing_id": halls[hall]["id"], "period": span(start, length)})

    made = {
        "before": book(0, FIRST - 2 * HOUR),
        "into": book(1, FIRST - HOUR),
        "second": book(1, FIRST + 30 * HOUR),
        "first": book(0, FIRST + 29 * HOUR),
        "across": book(0, LAST - HOUR),
        "after": book(1, LAST),
        "gone": book(1, FIRST + 50 * HOUR),
        "held": guest.rpc("events.booking.hold", {"listing_id": halls[0]["id"], "period": span(FIRST + 60 * HOUR)}),
        "blocked": owner.rpc(
            "events.booking.block", {"listing_id": halls[1]["id"], "period": span(FIRST + 61 * HOUR), "note": "Paint"}
        ),
    }
    guest.rpc("events.booking.cancel", {"id": made["gone"]["id"]})
    return company, owner, guest, halls, {booking["id"]: name for name, booking in made.items()}


def calendar(caller, house, **params):
    """The names of what is listed, in its order."""
    company, _, _, _, names = house
    base = {"company_id": company, "order": "start", "from": moment(FIRST), "to": moment(LAST)}
    return [names[item["id"]] for item in all_pages(caller, "events.booking.list", base | params)]


STANDING = ["into", "first", "second", "held", "blocked", "across"]


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_it_has_what_lies_in_the_time_by_its_beginning(house, limit):
    assert calendar(house[1], house, limit=limit) == STANDING


def test_a_state_or_a_listing_can_be_asked_for(house):
    _, owner, _, halls, _ = house
    assert calendar(owner, house, state="held") == ["held"]
    assert calendar(owner, house, state="cancelled") == ["gone"]
    assert calendar(owner, house, listing_id=halls[0]["id"]) == ["first", "held", "across"]
    one = {"listing_id": halls[1]["id"], "order": "start", "from": moment(FIRST), "to": moment(LAST)}
    assert len(owner.rpc("events.booking.list", one)["items"]) == 3


def test_items_say_what_they_are(house):
    company, owner, *_ = house
    base = {"company_id": company, "order": "start", "from": moment(FIRST), "to": moment(LAST)}
    items = owner.rpc("events.booking.list", base)["items"]
    assert [(item["kind"], item["state"]) for item in items][2:5] == [
        ("booking", "confirmed"),
        ("booking", "held"),
        ("block", "confirmed"),
    ]


@pytest.mark.parametrize(
    ("params", "path", "rule"),
    [
        ({"to": moment(LAST)}, "/params/from", "required"),
        ({"from": moment(FIRST)}, "/params/to", "required"),
        ({"from": moment(LAST), "to": moment(LAST)}, "/params/to", "after"),
        ({"from": moment(FIRST), "to": moment(FIRST + timedelta(days=62, seconds=1))}, "/params/to", "maximum_days"),
    ],
)
def test_a_time_is_required_and_of_two_months_at_most(house, params, path, rule):
    company, owner, *_ = house
    error = owner.error("events.booking.list", {"company_id": company, "order": "start"} | params)
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [(path, rule)]


def test_it_is_the_companys_alone(stack, house):
    company, owner, guest, halls, _ = house
    window = {"order": "start", "from": moment(FIRST), "to": moment(FIRST + timedelta(days=62))}
    assert guest.error("events.booking.list", window | {"company_id": company}).reason == "company_right"
    assert stack.company()[1].error("events.booking.list", window | {"listing_id": halls[0]["id"]}).word == "forbidden"
    error = owner.error("events.booking.list", window)
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [("/params/company_id", "required")]
    cursor = owner.rpc("events.booking.list", window | {"company_id": company, "limit": 1})["next_cursor"]
    other = window | {"company_id": company, "cursor": cursor, "to": moment(LAST)}
    assert owner.error("events.booking.list", other).word == "invalid_params"


def test_it_reads_an_index_that_knows_the_time(stack, house):
    with stack.database("events") as database:
        database.execute("SET enable_seqscan = off")
        plan = database.execute(
            "EXPLAIN SELECT FROM booking WHERE company_id = %s AND period && tstzrange(%s, %s)", (house[0], FIRST, LAST)
        ).fetchall()
        assert any("booking_calendar" in line for (line,) in plan) and "period &&" in str(plan), plan
