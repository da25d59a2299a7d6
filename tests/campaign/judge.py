"""Judges a history once it is over and the daemon has ended what time has ended: its faults, and what it reached."""

import time
from datetime import timedelta

import coverage
import facts
import tables
from replay import Replay, against_real_time, repeats

OWN_WORDS = {"unavailable", "deadline_exceeded", "overloaded", "rate_limited", "internal", "no_answer"}
OWN_REASONS = {"deadlock", "serialization"}


def judge(database, history):
    """(faults in words, Counter of what was reached)."""
    found = wait_for_end(database, history)
    written = facts.read(database, history.halls)
    faults, ledgers = judge_calls(history, written)
    for listing, ledger in ledgers.items():
        faults += [words + story_of(words, written) for words in tables.check(database, listing, ledger)]
    return found + faults, coverage.of_history(history, facts.transitions(written))


def judge_calls(history, written):
    """(faults, {listing: its Ledger in the end}) by calls and facts alone; a listing with a fault has no ledger."""
    facts.take_series(history.calls, written)
    facts.settle_lost(history.calls, written, history.first_seq, history.ended)
    found = nobody_should_meet(history.calls) + facts.unclaimed(history.calls, written, history.first_seq)
    found += coverage.illegal(facts.transitions(written)) + repeats(history.calls)
    replay = Replay(history.halls, history.calls, history.expiries, history.began, history.ended, history.walls)
    replay.judge_others()
    for listing in history.halls:
        found += against_real_time([call for call in history.calls if call.listing == listing])
    ledgers = {listing: replay.scene.of(listing) for listing in history.halls if listing not in replay.spoilt}
    return found + replay.faults, ledgers


def story_of(words, written):
    """What was told of the booking that a fault is about."""
    causes = [
        f"{fact.seq} {fact.cause}"
        for fact in written
        if fact.is_of_booking and f"booking {fact.payload['id']}" in words
    ]
    return f" (its facts: {', '.join(causes)})" if causes else ""


def wait_for_end(database, history):
    """[] or the fault that the daemon has not ended in time what time has ended."""
    deadline = time.monotonic() + tables.GRACE / timedelta(seconds=1)
    while not tables.settled(database, history.halls):
        if time.monotonic() > deadline:
            return ["holds, requests or bookings are past their end, and the daemon has not ended them"]
        time.sleep(0.1)
    return []


def nobody_should_meet(calls):
    """Errors of our own making."""
    bad = [call for call in calls if call.error and not call.lost]
    bad = [call for call in bad if call.error["word"] in OWN_WORDS or call.error["reason"] in OWN_REASONS]
    return [f"nobody should meet this: {call.told()}" for call in bad]
