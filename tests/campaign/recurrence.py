"""On which dates a booking recurs, and when it begins and ends then."""

import itertools
from calendar import monthrange
from datetime import date, datetime, timedelta

from opening import WEEKDAYS
from times import DAY, Span, instant, wall


def dates_of(recurrence, first):
    """([dates], [months that have no such day]) from the first on; those that are left out are among them."""
    weekly = recurrence["frequency"] == "weekly"
    until = date.fromisoformat(recurrence.get("until", "9999-01-01"))
    found, missing = [], []
    for month, day in (weekly_from if weekly else monthly_from)(recurrence, first):
        if (day or month) > until:
            break
        if day:
            found.append(day)
        else:
            missing.append(f"{month:%Y-%m}")
        if len(found) == recurrence.get("count"):
            break
    return found, missing


def left_out(recurrence, day):
    return str(day) in recurrence.get("except", ())


def weekly_from(recurrence, first):
    wanted = recurrence.get("weekdays") or [WEEKDAYS[first.weekday()]]
    monday = first - first.weekday() * DAY
    for week in itertools.count(0, recurrence.get("interval", 1)):
        for number, name in enumerate(WEEKDAYS):
            day = monday + timedelta(weeks=week, days=number)
            if name in wanted and day >= first:
                yield None, day


def monthly_from(recurrence, first):
    """(first day of a month, the day of it or None)."""
    for months in itertools.count(0, recurrence.get("interval", 1)):
        number = first.month - 1 + months
        month = date(first.year + number // 12, number % 12 + 1, 1)
        yield month, in_month(recurrence.get("monthly_by", "day"), first, month)


def in_month(by, first, month):
    days = [month + number * DAY for number in range(monthrange(month.year, month.month)[1])]
    if by == "day":
        return days[first.day - 1] if first.day <= len(days) else None
    same = [day for day in days if day.weekday() == first.weekday()]
    if by == "last_weekday":
        return same[-1]
    which = (first.day - 1) // 7
    return same[which] if which < len(same) else None


def period_on(zone, span, day):
    """When the venue's clock shows what it shows at the beginning and at the end of the first one."""
    midnight = datetime.combine(wall(span.start, zone).date(), datetime.min.time())
    if day == midnight.date():
        return span
    own = datetime.combine(day, datetime.min.time())
    start, end = (instant(own + (wall(moment, zone) - midnight), zone) for moment in span)
    return Span(start, end)
