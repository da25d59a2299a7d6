"""What a booking costs: a day of a venue is a day on its own clock, and a price too high to be one is refused."""

import datetime as dt
import random
import zoneinfo

import pytest

DAY = dt.timedelta(days=1)
TICK = dt.timedelta(microseconds=1)
MAX_AMOUNT = 9_000_000_000_000_000
ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe")


def text(moment):
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def reading(clock, zone):
    """The moment at which a zone's clock shows that; the later one where the clock is skipped or shown twice."""
    return max(clock.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def local_days(start, end, zone):
    """The smallest n such that start plus n local days is not before end."""
    clock = start.astimezone(zone).replace(tzinfo=None)
    n = max(1, (end - start).days - 2)
    assert n == 1 or reading(clock + (n - 1) * DAY, zone) < end
    while reading(clock + n * DAY, zone) < end:
        n += 1
    return n


def change_of_clocks(zone, forward):
    """The next moment in which the zone's clocks are put forward or back."""
    moment = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) + 3 * DAY
    step = dt.timedelta(minutes=30)
    while True:
        before, after = (time.astimezone(zone).utcoffset() for time in (moment - step, moment))
        if (after > before) if forward else (after < before):
            return moment
        moment += step


@pytest.mark.parametrize("unit", ["day", "night"])
@pytest.mark.parametrize("forward", [False, True], ids=["back", "forward"])
@pytest.mark.parametrize("name", ZONES)
def test_a_day_is_one_on_the_clock_of_the_venue(stack, owner, guest, name, forward, unit):
    zone = zoneinfo.ZoneInfo(name)
    price = {"amount": 1000, "currency": "EUR"}
    listing = stack.listing(*owner, time_zone=name, price=price, price_unit=unit, units=20)
    changed = change_of_clocks(zone, forward)
    midnight = changed.astimezone(zone).replace(hour=0, minute=0, fold=0, tzinfo=None)
    morning = midnight + dt.timedelta(hours=10)
    # Skipped on the day of the change, or shown twice.
    odd = (changed - TICK).astimezone(zone).replace(tzinfo=None) + TICK
    odd += dt.timedelta(minutes=15) * (1 if forward else -1)
    cases = [
        (reading(midnight, zone), reading(midnight + DAY, zone), 1),
        (reading(midnight, zone), reading(midnight + DAY, zone) + TICK, 2),
        (reading(midnight, zone), reading(midnight + DAY, zone) - TICK, 1),
        (reading(morning - DAY, zone), reading(morning, zone), 1),
        (reading(morning - DAY, zone), reading(morning, zone) + TICK, 2),
        (reading(morning - 2 * DAY, zone), reading(morning + DAY, zone), 3),
        (reading(odd - DAY, zone), reading(odd, zone), 1),
        (reading(odd - DAY, zone), reading(odd, zone) + TICK, 2),
    ]
    if not forward:
        first = odd.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
        assert first < reading(odd, zone)
        cases += [(reading(odd - DAY, zone), first, 1), (first, reading(odd + DAY, zone), 1)]
    for start, end, days in cases:
        params = {"listing_id": listing["id"], "period": {"from": text(start), "to": text(end)}}
        booked = guest.rpc("events.booking.create", params)["price"]
        assert booked == {"amount": 1000 * days, "currency": "EUR"}, params["period"]
        assert local_days(start, end, zone) == days


def test_hours_are_counted_by_the_clock_on_no_wall(stack, owner, guest):
    """The night in which clocks go back has an hour more, and it is charged."""
    zone = zoneinfo.ZoneInfo("Europe/Oslo")
    price = {"amount": 10, "currency": "EUR"}
    listing = stack.listing(*owner, time_zone=zone.key, price=price, price_unit="hour", units=2)
    midnight = change_of_clocks(zone, False).astimezone(zone).replace(hour=0, fold=0, tzinfo=None)
    period = {"from": text(reading(midnight, zone)), "to": text(reading(midnight + DAY, zone))}
    params = {"listing_id": listing["id"], "period": period, "units": 2}
    assert guest.rpc("events.booking.create", params)["price"]["amount"] == 10 * 25 * 2


def test_an_hour_that_has_begun_is_charged(stack, owner, guest):
    listing = stack.listing(*owner, price={"amount": 10, "currency": "EUR"}, price_unit="hour", units=2)
    start = dt.datetime.now(dt.UTC) + DAY
    hour = dt.timedelta(hours=1)
    charged = {hour / 4: 1, hour - TICK: 1, hour: 1, hour + TICK: 2, 1.5 * hour: 2, 2 * hour: 2, 2 * hour + TICK: 3}
    for number, (length, hours) in enumerate(charged.items()):
        first = start + number * DAY
        params = {"listing_id": listing["id"], "period": {"from": text(first), "to": text(first + length)}, "units": 2}
        assert guest.rpc("events.booking.create", params)["price"]["amount"] == 10 * hours * 2, length


