"""Stories of bookings that recur (stories.py says what a story is)."""

from datetime import timedelta

import draw
import stories_desk
from opening import WEEKDAYS
from times import DAY, Span, period_of, span_of, wall
from world import ask, booking, done


def recurrence(w, first):
    """Some dates from the first on, a week or some months apart: over changes of the clocks, months without the day."""
    made = {"frequency": w.chance.choice(("weekly", "monthly")), "count": w.chance.choice((2, 3, 4, 5))}
    if made["frequency"] == "monthly":
        made["monthly_by"] = w.chance.choice(("day", "day", "weekday", "last_weekday"))
        made["interval"] = w.chance.choice((1, 1, 3))
        if made["monthly_by"] == "last_weekday" and (first + timedelta(weeks=1)).month == first.month:
            made["monthly_by"] = "weekday"
    else:
        made["interval"] = w.chance.choice((1, 1, 1, 2, 16))
        if w.chance.random() < 0.3:
            made["weekdays"] = sorted({WEEKDAYS[first.weekday()], w.chance.choice(WEEKDAYS)})
    if w.chance.random() < 0.3:
        del made["count"]
        made["until"] = str(first + made["interval"] * timedelta(days=w.chance.choice((15, 40))))
    if w.chance.random() < 0.5:
        made["except"] = [str(first + made["interval"] * timedelta(weeks=w.chance.choice((1, 1, 2))))]
    return made


def days_until_late(date):
    """Until the next day that some months do not have."""
    return next(days for days in range(40) if (date + days * DAY).day > 28)


def recurring(w):
    """Each date or all of them, against what is booked already, and what becomes of them."""
    hall, user = w.hall("plain", "rich", "request"), w.customer()
    wished = w.with_extras(hall, {"guests": 15} | w.wish(hall, draw.soon(w.chance, hall.terms)))
    span = span_of(wished["period"])
    if w.chance.random() < 0.4:
        days = days_until_late(wall(span.start, hall.terms.zone).date())
        span = Span(span.start + days * DAY, span.end + days * DAY)
        wished["period"] = period_of(span)
    wished["recurrence"] = recurrence(w, wall(span.start, hall.terms.zone).date())
    caller = user
    if w.chance.random() < 0.2:
        customer, user = stories_desk.whom(w)
        wished["customer"], caller = customer, w.chance.choice(hall.desk)
        user = user or hall.owner
    wished["mode"] = w.chance.choice(("each", "each", "all"))
    later = Span(span.start + 7 * DAY, span.end + 7 * DAY)
    if w.chance.random() < 0.3:
        wished |= {"recurrence": {"frequency": "weekly", "count": 3}, "mode": "each"}
        blocked = {"listing_id": hall.id, "period": period_of(later)}
        yield [booking("block", blocked, w.staff(hall), hall)]
    rival = booking("create", w.wish(hall, later, hall.terms.units), w.customer(user), hall)
    move = booking("create_recurring", wished, caller, hall)
    if w.chance.random() < 0.6:
        yield [rival]
        (made,) = yield [move]
    else:
        made, *_ = yield [move, rival] if w.chance.random() < 0.4 else [move]
    if done(made):
        yield from lived(w, hall, user, made.result)


def lived(w, hall, user, series):
    """A date is added, and the series is cancelled, from one on or altogether."""
    for one in w.chance.sample(series["occurrences"], min(2, len(series["occurrences"]))):
        if one["booking_id"] is None or w.chance.random() < 0.2:
            params = {"series_id": series["series_id"], "date": one["date"]}
            yield [booking("add_occurrence", params, w.chance.choice((user, user, w.staff(hall))), hall)]
    booked = [one["booking_id"] for one in series["occurrences"] if one["booking_id"]]
    if not booked:
        return
    if hall.terms.by_request:
        yield [booking("approve", {"id": booked[0]}, w.staff(hall), hall)]
    if w.chance.random() < 0.2:
        yield [booking("complete", {"id": booked[0]}, w.staff(hall), hall)]
    scope = w.chance.choice(("this", "following", "following", "all"))
    params = {"id": w.chance.choice(booked), "occurrences": scope}
    yield [booking("cancel", params, w.chance.choice((user, hall.owner)), hall)]
    params = {"series_id": series["series_id"], "date": w.chance.choice(series["occurrences"])["date"]}
    yield [booking("add_occurrence", params, user, hall), ask(w, hall, w.customer())]
