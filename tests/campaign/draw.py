"""Listings at random: how many units of what, by which rules, at which prices; and periods to ask for."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import opening
from times import DAY, HOUR, MINUTE, Span, instant, wall

ZONES = (
    "Europe/Oslo",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)
ALL_DAYS = list(opening.WEEKDAYS)
POLICIES = (
    [],
    [{"until_hours_before_start": 48, "refund_bp": 10000}, {"until_hours_before_start": 6, "refund_bp": 3333}],
    [{"until_hours_before_start": 168, "refund_bp": 8750}, {"until_hours_before_start": 0, "refund_bp": 1250}],
    [{"until_hours_before_start": 24, "refund_bp": 6667}],
)
KINDS = ("plain", "request", "rich", "unpriced")


@dataclass(frozen=True)
class Plan:
    """A listing to be made. parts: numbers of those that it includes; shares: walls; elsewhere: of another company."""

    kind: str
    parts: tuple = ()
    shares: bool = False
    elsewhere: bool = False


def halls(chance):
    """One whose time is free, one by request, others at random: of another company, or of one house with the first."""
    kinds = ["plain", "request", *chance.sample(("rich", "rich", "unpriced", "plain"), chance.randint(1, 2))]
    plans = [Plan(kind) for kind in kinds]
    if chance.random() < 0.5:
        plans[-1] = replace(plans[-1], elsewhere=True)
    return with_house(chance, plans) if chance.random() < 0.4 else plans


def with_house(chance, plans):
    """The whole house is sold too, now and then also another whole that has a part with it in common."""
    own = [number for number, plan in enumerate(plans) if not plan.elsewhere]
    parts = sorted(chance.sample(own, min(len(own), chance.choice((2, 2, 3)))))
    plans = [replace(plan, shares=number in parts) for number, plan in enumerate(plans)]
    wholes = [Plan(chance.choice(("plain", "request")), tuple(parts), shares=True)]
    if len(plans) < 4 and chance.random() < 0.4:
        wholes.append(Plan("plain", (chance.choice(parts),), shares=True))
    return plans + wholes


def rules_of(chance, plan, unit):
    made = rules(chance, plan.kind, unit)
    if plan.shares:
        made.pop("overbooking")
    if plan.parts:
        made.pop("units_mode")
    return made


def rules(chance, kind, unit):
    """Rules that do not contradict each other. kind: plain ones leave the time free, so that one can begin now."""
    made = {
        "overbooking": chance.choice((0, 0, 0, 1, 2)),
        "buffer_before_minutes": chance.choice((0, 0, 0, 15, 30)),
        "buffer_after_minutes": chance.choice((0, 0, 0, 15, 45)),
        "units_mode": chance.choice(("interchangeable", "interchangeable", "named")),
        "cancellation": chance.choice(POLICIES),
        "confirmation": "request" if kind in ("request", "unpriced") else "instant",
        "overlapping_requests": chance.choice(("decline", "flag")),
        "request_hours": chance.choice((1, 24, 48)),
        "guests_per_unit": chance.choice((None, 30, 80)),
        "limits": limits(chance) if chance.random() < 0.25 else None,
    }
    made |= hours(chance, unit) if kind == "rich" else {}
    return {name: value for name, value in made.items() if value is not None}


def limits(chance):
    """One limit of a user, wide enough that most of what is wished passes."""
    return chance.choice(
        (
            {"bookings_per_user": chance.choice((6, 8))},
            {"bookings_per_user_per_day": chance.choice((2, 3))},
            {"minutes_per_user_per_day": chance.choice((360, 600))},
            {"gap_minutes_per_user": chance.choice((30, 120))},
        )
    )


def hours(chance, unit):
    """Opening hours that go with the unit of sale, and what stands on them."""
    days = ALL_DAYS if chance.random() < 0.6 else chance.sample(ALL_DAYS, 5)
    times = {
        "hour": [("08:00", "12:00"), ("13:00", "23:00")],
        "session": [("09:00", "13:00"), ("14:00", "18:00"), ("20:00", "02:00")],
        "day": [("10:00", "22:00")],
        "night": [("15:00", "11:00")],
    }[unit]
    made = {"opening_hours": [{"days": days, "from": start, "to": end} for start, end in times]}
    made["exceptions"] = exceptions(chance, unit)
    made["notice_minutes"] = chance.choice((0, 60, 1440))
    made["horizon_days"] = chance.choice((1000, 60))
    if unit == "hour":
        made |= {"min_minutes": 60, "max_minutes": 480, "step_minutes": 30, "start_grid_minutes": 30}
    elif unit == "session":
        made |= {"max_minutes": 600}
    else:
        made |= {"min_days": 1, "max_days": 5}
    return made


def exceptions(chance, unit):
    """Single dates in the days that bookings are made for."""
    today = datetime.now(UTC).date()
    date = lambda: str(today + timedelta(days=chance.randint(2, 16)))
    made = [{"from": date(), "closed": True}]
    if chance.random() < 0.5:
        made.append({"from": date(), "yearly": True, "closed": True})
    if chance.random() < 0.5:
        made.append({"from": date(), "hours": [{"from": "15:00", "to": "10:00" if unit == "night" else "21:00"}]})
    return made


def pricing(chance, unit):
    """Price rules, adjustments, extras, taxes; amounts that do not divide evenly."""
    made = {"rules": [], "adjustments": [], "extras": []}
    if chance.random() < 0.6:
        made["rules"].append(
            {"id": 1, "priority": 5, "amount": chance.randint(700, 9999), "days": ["fri", "sat", "sun"]}
        )
    if unit == "hour" and chance.random() < 0.5:
        made["rules"].append(
            {"id": 2, "priority": 3, "amount": chance.randint(700, 9999), "hours": {"from": "18:00", "to": "24:00"}}
        )
    made["adjustments"] = adjustments(chance)
    made["extras"] = [
        {
            "key": "cleaning",
            "name": "Cleaning",
            "amount": chance.randint(100, 5000),
            "per": "booking",
            "refundable": False,
        },
        {"key": "chairs", "name": "Chairs", "amount": chance.randint(3, 333), "per": "unit"},
    ]
    if chance.random() < 0.3:
        made["minimum"] = chance.randint(3000, 20000)
    made["taxes"] = taxes(chance)
    if chance.random() < 0.5:
        made["deposit_bp"] = chance.choice((1000, 3333, 5000))
    return {name: value for name, value in made.items() if value not in ([], None)}


def adjustments(chance):
    made = []
    if chance.random() < 0.6:
        made.append({"id": 1, "priority": 9, "on": "length", "at_least": 3, "percent_bp": -chance.randint(101, 2999)})
    if chance.random() < 0.5:
        made.append({"id": 2, "priority": 4, "on": "lead_time", "less_than": 96, "percent_bp": chance.randint(1, 1999)})
    if chance.random() < 0.4:
        made.append({"id": 3, "priority": 1, "on": "guests", "at_least": 20, "amount": chance.randint(1, 999)})
    return made


def taxes(chance):
    kinds = (
        [],
        [{"name": "VAT", "rate_bp": 1900, "included": True}],
        [{"name": "VAT", "rate_bp": 770, "included": False}],
    )
    return chance.choice(kinds)


def soon(chance, terms):
    """A period in the days that this listing's bookings are made for, on a grid of half hours or of dates."""
    day = datetime.now(UTC) + chance.randint(2, 9) * DAY
    date = wall(day, terms.zone).date()
    if terms.by_date:
        last = date + timedelta(days=chance.randint(0, 3)) + (DAY if terms.unit == "night" else timedelta(0))
        return opening.period_of_dates(terms.rules, terms.zone, terms.unit, date, last) or of_midnights(terms, date)
    if terms.unit in ("day", "night"):
        return of_midnights(terms, date, chance.randint(1, 3))
    intervals = opening.opened(terms.rules, terms.zone, date)
    if not intervals:
        return of_midnights(terms, date)
    whole = chance.choice(intervals)
    return whole if terms.unit == "session" else part(chance, whole)