def periods(chance, names, count):
    """(zone, start, end) at random, every other one beside a change of clocks."""
    now = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    minutes = lambda most: dt.timedelta(minutes=chance.randint(0, most))
    changes = {}
    for number in range(count):
        name = chance.choice(names)
        zone = zoneinfo.ZoneInfo(name)
        if name not in changes:
            offsets = [(now + day * DAY).astimezone(zone).utcoffset() for day in range(500)]
            changes[name] = [day for day in range(1, 500) if offsets[day] != offsets[day - 1]] or [250]
        start = now + chance.choice(changes[name]) * DAY - minutes(4320) if number % 2 else now + minutes(700000)
        clock = start.astimezone(zone).replace(tzinfo=None) + chance.randint(1, 5) * DAY
        end = chance.choice((start + minutes(7000), reading(clock, zone), reading(clock, zone) + minutes(90)))
        yield name, start, max(start, end) + chance.choice((-TICK, dt.timedelta(0), TICK, TICK * 7))


def test_days_are_those_of_a_plain_model(stack):
    chance = random.Random(4217)
    names = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
    cases = [case for case in periods(chance, names, 6000) if case[2] > case[1]]
    assert len(cases) > 5000 and len({case[0] for case in cases}) > 500
    with stack.database("events") as database:
        answers = database.execute(
            "SELECT local_days(tstzrange(c.first, c.last), c.zone) "
            "FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS c(zone, first, last, n) "
            "ORDER BY c.n",
            [list(column) for column in zip(*cases, strict=True)],
        ).fetchall()
    wrong = [
        (name, text(start), text(end), days)
        for (name, start, end), (days,) in zip(cases, answers, strict=True)
        if days != local_days(start, end, zoneinfo.ZoneInfo(name))
    ]
    assert not wrong, wrong[:5]


def test_the_longest_booking_is_counted_in_days_of_the_venue(stack, owner, guest):
    """366 of them, which are an hour more when the clocks are put back in them once more than forward."""
    price = {"amount": 2, "currency": "EUR"}
    hall = stack.listing(*owner, time_zone="Europe/Oslo", price=price, price_unit="day", units=2)
    zone = zoneinfo.ZoneInfo("Europe/Oslo")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) + DAY
    end = reading(start.astimezone(zone).replace(tzinfo=None) + 366 * DAY, zone)
    period = lambda last: {"from": text(start), "to": text(last)}
    params = {"listing_id": hall["id"], "period": period(end)}
    assert guest.rpc("events.booking.create", params)["price"]["amount"] == 366 * 2
    for last in (end + TICK, end + 2 * DAY):
        error = guest.error("events.booking.create", params | {"period": period(last)})
        assert (error.data["rule"], error.data["maximum_days"]) == ("max_duration", 366)
    with stack.database("events") as database:
        days = "SELECT local_days('[2027-04-03 12:00+11, 2028-04-03 12:00+10)', 'Australia/Melbourne')"
        assert database.execute(days).fetchone() == (366,)


def test_a_price_that_no_amount_can_hold_is_too_large(stack, owner, guest):
    price = {"amount": MAX_AMOUNT, "currency": "EUR"}
    dear = stack.listing(*owner, price=price, price_unit="hour", units=1000)
    once = stack.listing(*owner, price=price, price_unit="session", units=2)
    start = dt.datetime.now(dt.UTC).replace(microsecond=0) + DAY
    year, hour = ({"from": text(start), "to": text(start + span)} for span in (366 * DAY, dt.timedelta(hours=1)))
    cases = [
        ({"listing_id": dear["id"], "period": year, "units": 100}, "units"),
        ({"listing_id": dear["id"], "period": hour, "units": 2}, "units"),
        ({"listing_id": dear["id"], "period": year}, "period"),
        ({"listing_id": once["id"], "period": year, "units": 2}, "units"),
    ]
    for params, name in cases:
        error = guest.error("events.booking.create", params | {"idempotency_key": f"{params['listing_id']} {name}"})
        assert (error.word, error.code) == ("too_large", -32013)
        assert error.data["fields"] == [{"path": f"/params/{name}", "rule": "max_price", "expected": MAX_AMOUNT}]
        assert f"params/{name}" in error.message and str(MAX_AMOUNT) in error.message
    with stack.database("events") as database:
        count = "SELECT count(*) FROM booking WHERE listing_id = ANY (%s::uuid[])"
        assert database.execute(count, [[dear["id"], once["id"]]]).fetchone() == (0,)
    for listing, period in ((dear, hour), (once, year)):
        booking = guest.rpc("events.booking.create", {"listing_id": listing["id"], "period": period})
        assert booking["price"] == price
    for sort in ("price", "price_desc"):
        params = {"company_id": owner[0], "period": year, "sort": sort, "price": {"to": MAX_AMOUNT}}
        found = {item["id"]: item["price"] for item in stack.rpc("events.listing.search", params)["items"]}
        assert found[dear["id"]] == price
