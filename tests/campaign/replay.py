"""Replays the writes of a listing through the model, in the order of `seq`, and holds every answer against it.

A write must come out as the model says, at the time that its answer gives, within its call. A refusal or a read must be
true of some state that the listing had during its call. Where a decision stands on an instant that only the daemon
knows, what is true at either end of the time that it may be is accepted.
"""

from dataclasses import dataclass
from datetime import datetime

import compare
import paths_in
import paths_out
import reads
from judgement import Refused
from ledger import Ledger
from times import HOUR, TICK, parse, span_of

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
    """A state of the listing: it may have been seen from `since` to `until`."""

    ledger: Ledger
    since: datetime
    until: datetime


class Replay:
    """The replay of one listing of a history. faults: what went wrong, in words; ledger: how it ended."""

    def __init__(self, terms, calls, expiries, began, ended):
        self.faults = []
        self.calls = calls
        self.ledger, self.now, self.ended = Ledger(terms), began, ended
        self.moments = []
        self.began = began
        self._write_all(ordered(calls), sorted(expiries, key=lambda one: one.when))

    def fault(self, call, words):
        self.faults.append(f"{words}: {call.told()}")

    # --- writes ---

    def _write_all(self, writes, expiries):
        since = self.began
        for call in writes:
            while expiries and expiries[0].when <= call.start:
                since = self._expire(expiries.pop(0), since)
            before = self.ledger
            if not self._write(call):
                break
            self.moments.append(Moment(before, since, call.end))
            since = self.now
        for expiry in expiries:
            since = self._expire(expiry, since)
        self.moments.append(Moment(self.ledger, since, self.ended))

    def _expire(self, expiry, since):
        """Time that was passed by hand, when no call was under way."""
        booking = self.ledger.bookings.get(expiry.booking)
        if booking:
            self.moments.append(Moment(self.ledger, since, expiry.when))
            shortened = compare.replaced(booking, expires=expiry.when)
            self.ledger = self.ledger.with_booking(shortened)
        self.now = max(self.now, expiry.when)
        return expiry.when

    def _write(self, call):
        """False when nothing after it can be judged."""
        clocks = self._clocks(call)
        if clocks is None:
            return False
        found = [self._attempt(call, clock) for clock in clocks]
        best = min(found, key=lambda one: len(one[2]))
        if best[2]:
            self.faults += [f"{words}: {call.told()}" for words in best[2][:3]]
            return False
        self.now, self.ledger = best[0], best[1]
        return True

    def _clocks(self, call):
        """The instants that the write's time may be: one where its answer says so."""
        earliest = max(self.now, call.start)
        told = self._told_clock(call)
        if told is None:
            return [earliest, call.end]
        if told < self.now:
            self.fault(call, f"its clock {told} is before that of the write before it, {self.now}")
        elif not call.start <= told <= call.end:
            self.fault(call, f"its clock {told} is not within the call")
        else:
            return [told]
        return None

    def _told_clock(self, call):
        """The time that a write says it took, or that shows in the expiry that it gave; None when neither does."""
        if call.method in CLOCKS:
            return parse(call.result[CLOCKS[call.method]])
        expires = parse(call.result.get("expires_at"))
        period = span_of(call.result["period"]) if expires else None
        if call.method == "events.booking.hold":
            return expires - paths_in.HOLD if "until" not in call.params else None
        if expires and call.result["state"] == "requested" and expires != period.start:
            return expires - self.ledger.terms.rule("request_hours", 24) * HOUR
        return None

    def _attempt(self, call, clock):
        """(clock, ledger, what differs) of a write at that time."""
        try:
            done = PATHS[call.method](self.ledger.at(clock), call, clock)
        except Refused as refusal:
            return clock, self.ledger, [f"done, where the model refuses ({refusal})"]
        booking, differs = compare.answer(call, done.booking)
        if booking is None:
            return clock, done.ledger, differs + reads.clashes_differ(done.ledger, call, clock)
        differs += compare.units(done.ledger, booking, call)
        return clock, done.ledger.with_booking(booking), differs

    # --- what changed nothing ---

    def judge_others(self):
        """Refusals and reads, against every state during their call."""
        for call in self.calls:
            if call.lost or (call.result is not None and call.is_write):
                continue
            views = [view for moment in self.moments for view in seen(moment, call)]
            said = [
                reads.differs(ledger, call, now) if call.result is not None else self._untrue(ledger, call, now)
                for ledger, now in views
            ]
            if said and all(said):
                self.fault(call, min(said, key=len)[0])

    def _untrue(self, ledger, call, now):
        """[] when the refusal is right in that state at that time."""
        judge = PATHS.get(call.method) or reads.REFUSALS.get(call.method)
        if judge is None:
            return [f"{call.method} was refused"]
        try:
            done = judge(ledger.at(now), call, now)
        except Refused as refusal:
            untrue = call.rules - refusal.causes
            if call.words & refusal.causes and not untrue:
                return []
            return [f"refused for another reason than the model's ({refusal})"]
        return [] if call.words & done.doubts else ["refused, where nothing forbids it"]


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
    """(ledger, time) for the instants of a state within a call, also just beside those at which time changes it."""
    first, last = max(moment.since, call.start), min(moment.until, call.end)
    if first > last:
        return []
    if call.result is not None:
        first = call.start  # a read has its time from before it looked
    edges = [edge for one in moment.ledger.bookings.values() for edge in (one.expires, one.span.start, one.span.end)]
    beside = {edge + by for edge in edges if edge for by in (-TICK, TICK * 0) if first <= edge <= last}
    return [(moment.ledger, now) for now in sorted({first, last} | {one for one in beside if first <= one <= last})]


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
        elif known and (call.result is None or call.result["id"] != known.result["id"]) and call.start > known.end:
            faults.append(f"another answer to the same idempotency key: {known.told()} and {call.told()}")
        elif known and call.result is not None and call.result["id"] != known.result["id"]:
            faults.append(f"two bookings of one idempotency key: {known.told()} and {call.told()}")
    return faults
