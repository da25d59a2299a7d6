"""Stories of listings that share walls: a whole house and its halls (stories.py says what a story is)."""

from datetime import timedelta

import draw
from times import HOUR, Span, period_of, span_of
from world import Expire, ask, booking, done


def pair(w):
    """(two listings that share walls, a time that both may be asked for); None where there are none."""
    near = [hall for hall in w.halls if hall.near]
    if not near:
        return None
    one = w.chance.choice(near)
    return one, w.chance.choice(one.near), draw.soon(w.chance, one.terms)


def at_once(w):
    """The whole and its parts, all wanted for one time: booked, held or blocked."""
    found = pair(w)
    if not found:
        return
    one, _, span = found
    moves = []
    for hall in w.chance.sample([one, *one.near], min(3, 1 + len(one.near))):
        name = w.chance.choice(("create", "create", "hold", "block"))
        user = w.staff(hall) if name == "block" else w.customer(*[move.user for move in moves])
        params = w.wish(hall, draw.shifted(w.chance, hall.terms, span))
        if name == "block":
            params = {"listing_id": hall.id, "period": params["period"]}
        moves.append(booking(name, params, user, hall))
    yield moves


def given_back(w):
    """What one gives back the other may have at once: cancelled, shortened, moved, expired."""
    found = pair(w)
    if not found:
        return
    one, other, span = found
    user, rival = w.customer(), w.customer()
    name = w.chance.choice(("create", "create", "hold"))
    (made,) = yield [booking(name, w.wish(one, span), user, one)]
    if not done(made):
        return
    this, span = {"id": made.result["id"]}, span_of(made.result["period"])
    if w.chance.random() < 0.5:
        yield [ask(w, other, rival, span=span)]
    end = "cancel" if name == "hold" else w.chance.choice(("cancel", "shorten", "change"))
    if name == "hold" and w.chance.random() < 0.6:
        yield Expire(one, this["id"])
        yield [ask(w, other, rival, span=span)]
        return
    params = dict(this)
    if end == "shorten":
        params["to"] = period_of(Span(span.start + span.length / 2, span.end))["from"]
        span = Span(span.start + span.length / 2 + HOUR, span.end + HOUR)
    elif end == "change":
        by = timedelta(hours=w.chance.choice((2, 3, 24)))
        params["period"] = period_of(Span(span.start + by, span.end + by))
    moves = [booking(end, params, user, one)]
    if w.chance.random() < 0.5:
        moves.append(ask(w, other, rival, span=span))
    yield moves
    yield [ask(w, other, rival, span=span)]


def answered(w):
    """A request is approved while the time of its walls is booked, or against requests of its walls."""
    found = pair(w)
    if not found:
        return
    one, other, span = found
    if not one.terms.by_request:
        one, other = other, one
    if not one.terms.by_request:
        return
    (request,) = yield [ask(w, one, w.customer(), span=span)]
    if not done(request):
        return
    span = span_of(request.result["period"])
    rival = w.customer()
    approval = booking("approve", {"id": request.result["id"]}, w.staff(one), one)
    if w.chance.random() < 0.5:
        yield [ask(w, other, rival, span=span)]
        yield [approval]
    else:
        yield [approval, ask(w, other, rival, span=span)]
    yield [booking("list", {"listing_id": other.id, "limit": 100}, other.owner, other)]
