"""When a venue is open: opening hours by weekday, exceptions, and the dates of what is sold by the day or night.

`rules` are effective rules as the API has them (a dict whose absent members mean their defaults).
"""

from datetime import date, datetime, timedelta
from times import DAY, Span, instant, merged, wall

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 2  # dates that an interval may reach back: it ends on the next one at the latest


def minutes(clock):
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def interval(hours):
    """(from, to) in minutes from midnight; an end that is not later is on the next date."""
    start, end = minutes(hours["from"]), minutes(hours["to"])
    return start, end if end > start else end + 24 * 60


def applies(exception, day):
    first = date.fromisoformat(exception["from"])
    last = date.fromisoformat(exception.get("to", exception["from"]))
    if not exception.get("yearly"):
        return first <= day <= last
    first, last, day = ((one.month, one.day) for one in (first, last, day))
    return first <= day <= last if first <= last else day >= first or day <= last


def has_hours(rules):
    return rules.get("opening_hours") is not None


def hours_of(rules, day):
    """The intervals of a date, in minutes from its midnight. Without opening hours it is open from midnight on."""
    matching = [one for one in rules.get("exceptions") or [] if applies(one, day)]
    if any(one.get("closed") for one in matching):
        return []
    own = [one for one in matching if not one.get("yearly")]
    if matching:
        return sorted(interval(one) for one in (own or matching)[-1]["hours"])
    if not has_hours(rules):
        return [(0, 24 * 60)]
    name = WEEKDAYS[day.weekday()]
    return sorted(interval(one) for one in rules["opening_hours"] if name in one["days"])


def opened(rules, zone, day):
    """The intervals of a date as spans; one that a change of clocks leaves nothing of is none."""
    midnight = datetime.combine(day, datetime.min.time())
    spans = [
        Span(*(instant(midnight + timedelta(minutes=minute), zone) for minute in interval))
        for interval in hours_of(rules, day)
    ]
    return [span for span in spans if span.start < span.end]


def dates_between(first, last):
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def open_time(rules, zone, span):
    """All open intervals that have to do with the span, whole and merged."""
    first = wall(span.start, zone).date() - LONGEST * DAY
    last = wall(span.end, zone).date() + DAY
    return merged(one for day in dates_between(first, last) for one in opened(rules, zone, day))


def period_of_dates(rules, zone, unit, first, last):
    """From the opening of the first date to the closing of the last; None when a date is closed.

    Of nights, `last` is the date of departure: the closing is that of the last night's hours.
    """
    days = dates_between(first, last - DAY if unit == "night" else last)
    intervals = [opened(rules, zone, day) for day in days]
    if not intervals or not all(intervals):
        return None
    return Span(intervals[0][0].start, max(span.end for span in intervals[-1]))


def dates_of_period(rules, zone, unit, span):
    """(first, last) of the dates whose period this is, or None."""
    first = wall(span.start, zone).date()
    for start in (first - DAY, first):
        for back in range(4):
            last = wall(span.end, zone).date() + (1 - back) * DAY
            if last >= start and period_of_dates(rules, zone, unit, start, last) == span:
                return start, last
    return None
