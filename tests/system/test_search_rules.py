"""Search by period where listings have rules: buffers, named units, overbooking, closed days."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from bookings import midnight, moment
from rpc import RpcError
from waiting import wait_until

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = midnight(10) + 12 * HOUR
NOW = datetime.now(UTC).replace(microsecond=0)
WIDE = {"buffer_before_minutes": 60, "buffer_after_minutes": 30}
CLOSED = {"exceptions": [{"from": f"{NOON:%Y-%m-%d}", "closed": True}]}
# Of each listing its units, its rules, and what is taken: from, to, the unit.
LISTINGS = {
    "wide": (1, WIDE, [(NOON, NOON + 2 * HOUR, 1)]),
    "wide, several": (3, WIDE, [(NOON, NOON + 2 * HOUR, 1), (NOON, NOON + 2 * HOUR, 2)]),
    "just left": (1, {"buffer_before_minutes": 120}, [(NOW - 2 * HOUR, NOW - HOUR, 1)]),
    "named": (2, {"units_mode": "named"}, [(NOON, NOON + HOUR, 1), (NOON + HOUR, NOON + 2 * HOUR, 2)]),
    "any": (2, {}, [(NOON, NOON + HOUR, 1), (NOON + HOUR, NOON + 2 * HOUR, 2)]),
    "over, one": (1, {"overbooking": 1}, [(NOON, NOON + HOUR, 1)]),
    "over, both": (1, {"overbooking": 1}, [(NOON, NOON + HOUR, 1), (NOON, NOON + HOUR, 2)]),
    "not over": (1, {}, [(NOON, NOON + HOUR, 1), (NOON, NOON + HOUR, 2)]),
    "closed": (1, CLOSED, []),
    "never open": (1, {"opening_hours": []}, []),
    "old": (1, CLOSED, []),
    "open again": (1, CLOSED, []),
}


def take(database, listing, start, end, unit):
    """A row of a unit that is taken, with its buffers, beside all rules."""
    database.execute(
        "WITH made AS (INSERT INTO booking (id, listing_id, company_id, period) SELECT gen_random_uuid(), id, "
        "company_id, tstzrange(%s, %s) FROM listing WHERE id = %s RETURNING *) "
        "INSERT INTO booking_unit SELECT id, listing_id, %s, period FROM made",
        (start, end, listing["id"], unit),
    )


def rule(database, listing, rules):
    database.execute("UPDATE listing SET rules = %s WHERE id = %s", (json.dumps(rules), listing["id"]))


# Of a search whose page asks rules: in the order of prices, many that are closed at noon, and a few that are not.
COPIED = str(uuid.uuid4())
MANY, OPEN = 160, (3, 50, 51, 159)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVENINGS = {"opening_hours": [{"days": DAYS, "from": "18:00", "to": "23:00"}]}
ALL_DAY = {"opening_hours": [{"days": DAYS, "from": "00:00", "to": "24:00"}], "notice_minutes": 60}
COPIES = """
INSERT INTO listing (id, company_id, type, title, time_zone, price_amount, price_currency, price_unit, state,
	published_at, rules)
SELECT gen_random_uuid(), %(company)s, l.type, n::text, 'UTC', 1000 + n, 'EUR', 'hour', 'published', now(),
	CASE WHEN n = ANY (%(open)s) THEN %(all_day)s ELSE %(evenings)s END::jsonb
FROM listing l, generate_series(0, %(many)s - 1) n WHERE l.id = %(model)s
"""


@pytest.fixture(scope="module")
def market(stack):
    """{name: the listing}, as search has them then."""
    company, owner = stack.company()
    same = {"time_zone": "UTC", "price_unit": "hour"}
    market = {name: stack.listing(company, owner, units=units, **same) for name, (units, *_) in LISTINGS.items()}
    with stack.database("events") as database:
        for name, (_, rules, rows) in LISTINGS.items():
            rule(database, market[name], rules)
            for row in rows:
                take(database, market[name], *row)
        database.execute(
            COPIES,
            {
                "company": COPIED,
                "open": list(OPEN),
                "many": MANY,
                "all_day": json.dumps(ALL_DAY),
                "evenings": json.dumps(EVENINGS),
                "model": market["any"]["id"],
            },
        )
    stack["events"].command("rebuild-search")
    return market


def found(stack, listing, start, end, **filters):
    """Whether a search for the time finds the listing."""
    period = {"from": moment(start), "to": moment(end)}
    page = stack.rpc("events.listing.search", {"company_id": listing["company_id"], "period": period, **filters})
    return listing["id"] in [item["id"] for item in page["items"]]


def test_buffers_keep_their_distance_on_both_sides(stack, market):
    """The wish's own buffers, on what is taken with those of its time."""
    hall, several, second = market["wide"], market["wide, several"], timedelta(seconds=1)
    assert not found(stack, hall, NOON - 2 * HOUR, NOON - HOUR / 2 + second)
    assert found(stack, hall, NOON - 2 * HOUR, NOON - HOUR / 2)
    assert not found(stack, hall, NOON + 3 * HOUR - second, NOON + 4 * HOUR)
    assert found(stack, hall, NOON + 3 * HOUR, NOON + 4 * HOUR)
    assert not found(stack, several, NOON + 2.5 * HOUR, NOON + 4 * HOUR, units=2)
    assert found(stack, several, NOON + 2.5 * HOUR, NOON + 4 * HOUR, units=1)
    assert found(stack, several, NOON + 3 * HOUR, NOON + 4 * HOUR, units=3)


