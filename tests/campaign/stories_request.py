"""Stories of requests and what the company answers (stories.py says what a story is)."""

import draw
from times import span_of
from world import Expire, ask, booking, done


def approved_twice(w):
    """Two of the company say yes, or one no, at the same instant."""
    hall, user = w.hall("request"), w.customer()
    (request,) = yield [ask(w, hall, user)]
    if not done(request):
        return
    this = {"id": request.result["id"]}
    first, second = hall.staff
    moves = [booking("approve", this, first, hall), booking("approve", this, second, hall)]
    if w.chance.random() < 0.2:
        moves[1] = booking("decline", this | {"reason": "The hall is let already."}, second, hall)
    yield moves
    yield [booking("get", this, user, hall)]


def overlapping_requests(w):
    """Requests for the same time, two of which are approved at once."""
    hall = w.hall("request")
    span = draw.soon(w.chance, hall.terms)
    units = hall.terms.units
    asked = [ask(w, hall, user, span=span, units=units) for user in w.cast.customers[:3]]
    requests = [one for one in (yield asked) if done(one)]
    if len(requests) < 2:
        return
    yield [booking("approve", {"id": one.result["id"]}, w.staff(hall), hall) for one in requests[:2]]
    yield [booking("get", {"id": one.result["id"]}, hall.owner, hall) for one in requests[-2:]]


def approval_against_hold(w):
    """A hold of a moment ago keeps its time; who comes first has it."""
    hall, user = w.hall("request"), w.customer()
    other = w.customer(user)
    (request,) = yield [ask(w, hall, user, units=hall.terms.units)]
    if not done(request):
        return
    wished = w.wish(hall, span_of(request.result["period"]), hall.terms.units)
    approval = booking("approve", {"id": request.result["id"]}, w.staff(hall), hall)
    held, _ = yield [booking("hold", wished, other, hall), approval]
    if done(held) and w.chance.random() < 0.6:
        (asked,) = yield [booking("create", {"listing_id": hall.id, "hold_id": held.result["id"]}, other, hall)]
        if done(asked):
            name = w.chance.choice(("approve", "approve", "decline"))
            params = {"id": asked.result["id"]} | ({"reason": "No."} if name == "decline" else {})
            yield [booking(name, params, w.staff(hall), hall)]


def request_ends(w):
    """Declined, withdrawn, or left until it expires."""
    hall, user = w.hall("request"), w.customer()
    (request,) = yield [ask(w, hall, user)]
    if not done(request):
        return
    this = {"id": request.result["id"]}
    end = w.chance.choice(("decline", "cancel", "cancel", "expire", "expire"))
    if end == "decline":
        yield [booking("decline", this | {"reason": "There is a wedding."}, w.staff(hall), hall)]
    elif end == "cancel":
        yield [booking("cancel", this, w.chance.choice((user, hall.owner)), hall)]
    else:
        yield Expire(hall, this["id"])
        yield [booking("approve", this, w.staff(hall), hall)]


def offered(w):
    """A request without a price: the company names one, the customer accepts it, or another one."""
    hall, user = w.hall("unpriced"), w.customer()
    if hall.kind != "unpriced":
        return
    (request,) = yield [booking("create", w.wish(hall), user, hall)]
    if not done(request):
        return
    this = {"id": request.result["id"]}
    price = {"amount": w.chance.randint(100, 99999), "currency": "EUR"}
    params = this | ({"price": price} if w.chance.random() < 0.9 else {})
    (approved,) = yield [booking("approve", params, w.staff(hall), hall)]
    if not done(approved):
        return
    if w.chance.random() < 0.3:
        yield [booking("approve", this, w.staff(hall), hall)]
    total = price["amount"] + w.chance.choice((0, 0, 0, 1))
    yield [booking("accept", this | {"expected_total": total}, user, hall)]
