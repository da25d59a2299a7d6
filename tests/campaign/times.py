"""Instants, wall clocks and spans of time. Instants are aware datetimes in UTC; a wall clock is a naive one."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

TICK = timedelta(microseconds=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Span(NamedTuple):
    """Half-open: start is in it, end is not."""

    start: datetime
    end: datetime

    @property
    def length(self):
        return self.end - self.start

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end

    def within(self, other):
        """How much of it lies in the other."""
        return max(min(self.end, other.end) - max(self.start, other.start), timedelta())

    def holds(self, other):
        return self.start <= other.start and other.end <= self.end


def parse(text):
    return datetime.fromisoformat(text) if text else None


def text(instant):
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def span_of(period):
    """A Span of the API's {from, to}."""
    return Span(parse(period["from"]), parse(period["to"]))


def period_of(span):
    return {"from": text(span.start), "to": text(span.end)}


def wall(instant, zone):
    """What the clock at the venue shows."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def instant(clock, zone):
    """When the venue's clock shows that: in a gap later by the gap; of an hour that comes twice the first."""
    return clock.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def day_of(moment, zone):
    """The venue's day in which a moment lies."""
    midnight = wall(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(instant(midnight, zone), instant(midnight + DAY, zone))


def merged(spans):
    """The same time as spans that neither overlap nor touch, in order."""
    found = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