def test_what_has_just_ended_keeps_its_distance_too(stack, market):
    hall = market["just left"]
    assert not found(stack, hall, NOW + HOUR / 2, NOW + 2 * HOUR)
    assert found(stack, hall, NOW + HOUR, NOW + 2 * HOUR)


def test_named_units_do_not_make_room(stack, market):
    """At no instant are both taken, and no one of them is free for all of the time."""
    named, free = market["named"], market["any"]
    assert (found(stack, named, NOON, NOON + 2 * HOUR), found(stack, free, NOON, NOON + 2 * HOUR)) == (False, True)
    assert found(stack, named, NOON, NOON + HOUR) and found(stack, named, NOON + 2 * HOUR, NOON + 3 * HOUR, units=2)
    assert not found(stack, named, NOON, NOON + HOUR, units=2)


def test_units_above_those_there_are_can_be_found(stack, market):
    assert found(stack, market["over, one"], NOON, NOON + HOUR)
    assert not found(stack, market["over, both"], NOON, NOON + HOUR)
    assert not found(stack, market["not over"], NOON, NOON + HOUR)
    assert found(stack, market["not over"], NOON + HOUR, NOON + 2 * HOUR)


def closed_bits(database, listing):
    """How many days of its ring are set, and whether that of ten days from now is."""
    return database.execute(
        "SELECT bit_count(busy_days), get_bit(busy_days, (floor(extract(epoch FROM now()) / 86400)::integer + 10) "
        "%% 1024) FROM listing_search WHERE id = %s",
        (listing["id"],),
    ).fetchone()


def test_closed_days_follow_rules_and_time(stack, market):
    """They count while they were made for the rules that stand; a rebuild makes them anew, and so does each day."""
    with stack.database("events") as database:
        database.autocommit = True
        assert closed_bits(database, market["closed"]) == (1, 1)
        assert not found(stack, market["closed"], NOON - DAY, NOON + DAY)
        assert closed_bits(database, market["never open"]) == (1002, 1)
        assert closed_bits(database, market["any"]) == (0, 0)
        rule(database, market["open again"], {})
        stack["events"].command("rebuild-search")
        assert closed_bits(database, market["open again"]) == (0, 0)
        old = (market["old"]["id"],)
        database.execute("UPDATE listing_closed SET made_on = made_on - 1, days = ~days WHERE listing_id = %s", old)
        database.execute(
            "UPDATE listing_search SET busy_days = ~busy_days WHERE id = ANY (%s)", ([*old, market["any"]["id"]],)
        )
        stack["events"].restart()  # which tidies at its start
        wait_until(lambda: closed_bits(database, market["old"]) == (1, 1), what="the day's batch")
        wait_until(lambda: closed_bits(database, market["any"]) == (0, 0), what="days gone by being cleared")


def test_days_closed_by_a_type_are_made_as_days_pass(stack):
    kind = "closing_hall"
    stack.admin().rpc("events.type.create", {"key": kind, "name": "Hall", "description": "", "unit": "hour"})
    listing = stack.listing(*stack.company(), type=kind, time_zone="UTC", price_unit="hour")
    version = stack.rpc("events.type.get", {"key": kind})["version"]
    stack.admin().rpc("events.type.set_rules", {"key": kind, "version": version, "rules": CLOSED})
    with stack.database("events") as database:
        database.autocommit = True
        wait_until(lambda: closed_bits(database, listing) == (1, 1), what="the rules of the type")
        made_before = "UPDATE listing_closed SET made_on = made_on - 1, days = ~days WHERE listing_id = %s"
        database.execute(made_before, (listing["id"],))
        database.execute("UPDATE listing_search SET busy_days = ~busy_days WHERE id = %s", (listing["id"],))
        stack["events"].restart()
        wait_until(lambda: closed_bits(database, listing) == (1, 1), what="the day's batch")


def pages(stack, start, end, limit, **params):
    """The pages of a search among the copies, by price."""
    params |= {
        "company_id": COPIED,
        "period": {"from": moment(start), "to": moment(end)},
        "sort": "price",
        "limit": limit,
    }
    while True:
        page = stack.rpc("events.listing.search", params)
        yield page
        if not page["next_cursor"]:
            return
        params["cursor"] = page["next_cursor"]