def part(chance, whole):
    """Some hours of an open interval."""
    halves = int(whole.length / (30 * MINUTE))
    length = min(halves, chance.randint(2, 8))
    start = whole.start + chance.randint(0, halves - length) * 30 * MINUTE
    return Span(start, start + length * 30 * MINUTE)


def of_midnights(terms, date, days=1):
    midnight = datetime.combine(date, datetime.min.time())
    return Span(instant(midnight, terms.zone), instant(midnight + days * DAY, terms.zone))


def shifted(chance, terms, span):
    """A period that overlaps with the other one as often as not."""
    if terms.by_date or terms.unit == "session":
        return soon(chance, terms) if chance.random() < 0.5 else span
    step = DAY if terms.unit in ("day", "night") else HOUR
    move, longer = chance.randint(-2, 2) * step, chance.choice((-1, 0, 0, 1)) * step
    moved = Span(span.start + move, span.end + move + longer)
    return moved if moved.start < moved.end else span


def spoilt(chance, span):
    """A period that some rule is likely to forbid."""
    now = datetime.now(UTC)
    return chance.choice(
        (
            Span(now - 2 * DAY, now - DAY),
            Span(now - 5 * MINUTE, now + HOUR),
            Span(span.start + 7 * MINUTE, span.end),
            Span(span.start, span.start + timedelta(seconds=1)),
            Span(now + 1001 * DAY, now + 1001 * DAY + HOUR),
            Span(span.start, span.start + 380 * DAY),
            Span(span.start - 12 * HOUR, span.end),
        )
    )
