"""The model of what is about several bookings at once: events.booking.create_many, and the answers to its requests.

Each path is path(scene, call, now) -> Outcome or Refused; the scene is that of the moment (Scene.at).
"""

from dataclasses import dataclass, field, replace

import paths_in
import paths_out
import prices
from judgement import Judgement, Refused
from paths_in import answer_by, sort_out_others
from times import DAY
from verdict import LONGEST_DAYS


@dataclass(frozen=True)
class Outcome:
    """scene: what is now; bookings: [(listing, booking)] for Call.parts; the booking is None for other writes."""

    scene: object
    bookings: list
    doubts: frozenset = frozenset()
    differs: list = field(default_factory=list)  # of an answer that tells of several


def create_many(scene, call, now):
    """All are judged one after the other, as if those before it were there, or none is made."""
    parts = call.parts()
    apart(scene, parts)
    requested, expires = as_requests(scene, parts, now)
    bookings = []
    for part in parts:
        scene, booking = one_of_many(scene, part, now, requested and expires)
        bookings.append((part.listing, booking))
    name = call.group
    for listing, booking in bookings:
        ledger = scene.ledgers[listing]
        scene = scene.put(listing, ledger.with_booking(replace(ledger.bookings[booking.id], group=name)))
    return Outcome(scene, [(listing, replace(booking, group=name)) for listing, booking in bookings])


def apart(scene, parts):
    """Whoever wants more of a listing at one time asks for units."""
    spans = [(part.listing, paths_in.wished_span(scene.ledgers[part.listing].terms, part.params)) for part in parts]
    for number, (listing, span) in enumerate(spans):
        if any(other == listing and span.overlaps(earlier) for other, earlier in spans[:number]):
            raise Refused({"overlap"} | ({"max_duration"} if span.length > LONGEST_DAYS * DAY else set()))


def as_requests(scene, parts, now):
    """(whether all become requests, when all of them end)."""
    found = [(scene.ledgers[part.listing].terms, part) for part in parts]
    ends = [answer_by(terms, paths_in.wished_span(terms, part.params), now) for terms, part in found]
    return any(terms.by_request for terms, _ in found), min(ends)


def one_of_many(scene, part, now, expires):
    """(scene, booking) with one more. expires: of a request; it has its units from the beginning."""
    ledger = scene.of(part.listing)
    done = paths_in.create(ledger, part, now)
    made, terms = done.booking, ledger.terms
    if expires:
        judged = Judgement()
        numbers = paths_in.seek(ledger, judged, made.span, made.units, made.wish)
        judged.refuse(made.span.start <= now, "in_past")
        judged.settle()
        made = replace(made, state="requested", numbers=numbers, takes_units=True, expires=expires)
        made = replace(made, ready=not terms.by_request)
    return scene.put(part.listing, ledger.with_booking(made)), made


# --- answers to what was requested together ---


def own_request(scene, call):
    request = paths_in.requested(scene.of(call.listing), call)
    return request


def approve(scene, call, now):
    paths_in.only_staff(call)
    request, price = own_request(scene, call), call.params.get("price")
    paths_in.answerable(request, price)
    if request.ready:
        raise Refused({"ready"})
    if price is None:
        return agree(scene, call, request)
    offered = prices.of_amount(price["amount"], price["currency"])
    return written(scene, call, replace(request, price=offered, offered=True, version=None))


def accept(scene, call, now):
    request = own_request(scene, call)
    paths_in.only_customer(request, call)
    if not request.offered:
        raise Refused({"offered"})
    if call.params["expected_total"] != request.price["total"]:
        raise Refused({"price_changed"})
    if request.ready:
        raise Refused({"ready"})
    return agree(scene, call, request)


def agree(scene, call, request):
    """It waits for the others, or all are confirmed."""
    group = scene.group(request.group)
    if not all(one.ready for _, one in group if one.id != request.id):
        return written(scene, call, replace(request, ready=True, version=None))
    for listing, one in group:
        made = replace(one, state="confirmed", ready=False, expires=None, version=None)
        scene = scene.put(listing, scene.ledgers[listing].with_booking(made))
    for listing, one in group:
        scene = sort_out(scene, listing, replace(one, state="confirmed"))
    return Outcome(scene, [(call.listing, scene.ledgers[call.listing].bookings[request.id])])


def written(scene, call, booking):
    scene = scene.put(call.listing, scene.ledgers[call.listing].with_booking(booking))
    return Outcome(scene, [(call.listing, booking)])


def sort_out(scene, listing, approved):
    """What no longer fits beside it, of its own listing and of those that share walls."""
    for other in (listing, *scene.walls.near(listing)):
        scene = scene.put(other, sort_out_others(scene.of(other), approved))
    return scene


def decline(scene, call, now):
    done = paths_in.decline(scene.of(call.listing), call, now)
    return end_all(scene, call, done.booking, "declined")


def cancel(scene, call, now):
    done = paths_out.cancel(scene.of(call.listing), call, now)
    return end_all(scene, call, done.booking, "cancelled")


def end_all(scene, call, own, state):
    """The others end with it, and all is given back."""
    for listing, one in scene.group(own.group):
        if one.id != own.id and one.state == "requested":
            ended = replace(one, state=state, ready=False, fee=0, version=None)
            scene = scene.put(listing, scene.ledgers[listing].with_booking(ended))
    return written(scene, call, replace(own, ready=False))


def change(scene, call, now):
    paths_out.the_booking(scene.of(call.listing), call)
    raise Refused({"group"})


# Of a request that was made with others.
ANSWERS = {
    "events.booking.approve": approve,
    "events.booking.accept": accept,
    "events.booking.decline": decline,
    "events.booking.cancel": cancel,
    "events.booking.change": change,
}
