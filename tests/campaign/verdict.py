"""Which rules of time and guests forbid a booking: a plain reading of docs/booking.md and of the plan's words.

`terms` is a Terms (what a listing is sold by). All that is asked here is the same for every caller.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import opening
from times import DAY, HOUR, MINUTE, TICK, wall

LONGEST_DAYS = 366
HORIZON_DAYS = 1000
LATE = timedelta(minutes=1)  # callers' clocks differ


@dataclass(frozen=True)
class Terms:
    """What a listing is sold by, at one version of its rules and prices."""

    zone: str
    unit: str
    units: int
    capacity: int
    price: int | None
    currency: str | None
    rules: dict = field(default_factory=dict)
    pricing: dict = field(default_factory=dict)
    version: int = 0
    shortest: timedelta = timedelta(minutes=15)  # the setting booking_shortest

    def rule(self, name, default=None):
        value = self.rules.get(name)
        return default if value is None else value

    @property
    def total(self):
        """Units that may be taken at one instant."""
        return self.units + self.rule("overbooking", 0)

    @property
    def named(self):
        return self.rule("units_mode") == "named"

    @property
    def by_request(self):
        return self.rule("confirmation") == "request"

    @property
    def buffers(self):
        return self.rule("buffer_before_minutes", 0) * MINUTE, self.rule("buffer_after_minutes", 0) * MINUTE

    @property
    def by_date(self):
        """Sold by dates of the calendar, from opening to closing."""
        return self.unit in ("day", "night") and opening.has_hours(self.rules)


def days_taken(terms, span):
    """How many local days or nights a period takes."""
    dates = opening.dates_of_period(terms.rules, terms.zone, terms.unit, span) if terms.by_date else None
    if dates:
        return (dates[1] - dates[0]).days + (1 if terms.unit == "day" else 0)
    length = wall(span.end, terms.zone) - wall(span.start, terms.zone)
    return max(1, -(-length // DAY))


def against_the_clock(terms, span, now):
    if span.start < now - LATE or span.end <= now:
        yield "in_past"
    notice = terms.rule("notice_minutes", 0) * MINUTE
    if notice and span.start < now + notice:
        yield "notice"
    if span.end > now + terms.rule("horizon_days", HORIZON_DAYS) * DAY:
        yield "horizon"


def by_length(terms, span):
    """Shortest, longest and step."""
    days = days_taken(terms, span)
    in_days = terms.unit in ("day", "night")
    least, most, step = (terms.rule(name) for name in ("min_minutes", "max_minutes", "step_minutes"))
    short = days < terms.rule("min_days", 1) if in_days else least is not None and span.length < least * MINUTE
    long = days > terms.rule("max_days", LONGEST_DAYS) if in_days else most is not None and span.length > most * MINUTE
    if short or span.length < terms.shortest:
        yield "min_duration"
    if long or span.length > LONGEST_DAYS * DAY + HOUR:
        yield "max_duration"
    if step and not in_days and span.length % (step * MINUTE):
        yield "step"


def by_the_grid(terms, span):
    grid = terms.rule("start_grid_minutes") if terms.unit in ("hour", "session") else None
    clock = wall(span.start, terms.zone)
    if grid and ((clock.hour * 60 + clock.minute) % grid or clock.second or clock.microsecond):
        yield "start_grid"


def by_opening_hours(terms, span):
    if terms.unit in ("day", "night"):
        yield from by_dates(terms, span)
        return
    open_time = opening.open_time(terms.rules, terms.zone, span)
    if not any(one.holds(span) for one in open_time):
        yield "closed"
    as_listed = opening.opened(terms.rules, terms.zone, wall(span.start, terms.zone).date())
    if terms.unit == "session" and opening.has_hours(terms.rules) and span not in as_listed:
        yield "session"


def by_dates(terms, span):
    if terms.by_date and opening.dates_of_period(terms.rules, terms.zone, terms.unit, span):
        return
    if terms.by_date:
        yield "unit_grid"
    first, last = wall(span.start, terms.zone).date(), wall(span.end - TICK, terms.zone).date()
    if not all(opening.opened(terms.rules, terms.zone, day) for day in opening.dates_between(first, last)):
        yield "closed"


def by_guests(terms, units, guests):
    most = terms.rule("guests_per_unit") or terms.capacity
    if guests and most and guests > most * units:
        yield "guests"


def of_platform(terms, span, now):
    """What holds for every booking, whatever the rules."""
    if span.length < terms.shortest:
        yield "min_duration"
    if span.length > LONGEST_DAYS * DAY:
        yield "max_duration"
    if span.start < now - LATE or span.end <= now:
        yield "in_past"
    if span.end > now + HORIZON_DAYS * DAY:
        yield "horizon"


def lasting(terms, span, units, guests):
    """Rules that a booking breaks at any time of asking: what set_rules lists as clashes."""
    return [
        *by_length(terms, span),
        *by_the_grid(terms, span),
        *by_opening_hours(terms, span),
        *by_guests(terms, units, guests),
    ]


def verdict(terms, span, units, guests, now):
    """The words of all rules that forbid it."""
    return set(against_the_clock(terms, span, now)) | set(lasting(terms, span, units, guests))
