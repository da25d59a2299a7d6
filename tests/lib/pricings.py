"""Pricings, and requests to be priced, at random: for tests that compare the daemon with tests/lib/price_model.py."""

import datetime as dt
import zoneinfo

from price_model import WEEKDAYS, reading

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC")
UNITS = ("hour", "day", "night", "session")
TICK = dt.timedelta(microseconds=1)
MINUTE = dt.timedelta(minutes=1)


def sometimes(chance, share, **members):
    """The members, each kept that often. Values are functions, so that what is left out costs no randomness."""
    return {name: make() for name, make in members.items() if chance.random() < share}


def date(chance):
    return dt.date(2027, 1, 1) + dt.timedelta(days=chance.randint(0, 700))


def season(chance):
    first = date(chance)
    last = first + dt.timedelta(days=chance.choice((0, 1, 6, 20, 90, 365)))
    return {"from": str(first), "to": str(last), "yearly": chance.random() < 0.5}


def clock(chance, last):
    minute = chance.choice((0, 0, 30, 45)) + 60 * chance.randint(0, 23)
    return "24:00" if last and chance.random() < 0.1 else f"{minute // 60:02}:{minute % 60:02}"


def rule(chance, number):
    return {"id": number, "amount": chance.choice((0, 1, 333, 1999, 12345))} | sometimes(
        chance,
        0.4,
        priority=lambda: chance.randint(-2, 2),
        name=lambda: f"Rule {number}",
        season=lambda: season(chance),
        days=lambda: chance.sample(WEEKDAYS, chance.randint(1, 5)),
        hours=lambda: {"from": clock(chance, False), "to": clock(chance, True)},
    )


def adjustment(chance, number):
    what = chance.choice(("length", "lead_time", "guests"))
    least = chance.choice((0, 1, 2, 24, 50, 5000))
    value = {"percent_bp": chance.choice((-10000, -3333, -1, 1, 5, 2500, 100000))}
    if chance.random() < 0.4:
        value = {"amount": chance.choice((1, 77, 12345))}
    bounds = {"at_least": lambda: least, "less_than": lambda: least + chance.choice((1, 3, 1000))}
    more = sometimes(chance, 0.5, priority=lambda: chance.randint(-2, 2), name=lambda: "Some", **bounds)
    return {"id": number, "on": what} | value | more


def extra(chance, number):
    return {
        "key": f"extra_{number}",
        "name": f"Extra {number}",
        "amount": chance.choice((0, 5, 999)),
        "per": chance.choice(("booking", "unit", "guest", "day", "hour")),
    } | sometimes(chance, 0.3, most=lambda: chance.randint(1, 3), refundable=lambda: False)


def tax(chance, number):
    return {"name": f"Tax {number}", "rate_bp": chance.choice((0, 7, 1900, 10000)), "included": chance.random() < 0.5}


def pricing(chance):
    def several(most, make):
        return [make(chance, number + 1) for number in range(chance.randint(0, most))]

    return {
        "rules": several(6, rule),
        "adjustments": several(4, adjustment),
        "extras": several(4, extra),
        "taxes": several(3, tax),
    } | sometimes(chance, 0.4, minimum=lambda: chance.choice((1, 5000, 100000)), deposit_bp=lambda: 3333)


def changes_of_clocks(zone):
    """The days, from the beginning of 2027 on, on which the zone's clocks are changed; or some day."""
    start = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    offsets = [(start + day * dt.timedelta(days=1)).astimezone(zone).utcoffset() for day in range(700)]
    return [day for day in range(1, 700) if offsets[day] != offsets[day - 1]] or [182]


def period(chance, zone):
    """(start, end): every other one beside a change of clocks, some a tick off the clock's hours."""
    minutes = lambda most: chance.randint(0, most) * MINUTE * 15
    day = chance.choice(changes_of_clocks(zone)) if chance.random() < 0.5 else chance.randint(0, 700)
    start = dt.datetime(2027, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day) - minutes(96) + minutes(96)
    wall = start.astimezone(zone).replace(tzinfo=None) + dt.timedelta(days=chance.choice((1, 2, 7, 30)))
    end = chance.choice((start + minutes(100) + MINUTE * 15, reading(wall, zone), reading(wall, zone) + minutes(8)))
    return start, max(end, start + MINUTE * 20) + chance.choice((-TICK, dt.timedelta(0), dt.timedelta(0), TICK))


def request(chance, zone_name, pricing):
    """start, end, units, guests (0: not said), extras; some cannot be priced."""
    start, end = period(chance, zoneinfo.ZoneInfo(zone_name))
    keys = [extra["key"] for extra in pricing["extras"]]
    chosen = chance.sample(keys, chance.randint(0, len(keys)))
    if chance.random() < 0.05:
        chosen.append(chance.choice((*keys, "unknown")))
    return {
        "start": start,
        "end": end,
        "units": chance.choice((1, 1, 2, 7)),
        "guests": chance.choice((0, 1, 30, 60)) if chance.random() < 0.5 else 40,
        "extras": [{"key": key, "quantity": chance.choice((1, 1, 2, 4))} for key in chosen],
    }
