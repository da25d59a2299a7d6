"""Stories of bookings, holds, quotes and changing prices (stories.py says what a story is)."""

from datetime import UTC, datetime, timedelta

import draw
from times import period_of, span_of, text
from world import Expire, Move, booking, done, without


def book(w):
    """One booking, now and then against some rule."""
    hall, user = w.hall(), w.customer()
    wished = w.with_extras(hall, w.wish(hall))
    if w.chance.random() < 0.45:
        wished["period"] = period_of(draw.spoilt(w.chance, span_of(wished["period"])))
    yield [booking("create", wished, user, hall)]


def race(w):
    """Several want the same time at once, as often as not all of it."""
    hall = w.hall("plain", "rich")
    span = draw.soon(w.chance, hall.terms)
    units = w.chance.choice((None, hall.terms.units))
    moves = []
    for user in w.cast.customers[: w.chance.choice((2, 3, 4))]:
        name = w.chance.choice(("create", "create", "create", "hold"))
        wished = w.wish(hall, draw.shifted(w.chance, hall.terms, span), units)
        moves.append(booking(name, wished, user, hall))
    yield moves


def hold_and_book(w):
    hall, user = w.hall(), w.customer()
    (held,) = yield [booking("hold", w.wish(hall), user, hall)]
    if not done(held):
        return
    wished = w.with_extras(hall, {"listing_id": hall.id, "hold_id": held.result["id"]})
    moves = [booking("create", wished, user, hall)]
    if w.chance.random() < 0.4:
        moves.append(booking("create", {"listing_id": hall.id, "hold_id": held.result["id"]}, user, hall))
    yield moves
    yield [booking("hold", w.wish(hall, span_of(held.result["period"])), user, hall)]


def hold_expires(w):
    """The time of a hold is free at the instant of its end, and the hold is worth nothing."""
    hall = w.hall("plain", "rich")
    user = w.customer()
    (held,) = yield [booking("hold", w.wish(hall, units=hall.terms.units), user, hall)]
    if not done(held):
        return
    other = w.customer(user)
    span = span_of(held.result["period"])
    if w.chance.random() < 0.5:
        yield [booking("create", w.wish(hall, span), other, hall)]
    yield Expire(hall, held.result["id"])
    late = {"listing_id": hall.id, "hold_id": held.result["id"]}
    yield [booking("create", w.wish(hall, span), other, hall), booking("create", late, user, hall)]


def hold_and_leave(w):
    hall, user = w.hall(), w.customer()
    (held,) = yield [booking("hold", w.wish(hall), user, hall)]
    if done(held):
        yield [booking("cancel", {"id": held.result["id"]}, user, hall)]


def option(w):
    """The company holds time for somebody until an instant that comes while others try."""
    hall = w.hall("plain", "rich")
    staff = w.staff(hall)
    wished = w.wish(hall, units=hall.terms.units)
    until = datetime.now(UTC) + timedelta(milliseconds=w.chance.choice((60, 120, 250, 86400000)))
    (held,) = yield [booking("hold", wished | {"until": text(until)}, staff, hall)]
    if not done(held):
        return
    span = span_of(held.result["period"])
    for _ in range(2):
        yield [booking("create", w.wish(hall, span), w.customer(), hall)]
    end = {"listing_id": hall.id, "hold_id": held.result["id"]}
    yield [booking("create", end, staff, hall), booking("cancel", {"id": held.result["id"]}, w.staff(hall), hall)]


def quoted(w):
    """What was quoted is charged, whatever became of the prices."""
    hall, user = w.hall("plain", "rich", "request"), w.customer()
    wished = w.with_extras(hall, w.wish(hall))
    (quote,) = yield [Move("events.booking.quote", without(wished, "unit_numbers"), user, hall)]
    if not done(quote):
        return
    if w.chance.random() < 0.4:
        yield [new_prices(w, hall)]
    used = wished | {"quote_id": quote.result["quote_id"]}
    if w.chance.random() < 0.25:
        used["guests"] = 3
    if w.chance.random() < 0.15:
        user = w.customer(user)
    yield [booking("create", used, user, hall)]


def expected(w):
    """The total that a caller was shown, or another one."""
    hall, user = w.hall("plain", "rich", "request"), w.customer()
    wished = w.with_extras(hall, w.wish(hall))
    (quote,) = yield [Move("events.booking.quote", without(wished, "unit_numbers"), user, hall)]
    if not done(quote) or not quote.result["price"]:
        return
    moves = [booking("create", wished | {"expected_total": quote.result["price"]["total"]}, user, hall)]
    if w.chance.random() < 0.4:
        moves.append(new_prices(w, hall))
    yield moves


def new_prices(w, hall):
    params = {"listing_id": hall.id, "version": hall.terms.version, "pricing": draw.pricing(w.chance, hall.terms.unit)}
    return Move("events.listing.set_pricing", params, hall.owner, hall)


def new_rules(w):
    """Rules that the next calls meet; two at once, of which one is too late."""
    hall = w.hall("plain", "request")
    changes = w.chance.choice(
        (
            {"notice_minutes": 2880},
            {"notice_minutes": None, "max_minutes": 360},
            {"max_minutes": None},
            {"start_grid_minutes": 60},
            {"start_grid_minutes": None, "guests_per_unit": 20},
            {"overlapping_requests": w.chance.choice(("decline", "flag"))},
        )
    )
    params = {"listing_id": hall.id, "version": hall.terms.version, "rules": changes}
    moves = [Move("events.listing.set_rules", params, hall.owner, hall)]
    if w.chance.random() < 0.2:
        moves.append(new_prices(w, hall))
    yield moves
    yield [Move("events.listing.get_rules", {"listing_id": hall.id}, hall.owner, hall)]
