"""Stories of the desk: the company and its till book on behalf of customers (stories.py says what a story is)."""

from datetime import UTC, datetime, timedelta

import draw
from times import DAY, Span, period_of, span_of, text
from world import Expire, booking, done

KARI = {"name": "Kari Nordmann", "phone": "+47 22 00 00 00"}
OLA = {"name": "Ola Nordmann", "email": "ola@customers.example"}
RULES = ("notice", "horizon", "min_duration", "max_duration", "step", "start_grid", "closed", "session", "guests")
OF_USERS = ("user_bookings", "user_bookings_per_day", "user_time_per_day", "user_gap")


def whom(w):
    """(customer as the desk names him, who it is or None)."""
    user = w.customer()
    return w.chance.choice((({"user_id": user.id}, user), ({"user_id": user.id}, user), (KARI, None), (OLA, None)))


def telephoned(w):
    """Booked for somebody, who has an account or none; then what both may do with it."""
    hall = w.hall()
    (customer, user), desk = whom(w), w.chance.choice(hall.desk)
    caller = w.customer() if w.chance.random() < 0.1 else desk
    wished = {"guests": 15} | w.with_extras(hall, w.wish(hall)) | {"customer": customer}
    (made,) = yield [booking("create", wished, caller, hall)]
    if not done(made):
        return
    this = {"id": made.result["id"]}
    if made.result["state"] == "requested":
        yield from priced(w, hall, user, this)
    owner = w.chance.choice((user or desk, hall.owner))
    moves = [booking("get", this, user or w.customer(), hall)]
    if w.chance.random() < 0.4:
        moves.append(booking("change", this | {"guests": 7}, desk, hall))
    yield moves
    yield [booking("cancel", this, owner, hall)]


def priced(w, hall, user, this):
    """The company names a price; the customer accepts it, or the desk for who has no account."""
    amount = w.chance.randint(100, 99999)
    yield [booking("approve", this | {"price": {"amount": amount, "currency": "EUR"}}, w.staff(hall), hall)]
    caller = user or w.chance.choice((*hall.desk, w.customer()))
    yield [booking("accept", this | {"expected_total": amount}, caller, hall)]


def reserved(w):
    """An option for somebody is taken up: by the customer, by any of the staff, for the same customer or another."""
    hall = w.hall("plain", "rich", "request")
    (customer, user), desk = whom(w), w.chance.choice(hall.desk)
    wished = w.wish(hall) | {"customer": customer}
    if w.chance.random() < 0.7:
        wished["until"] = text(datetime.now(UTC) + timedelta(days=1))
    (held,) = yield [booking("hold", wished, desk, hall)]
    if not done(held):
        return
    if w.chance.random() < 0.15:
        yield Expire(hall, held.result["id"])
    taken = {"listing_id": hall.id, "hold_id": held.result["id"]}
    caller = w.chance.choice((user or hall.owner, *hall.desk, w.customer()))
    if hall.is_staff(caller) and w.chance.random() < 0.5:
        taken["customer"] = whom(w)[0]
    moves = [booking("create", taken, caller, hall)]
    if w.chance.random() < 0.3:
        moves.append(booking("cancel", {"id": held.result["id"]}, w.chance.choice(hall.desk), hall))
    (made, *_) = yield moves
    if done(made):
        yield [booking("cancel", {"id": made.result["id"]}, w.chance.choice((user or hall.owner, hall.owner)), hall)]


def set_aside(w):
    """A manager sets the price or rules aside and says why; who is none may not."""
    hall = w.hall()
    wished = {"guests": 15} | w.wish(hall, draw.soon(w.chance, hall.terms))
    span = span_of(wished["period"])
    if w.chance.random() < 0.75:
        wished["period"] = period_of(draw.spoilt(w.chance, span))
        wished["ignore_rules"] = sorted(w.chance.sample(RULES, w.chance.choice((1, 4, len(RULES)))) + list(OF_USERS))
    if "ignore_rules" not in wished or w.chance.random() < 0.4:
        wished["price_override"] = {"amount": w.chance.randint(0, 9999), "currency": "EUR"}
    if w.chance.random() < 0.95:
        wished["override_reason"] = "The mayor asked."
    if w.chance.random() < 0.6:
        wished["customer"] = whom(w)[0]
    (made,) = yield [booking("create", wished, w.chance.choice((hall.owner, hall.owner, hall.owner, *hall.desk)), hall)]
    if not done(made):
        return
    this, span = {"id": made.result["id"]}, span_of(made.result["period"])
    if w.chance.random() < 0.4:
        shorter = this | {"to": text(span.start + span.length / 2)}
        yield [booking("shorten", shorter, hall.owner, hall)]
    moved = Span(span.start + DAY, span.end + DAY)
    name = w.chance.choice(("quote_cancel", "quote_change"))
    params = this | ({"period": period_of(moved)} if name == "quote_change" else {})
    yield [booking(name, params, hall.owner, hall)]
    yield [booking("cancel", this, hall.owner, hall)]