def titles(page):
    return [int(item["title"]) for item in page["items"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_pages_have_what_the_rules_allow_and_are_filled_again(stack, market, limit):
    """A page of one looks at fewer rows in its six times than are closed between 51 and 159, and then goes on."""
    found = list(pages(stack, NOON, NOON + HOUR, limit))
    assert [title for page in found for title in titles(page)] == list(OPEN)
    assert all(len(page["items"]) <= limit for page in found)
    assert found[0]["total"] == (len(OPEN) if limit >= len(OPEN) else {"at_most": MANY})
    assert len(found) <= (7 if limit == 1 else 3)


def test_every_page_is_full_when_all_are_allowed(stack, market):
    found = list(pages(stack, NOON + 6.5 * HOUR, NOON + 8 * HOUR, 50))
    assert [len(page["items"]) for page in found] == [50, 50, 50, 10]
    assert [title for page in found for title in titles(page)] == list(range(MANY))


def test_rules_of_the_clock_are_asked_too(stack, market):
    """An hour's notice, of which those know that are open all day."""
    for minutes, expected in ((50, set()), (70, set(OPEN))):
        start = NOW + timedelta(minutes=minutes)
        found = {title for page in pages(stack, start, start + HOUR, 100) for title in titles(page)}
        assert found & set(OPEN) == expected
    assert stack.rpc("events.listing.search", {"company_id": COPIED})["total"] == MANY


def test_a_period_that_has_begun_is_searched_as_if_it_could_begin(stack, market):
    """No rule forbids it but that it has begun."""
    hall = market["closed"]
    assert found(stack, hall, NOW - 2 * HOUR, NOW + HOUR) and not found(stack, hall, NOW - 2 * HOUR, NOON)


def test_days_close_when_rules_are_set(stack, market):
    """Those of a listing with the answer, those of a type's listings soon after."""
    company, owner = stack.company()
    kind = {"key": "closing", "name": "Closing", "description": "For tests", "unit": "hour"}
    version = stack.admin().rpc("events.type.create", kind)["version"]
    hall = stack.listing(company, owner, type="closing", time_zone="UTC")
    with stack.database("events") as database:
        database.autocommit = True
        owner.rpc("events.listing.set_rules", {"listing_id": hall["id"], "version": 0, "rules": CLOSED})
        assert closed_bits(database, hall) == (1, 1)
        rules = {"opening_hours": []}
        stack.admin().rpc("events.type.set_rules", {"key": "closing", "version": version, "rules": rules})
        wait_until(lambda: closed_bits(database, hall) == (1002, 1), what="the listings of the type")


RULES = [
    {},
    {"buffer_before_minutes": 45, "buffer_after_minutes": 30},
    {"units_mode": "named", "buffer_after_minutes": 60},
    {"overbooking": 1, "start_grid_minutes": 60},
    EVENINGS | {"step_minutes": 60},
    {"opening_hours": [{"days": ["sat", "sun"], "from": "22:00", "to": "04:00"}], "min_minutes": 120},
    CLOSED | {"max_minutes": 300},
    {"opening_hours": [{"days": DAYS[:5], "from": "10:00", "to": "20:00"}], "horizon_days": 12},
]


def outcome(guest, listing, period, units):
    """The booking, or None when rules or others forbid it."""
    try:
        return guest.rpc("events.booking.create", {"listing_id": listing["id"], "period": period, "units": units})
    except RpcError as error:
        assert error.word in ("conflict", "precondition_failed"), error
        return None


def test_what_is_shown_can_be_booked_and_nothing_else_can(stack):
    """Of listings with all kinds of rules, at times drawn by lot, while they fill."""
    rng, guest, (company, owner) = random.Random(5), stack.user(), stack.company()
    listings = [stack.listing(company, owner, units=2, time_zone="Europe/Berlin", price_unit="hour") for _ in RULES]
    for listing, rules in zip(listings, RULES, strict=True):
        owner.rpc("events.listing.set_rules", {"listing_id": listing["id"], "version": 0, "rules": rules})
    shown, hidden = 0, 0
    for _ in range(25):
        start = midnight(9) + rng.randrange(4 * 48) * HOUR / 2
        period = {"from": moment(start), "to": moment(start + rng.choice([2, 3, 4, 8, 16]) * HOUR / 2)}
        units = rng.choice([1, 1, 2])
        search = {"company_id": company, "period": period, "units": units}
        free = {item["id"] for item in stack.rpc("events.listing.search", search)["items"]}
        booked = {one["id"]: outcome(guest, one, period, units) for one in listings}
        assert free == {listing for listing, booking in booked.items() if booking}, (period, units)
        shown, hidden = shown + len(free), hidden + len(listings) - len(free)
    assert shown > 40 and hidden > 80, (shown, hidden)
