"""Replays the writes of a listing through the model, in the order of `seq`, and holds every answer against it.

A write must come out as the model says, at the time that its answer gives, within its call. A refusal or a read must be
true of some state that the listing had during its call. Where a decision stands on an instant that only the daemon
knows, what is true at either end of the time that it may be is accepted.
"""

from dataclasses import dataclass
from datetime import datetime

import compare
import paths
import paths_in
import reads
from judgement import Refused
from ledger import Ledger
from scene import Scene, Walls
from times import HOUR, TICK, parse, span_of

# Which member of an answer is the time that the write took for its own.
CLOCKS = {
    "events.booking.approve": "decided_at",
    "events.booking.decline": "decided_at",
    "events.booking.change": "changed_at",
    "events.booking.shorten": "changed_at",
    "events.booking.complete": "ended_at",
    "events.booking.no_show": "ended_at",
    "events.booking.cancel": "cancelled_at",
    "events.booking.unblock": "cancelled_at",
}


@dataclass(frozen=True)
class Moment:
    """A state of a listing, and of what shares walls with it: it may have been seen from `since` to `until`."""

    scene: Scene
    since: datetime
    until: datetime


class Replay:
    """The replay of a history. faults: what went wrong, in words; spoilt: listings of which nothing more can be judged
    after that; scene: how it ended."""

    def __init__(self, halls, calls, expiries, began, ended, walls=None):
        self.faults, self.spoilt = [], set()
        self.calls = calls
        self.scene = Scene({key: Ledger(terms) for key, terms in halls.items()}, walls or Walls())
        self.ended = ended
        self.now = dict.fromkeys(halls, began)  # of each listing the time of its last write
        self.since = dict.fromkeys(halls, began)
        self.moments = {key: [] for key in halls}
        self._write_all(ordered(calls), sorted(expiries, key=lambda one: one.when))

    def fault(self, call, words):
        self.faults.append(f"{words}: {call.told()}")

    # --- writes ---

    def _write_all(self, writes, expiries):
        for call in writes:
            while expiries and expiries[0].when <= call.start:
                self._expire(expiries.pop(0))
            touched = paths.touched(self.scene, call)
            if touched & self.spoilt or not self._write(call, touched):
                self.spoilt |= touched
        for expiry in expiries:
            self._expire(expiry)
        for listing in self.moments:
            self._pass([listing], self.scene, self.ended, self.ended)

    def _pass(self, listings, before, until, now):
        """Another state begins at `now`; the one before was seen until then at the latest."""
        for listing in listings:
            self.moments[listing].append(Moment(before, self.since[listing], until))
            self.since[listing] = now
            self.now[listing] = max(self.now[listing], now)

    def _expire(self, expiry):
        """Time that was passed by hand, when no call was under way."""
        ledger = self.scene.ledgers[expiry.listing]
        booking = ledger.bookings.get(expiry.booking)
        if booking:
            before = self.scene
            shortened = compare.replaced(booking, expires=expiry.when)
            self.scene = before.put(expiry.listing, ledger.with_booking(shortened))
            self._pass(before.walls.space(expiry.listing), before, expiry.when, expiry.when)

    def _write(self, call, touched):
        """False when nothing after it can be judged."""
        clocks = self._clocks(call, touched)
        if clocks is None:
            return False
        found = [self._attempt(call, touched, clock) for clock in clocks]
        clock, scene, differs = min(found, key=lambda one: len(one[2]))
        if differs:
            self.faults += [f"{words}: {call.told()}" for words in differs[:3]]
            return False
        before, self.scene = self.scene, scene
        self._pass(touched, before, call.end, clock)
        return True

    def _clocks(self, call, touched):
        """The instants that the write's time may be: one where its answer says so."""
        latest = max(self.now[listing] for listing in touched)
        told = self._told_clock(call)
        if told is None:
            return [max(latest, call.start), call.end]
        if told < latest:
            self.fault(call, f"its clock {told} is before that of the write before it, {latest}")
        elif not call.start <= told <= call.end:
            self.fault(call, f"its clock {told} is not within the call")
        else:
            return [told]
        return None

    def _told_clock(self, call):
        """The time that a write says it took, or that shows in the expiry that it gave; None when neither does."""
        if call.method in CLOCKS:
            return parse(call.result[CLOCKS[call.method]])
        if call.method == "events.booking.create_many":
            return parse(call.result["bookings"][0]["created_at"])
        if call.method == "events.booking.create_recurring":
            return parse(call.made[0]["created_at"]) if call.made else None
        if call.method == "events.booking.add_occurrence":
            return parse(call.result["created_at"])
        if call.result.get("group_id"):
            return None  # it ends with the others
        expires = parse(call.result.get("expires_at"))
        period = span_of(call.result["period"]) if expires else None
        if call.method == "events.booking.hold":
            return expires - paths_in.HOLD if "until" not in call.params else None
        if expires and call.result["state"] == "requested" and expires != period.start:
            return expires - self.scene.ledgers[call.listing].terms.rule("request_hours", 24) * HOUR
        return None

    def _attempt(self, call, touched, clock):
        """(clock, scene, what differs) of a write at that time."""
        try:
            outcome = paths.write(self.scene.at(clock, touched), call, clock)
        except Refused as refusal:
            return clock, self.scene, [f"done, where the model refuses ({refusal})"]
        scene, differs, parts = outcome.scene, list(outcome.differs), call.parts()
        if len(parts) != len(outcome.bookings):
            differs.append(f"{len(parts)} bookings, the model says {len(outcome.bookings)}")
        for part, (listing, expected) in zip(parts, outcome.bookings, strict=False):
            booking, wrong = compare.answer(part, expected)
            differs += wrong
            if booking is None:
                differs += reads.clashes_differ(scene.ledgers[listing], call, clock)
            else:
                differs += compare.units(scene.of(listing), booking, part)
                scene = scene.put(listing, scene.ledgers[listing].with_booking(booking))
        return clock, scene, differs

    # --- what changed nothing ---

    def judge_others(self):
        """Refusals and reads, against every state during their call."""
        for call in self.calls:
            if call.lost or (call.result is not None and call.is_write):
                continue
            parts = parts_to_judge(call)
            if any(part.listing in self.spoilt for part in parts):
                continue
            wrong = [self._judge_other(call, part) for part in parts]
            # A read is right in all that it tells, a refusal for one reason.
            found = [words for words in wrong if words]
            if found and (call.result is not None or len(found) == len(wrong)):
                self.fault(call, found[0])

    def _judge_other(self, call, part):
        """What is wrong about it; None when nothing is."""
        views = [view for moment in self.moments[part.listing] for view in seen(moment, part)]
        said = [
            reads.differs(scene.of(part.listing), part, now)
            if part.result is not None
            else self._untrue(scene, call, part, now)
            for scene, now in views
        ]
        return min(said, key=len)[0] if said and all(said) else None

    def _untrue(self, scene, call, part, now):
        """[] when the refusal is right in that state at that time."""
        try:
            doubts = self._judged_again(scene, call, part, now)
        except Refused as refusal:
            untrue = call.rules - refusal.causes
            if call.words & refusal.causes and not untrue:
                return []
            return [f"refused for another reason than the model's ({refusal})"]
        if doubts is None:
            return [f"{call.method} was refused"]
        return [] if call.words & doubts else ["refused, where nothing forbids it"]

    def _judged_again(self, scene, call, part, now):
        """The doubts of the model, which would have done it; None where nothing may be refused."""
        space = scene.walls.space(part.listing)
        scene = scene.at(now, space)
        if call.method == "events.booking.create_many":
            return paths.judge_part(scene, call, part, space, now)
        if call.method in paths.WRITES:
            return paths.write(scene, call, now).doubts
        if call.method == "events.booking.quote_many":
            paths.apart(scene, call.parts()[: part.place + 1])
        refusal = reads.REFUSALS.get(part.method)
        return refusal and refusal(scene.of(part.listing), part, now).doubts


