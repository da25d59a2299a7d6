"""Stories of what becomes of bookings, of blocks and of reads (stories.py says what a story is)."""

from datetime import UTC, datetime, timedelta

import draw
from times import DAY, HOUR, Span, period_of, span_of, text
from world import Move, ask, booking, done


def moved(w):
    """Rescheduled, to a later time mostly, and then cancelled: the refund counts from the earliest beginning."""
    hall, user = w.hall("plain"), w.customer()
    (made,) = yield [ask(w, hall, user)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    span = span_of(made.result["period"])
    by = timedelta(hours=w.chance.choice((-3, 2, 24, 72, 240)))
    wished = this | {"period": period_of(Span(span.start + by, span.end + by))}
    (quote,) = yield [booking("quote_change", wished, user, hall)]
    if done(quote) and quote.result["total"] is not None:
        wished["expected_total"] = quote.result["total"]
    yield [booking("change", wished, user, hall)]
    yield [booking("quote_cancel", this, user, hall)]
    yield [booking("cancel", this, user, hall)]


def changed(w):
    """More units or guests, other extras; against a booking of the same time."""
    hall, user = w.hall("plain", "rich"), w.customer()
    (made,) = yield [ask(w, hall, user)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    wished = this | w.chance.choice(({"units": hall.terms.units}, {"guests": 33}, {"units": 1, "guests": 5}))
    if w.chance.random() < 0.5:
        wished |= {"period": period_of(draw.shifted(w.chance, hall.terms, span_of(made.result["period"])))}
    rival = booking("create", w.wish(hall, span_of(made.result["period"])), w.customer(user), hall)
    yield [booking("change", wished, w.chance.choice((user, user, hall.owner)), hall), rival]
    if w.chance.random() < 0.5:
        yield [booking("cancel", this, user, hall)]


def given_back(w):
    """The end of a booking is free at once, against somebody who wants it."""
    hall, user = w.hall("plain"), w.customer()
    (made,) = yield [ask(w, hall, user)]
    if not done(made):
        return
    span = span_of(made.result["period"])
    to = span.start + (span.end - span.start) / 2
    shorter = booking("shorten", {"id": made.result["id"], "to": text(to)}, user, hall)
    yield [shorter, booking("create", w.wish(hall, Span(to + HOUR, span.end + HOUR)), w.customer(user), hall)]
    this = {"id": made.result["id"]}
    if w.chance.random() < 0.5:
        agreed = this | {"refund_bp": w.chance.choice((0, 2500, 5000, 10000)), "reason": "They were ill."}
        yield [booking("cancel", agreed, w.chance.choice((user, hall.owner, hall.owner)), hall)]
    yield [booking("cancel", this, w.chance.choice((user, hall.owner)), hall)]


def begun(w):
    """A booking that has begun: it is ended, nobody came, or it is given back."""
    hall, user = w.hall("plain"), w.customer()
    start = datetime.now(UTC) - timedelta(seconds=w.chance.randint(1, 40))
    length = w.chance.choice((HOUR, 2 * HOUR, timedelta(seconds=50)))
    (made,) = yield [booking("create", w.wish(hall, Span(start, start + length), 1), user, hall)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    if w.chance.random() < 0.3:
        yield [booking("cancel", this, user, hall)]
    first = w.chance.choice(("complete", "complete", "no_show", "shorten", "cancel"))
    staff = w.staff(hall) if first != "cancel" else hall.owner
    yield [booking(first, this, staff, hall)]
    yield [booking(w.chance.choice(("no_show", "no_show", "complete")), this, w.staff(hall), hall)]


def ended(w):
    """A booking ends by itself while others are at it."""
    hall, user = w.hall("plain"), w.customer()
    start = datetime.now(UTC) - timedelta(seconds=20)
    span = Span(start, start + timedelta(seconds=20, milliseconds=w.chance.choice((150, 400))))
    (made,) = yield [booking("create", w.wish(hall, span, 1), user, hall)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    for name, caller in (("get", user), ("cancel", hall.owner), ("no_show", w.staff(hall))):
        yield [booking(name, this, caller, hall)]


def too_early(w):
    """What may be done only to a booking that has begun, or only by others."""
    hall, user = w.hall("plain", "rich"), w.customer()
    (made,) = yield [ask(w, hall, user)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    other = w.customer(user)
    moves = [booking(w.chance.choice(("complete", "no_show")), this, w.staff(hall), hall)]
    moves.append(booking(w.chance.choice(("cancel", "shorten", "get", "quote_cancel")), this, other, hall))
    yield moves
    yield [booking("cancel", this | {"version": 99}, user, hall)]


def blocked(w):
    """Time out of sale and back, against bookings of it."""
    hall = w.hall()
    span = w.span(hall)
    params = {"listing_id": hall.id, "period": period_of(span)}
    if w.chance.random() < 0.5 and not hall.terms.named:
        params["units"] = w.chance.randint(1, hall.terms.units)
    moves = [booking("block", params, w.staff(hall), hall)]
    if w.chance.random() < 0.5:
        moves.append(booking("create", w.wish(hall, span), w.customer(), hall))
    block, *_ = yield moves
    if not done(block):
        return
    yield [booking("create", w.wish(hall, draw.shifted(w.chance, hall.terms, span)), w.customer(), hall)]
    if w.chance.random() < 0.7:
        yield [booking("unblock", {"id": block.result["id"]}, w.staff(hall), hall)]


def repeated(w):
    """The same call twice, by one caller at once or one after the other: one booking."""
    hall, user = w.hall(), w.customer()
    move = ask(w, hall, user)
    if w.chance.random() < 0.5:
        yield [move, move]
    else:
        yield [move]
        yield [move]


def packed(w):
    """Bookings that fit only when those that are there move to other units."""
    halls = [one for one in w.halls if one.kind == "plain" and not one.terms.named and one.terms.units > 1]
    if not halls:
        return
    hall = w.chance.choice(halls)
    gap = sum(hall.terms.buffers, timedelta(0))
    start = draw.soon(w.chance, hall.terms).start.replace(minute=0, second=0, microsecond=0) + 10 * DAY
    at = lambda first, last: Span(start + first * HOUR + gap, start + last * HOUR)
    users = [one for one in w.cast.customers]
    if hall.terms.total > 2:
        rest = {"listing_id": hall.id, "period": period_of(at(-2, 20)), "units": hall.terms.total - 2}
        if not done((yield [booking("block", rest, w.staff(hall), hall)])[0]):
            return
    spans = (at(0, 4), at(4, 7), at(6, 10))
    made = []
    for span, user in zip(spans, users, strict=False):
        made += yield [booking("create", {"listing_id": hall.id, "period": period_of(span)}, user, hall)]
    if all(map(done, made)):
        yield [booking("cancel", {"id": made[1].result["id"]}, users[1], hall)]
        last = {"listing_id": hall.id, "period": period_of(at(2, 8))}
        yield [booking("create", last, users[3], hall)]


def looked_at(w):
    """Reads while others write."""
    hall, user = w.hall(), w.customer()
    span = w.span(hall)
    asked = {"listing_id": hall.id, "period": period_of(span), "units": w.units(hall)}
    day = Span(span.start - DAY, span.start + 2 * DAY)
    slots = {"listing_id": hall.id, "period": period_of(day), "units": 1}
    if hall.terms.unit == "hour":
        slots["length_minutes"] = 120
    yield w.chance.sample(
        [
            Move("events.availability.explain", asked, user, hall),
            Move("events.availability.slots", slots, user, hall),
            Move("events.booking.quote", w.with_extras(hall, dict(asked)), user, hall),
            booking("list", {"listing_id": hall.id, "limit": 100}, hall.owner, hall),
        ],
        2,
    )
