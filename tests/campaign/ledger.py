"""The bookings of one listing, and which units they leave free.

A Ledger never changes: each write makes another one, so that a refusal or a read can be tried against every state that
it may have seen.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from times import Span
from verdict import Terms

ZERO = timedelta(0)
TAKING = ("held", "confirmed", "completed", "no_show")
# All that may become of a booking: what it was, what it is.
TRANSITIONS = {
    (None, "held"),
    (None, "requested"),
    (None, "confirmed"),
    ("held", "requested"),
    ("held", "confirmed"),
    ("held", "cancelled"),
    ("held", "expired"),
    ("requested", "confirmed"),
    ("requested", "declined"),
    ("requested", "cancelled"),
    ("requested", "expired"),
    ("confirmed", "completed"),
    ("confirmed", "no_show"),
    ("confirmed", "cancelled"),
    ("completed", "no_show"),
}


@dataclass(frozen=True)
class Booking:
    """Also a block, a hold or a request. numbers: its units where they are named; wish: those that were asked for."""

    id: str
    user: str | None  # the account whose it is
    state: str
    span: Span
    units: int
    kind: str = "booking"
    numbers: tuple = ()
    wish: tuple = ()
    guests: int | None = None
    extras: tuple = ()
    price: dict | None = None
    policy: tuple = ()
    rules_version: int = 0
    buffers: tuple = (ZERO, ZERO)
    expires: datetime | None = None
    takes_units: bool = True  # False: a request that was not made from a hold
    first_start: datetime | None = None
    offered: bool = False
    overlaps: bool = False
    hold: str = ""  # of a customer: "held" once, "booked" when it became a booking
    option: bool = False  # made from what the company held
    fee: int | None = None
    group: str = ""  # of those that were made together
    ready: bool = False  # of a group: its owner has agreed, others have not
    customer: dict | None = None  # who has no account
    series: str = ""  # of those that recur
    occurrence: str = ""  # the date of it
    version: int | None = None  # None: the model does not know

    @property
    def taken(self):
        return Span(self.span.start - self.buffers[0], self.span.end + self.buffers[1])

    @property
    def earliest(self):
        return min(self.first_start or self.span.start, self.span.start)

    def at(self, now):
        """The booking as the clock leaves it."""
        if self.state in ("held", "requested") and self.expires and self.expires <= now:
            return replace(self, state="expired", fee=0 if self.state == "requested" else None)
        if self.state == "confirmed" and self.kind == "booking" and self.span.end <= now:
            return replace(self, state="completed")
        return self

    def takes(self):
        return self.state in TAKING or (self.state == "requested" and self.takes_units)


@dataclass(frozen=True)
class Ledger:
    """A listing's terms, bookings {id: Booking}, series {id: Series of paths_series.py}. beyond: bookings of others
    that take all its units (scene.py)."""

    terms: Terms
    bookings: dict = field(default_factory=dict)
    beyond: tuple = ()
    series: dict = field(default_factory=dict)

    def at(self, now):
        bookings = {key: one.at(now) for key, one in self.bookings.items()}
        return replace(self, bookings=bookings, beyond=tuple(one.at(now) for one in self.beyond))

    def with_booking(self, *bookings):
        return replace(self, bookings=self.bookings | {one.id: one for one in bookings})

    def taking(self, besides=None):
        """The bookings that take units, but for one."""
        return [one for one in [*self.bookings.values(), *self.beyond] if one.takes() and one.id != besides]


def most_taken(bookings, span):
    """The most units taken at one instant of the span."""
    inside = [one for one in bookings if one.taken.overlaps(span)]
    instants = [span.start, *(one.taken.start for one in inside if one.taken.start > span.start)]
    at_once = lambda instant: sum(one.units for one in inside if one.taken.start <= instant < one.taken.end)
    return max(at_once(instant) for instant in instants)


def free_numbers(terms, bookings, span):
    """Named units that are free for all of the span, first those that the listing has."""
    gone = {number for one in bookings if one.taken.overlaps(span) for number in one.numbers}
    return [number for number in range(1, terms.total + 1) if number not in gone]


def free_units(terms, bookings, span):
    if terms.named:
        return len(free_numbers(terms, bookings, span))
    return terms.total - most_taken(bookings, span)


def find_units(terms, bookings, span, units, wish=()):
    """The units that a booking would get: None when it does not fit, () where they are not named."""
    if not terms.named:
        return () if free_units(terms, bookings, span) >= units else None
    free = free_numbers(terms, bookings, span)
    if wish:
        return tuple(wish) if set(wish) <= set(free) else None
    return tuple(free[:units]) if len(free) >= units else None


def widened(span, buffers):
    return Span(span.start - buffers[0], span.end + buffers[1])
