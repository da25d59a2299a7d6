"""Stories of several listings that are booked together (stories.py says what a story is)."""

import draw
from times import period_of, span_of
from world import Expire, Move, ask, booking, done, without


def wishes(w):
    """What is asked for together: mostly of different listings, now and then of one at two times."""
    instant = [hall for hall in w.halls if not hall.terms.by_request]
    among = instant if len(instant) > 1 and w.chance.random() < 0.3 else w.halls
    halls = w.chance.sample(among, w.chance.randint(2, min(3, len(among))))
    unpriced = [hall for hall in w.halls if hall.kind == "unpriced" and hall not in halls]
    if unpriced and w.chance.random() < 0.6:
        halls.append(unpriced[0])
    elif w.chance.random() < 0.2:
        halls.append(halls[0])
    wished = [wish(w, hall) for hall in halls]
    if w.chance.random() < 0.1:
        spoilt = w.chance.choice(wished)
        spoilt["period"] = period_of(draw.spoilt(w.chance, span_of(spoilt["period"])))
    return halls, wished


def wish(w, hall):
    """Mostly of a time that nobody has; guests are said, for prices may ask for them."""
    span = draw.soon(w.chance, hall.terms) if w.chance.random() < 0.8 else None
    return {"guests": w.chance.choice((2, 15, 25))} | w.with_extras(hall, w.wish(hall, span))


def together(w):
    """Booked together, by a quote of all or at the prices of the moment, against somebody who wants one of them."""
    halls, wished = wishes(w)
    user, params = w.customer(), {"bookings": wished}
    if w.chance.random() < 0.3:
        asked = [without(one, "unit_numbers") for one in wished]
        (quote,) = yield [Move("events.booking.quote_many", {"bookings": asked}, user, halls[0])]
        if not done(quote):
            return
        params["quote_id"] = quote.result["quote_id"]
    elif w.chance.random() < 0.1:
        wished[-1]["expected_total"] = 1
    moves = [booking("create_many", params, user, halls[0])]
    rival, span = w.chance.choice(halls), span_of(wished[0]["period"])
    if w.chance.random() < 0.4:
        moves.append(ask(w, rival, w.customer(user), span=span))
    elif w.chance.random() < 0.1:
        moves.append(moves[0])
    made, *_ = yield moves
    if done(made) and made.result["state"] == "requested":
        yield from answered(w, user, made)


def answered(w, user, made):
    """Each owner agrees, two of them at once; or one ends it for all."""
    halls = {hall.id: hall for hall in w.halls}
    all_made = [(halls[part.listing], part.result) for part in made.parts()]
    waiting = [(hall, one) for hall, one in all_made if not one["ready"]]
    end = w.chance.choice((None, None, "decline", "cancel", "expire"))
    if end and w.chance.random() < 0.5:
        waiting = waiting[:-1]
    for hall, one in waiting:
        yield from settled(w, hall, user, one) if one["price"] is None else approved(w, hall, one)
    hall, one = w.chance.choice(all_made)
    this = {"id": one["id"]}
    if end == "decline":
        yield [booking("decline", this | {"reason": "There is a wedding."}, w.staff(hall), hall)]
    elif end == "expire":
        yield Expire(hall, one["id"])
    elif end == "cancel":
        yield [booking("cancel", this, w.chance.choice((user, hall.owner)), hall)]
    yield [ask(w, hall, w.customer(), span=span_of(one["period"]))]


def approved(w, hall, one):
    """By one of the staff, or by two at once, of whom one comes too late."""
    moves = [booking("approve", {"id": one["id"]}, user, hall) for user in hall.staff]
    yield moves if w.chance.random() < 0.4 else moves[:1]


def settled(w, hall, user, one):
    """Its owner names a price, which the customer accepts."""
    this, amount = {"id": one["id"]}, w.chance.randint(100, 99999)
    yield [booking("approve", this | {"price": {"amount": amount, "currency": "EUR"}}, w.staff(hall), hall)]
    yield [booking("accept", this | {"expected_total": amount}, user, hall)]
