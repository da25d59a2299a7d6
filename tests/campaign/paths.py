"""The model of every write: which path it takes, and what becomes of the listings that it touches."""

import contextlib

import paths_in
import paths_many
import paths_out
import paths_series
from judgement import Refused
from paths_many import Outcome, apart

PATHS = {
    "events.booking.hold": paths_in.hold,
    "events.booking.create": paths_in.create,
    "events.booking.approve": paths_in.approve,
    "events.booking.decline": paths_in.decline,
    "events.booking.accept": paths_in.accept,
    "events.booking.change": paths_out.change,
    "events.booking.shorten": paths_out.shorten,
    "events.booking.cancel": paths_out.cancel,
    "events.booking.complete": paths_out.complete,
    "events.booking.no_show": paths_out.no_show,
    "events.booking.block": paths_out.block,
    "events.booking.unblock": paths_out.unblock,
    "events.listing.set_rules": paths_out.set_rules,
    "events.listing.set_pricing": paths_out.set_pricing,
}
MANY = {
    "events.booking.create_many": paths_many.create_many,
    "events.booking.create_recurring": paths_series.create_recurring,
    "events.booking.add_occurrence": paths_series.add_occurrence,
}
WRITES = PATHS | MANY


def write(scene, call, now):
    """Outcome of a write, or Refused. The scene is that of the moment, where the write touches it."""
    path = MANY.get(call.method)
    if call.params.get("occurrences", "this") != "this":
        path = paths_series.cancel
    elif group_of(scene, call):
        path = paths_many.ANSWERS.get(call.method)
    return path(scene, call, now) if path else of_one(scene, call, now)


def of_one(scene, call, now):
    """A write that is about one listing alone, and takes time of those that share walls with it."""
    done = PATHS[call.method](scene.of(call.listing), call, now)
    scene = scene.put(call.listing, done.ledger)
    if done.sorts:
        scene = paths_many.sort_out(scene, call.listing, done.booking)
    return Outcome(scene, [(call.listing, done.booking)], done.doubts)


def group_of(scene, call):
    """Of which group the request is that a call is about; "" for none."""
    found = scene.ledgers[call.listing].bookings.get(call.params.get("id"))
    return found.group if found and found.state == "requested" else ""


def touched(scene, call):
    """The listings that a write locks: those it is about, all made together, and what shares walls with them."""
    own = {part.listing for part in call.parts()}
    own |= {listing for listing, _ in scene.group(group_of(scene, call))}
    return {one for listing in own for one in scene.walls.space(listing)}


def judge_part(scene, call, part, space, now):
    """The doubts about one of several bookings, once those before it that share walls are there; or Refused."""
    parts = call.parts()
    requested, expires = paths_many.as_requests(scene, parts, now)
    for before in parts[: part.place]:
        with contextlib.suppress(Refused):  # all are priced before the rules of the first are looked at
            if before.listing in space:
                scene, _ = paths_many.one_of_many(scene, before, now, requested and expires)
    apart(scene, parts[: part.place + 1])
    paths_many.one_of_many(scene, part, now, requested and expires)
    return frozenset()