def parts_to_judge(call):
    """All that a read tells; of a refusal of several bookings the one that it is about."""
    parts = call.parts()
    if call.result is not None or len(parts) == 1:
        return parts
    return parts if call.about is None else [parts[call.about]]


def ordered(calls):
    """The writes that were done, in the order of seq; of a repeated one the call that was first to end."""
    found = {}
    for call in calls:
        if call.is_write and call.result is not None:
            known = found.setdefault(call.seq, call)
            if call.end < known.end:
                found[call.seq] = call
    return [found[seq] for seq in sorted(found)]


def seen(moment, call):
    """(scene, time) for the instants of a state within a call, also just beside those at which time changes it."""
    first, last = max(moment.since, call.start), min(moment.until, call.end)
    if first > last:
        return []
    if call.result is not None:
        first = call.start  # a read has its time from before it looked
    ledger = moment.scene.of(call.listing)
    bookings = [*ledger.bookings.values(), *ledger.beyond]
    edges = [edge for one in bookings for edge in (one.expires, one.span.start, one.span.end)]
    beside = {edge + by for edge in edges if edge for by in (-TICK, TICK * 0) if first <= edge <= last}
    return [(moment.scene, now) for now in sorted({first, last} | {one for one in beside if first <= one <= last})]


def against_real_time(calls):
    """A write that ended before another began comes before it."""
    writes = ordered(calls)
    faults, latest = [], None
    for call in writes:
        if latest and call.end < latest.start:
            faults.append(f"seq {call.seq} ended before seq {latest.seq} began, and comes after it: {call.told()}")
        if latest is None or call.start > latest.start:
            latest = call
    return faults


def made(call):
    """The id of what a call made."""
    return call.result.get("id") or call.result.get("group_id") or call.result["series_id"]


def repeats(calls):
    """Calls with one idempotency key make one booking; once there is one, they answer it. Refusals are not kept."""
    first, faults = {}, []
    by_end = sorted(
        (call for call in calls if "idempotency_key" in call.params and not call.lost), key=lambda one: one.end
    )
    for call in by_end:
        known = first.get(call.params["idempotency_key"])
        if known is None and call.result is not None:
            first[call.params["idempotency_key"]] = call
        elif known and (call.result is None or made(call) != made(known)) and call.start > known.end:
            faults.append(f"another answer to the same idempotency key: {known.told()} and {call.told()}")
        elif known and call.result is not None and made(call) != made(known):
            faults.append(f"two bookings of one idempotency key: {known.told()} and {call.told()}")
    return faults
