"""The replay sees what is wrong: histories made by the model itself, true ones and falsified ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import coverage
import facts
import pytest
from campaign import Tally
from judgement import Refused
from ledger import Booking, Ledger
from pretend import answer_of
from record import Call, Expiry
from paths import PATHS
from replay import Replay, against_real_time, repeats
from times import HOUR, Span, period_of, span_of, text
from verdict import Terms

BEGAN = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HALL = Terms(zone="UTC", unit="hour", units=1, capacity=50, price=1000, currency="EUR")


def at(hours, length=1):
    start = BEGAN + 48 * HOUR + timedelta(hours=hours)
    return Span(start, start + timedelta(hours=length))


class Made:
    """A history that the model plays by itself, a call a second."""

    def __init__(self, terms=HALL):
        self.terms, self.ledger, self.now = terms, Ledger(terms), BEGAN
        self.calls, self.expiries = [], []

    def call(self, name, params, user="u", staff=False):
        method = f"events.booking.{name}"
        made = Call(method, {"listing_id": "hall"} | params, user, staff, "hall")
        self.now += SECOND
        made.start, made.end = self.now - SECOND / 4, self.now + SECOND / 4
        made.result = {"id": f"b{len(self.calls)}"}
        try:
            done = PATHS[method](self.ledger.at(self.now), made, self.now)
        except Refused as refusal:
            made.result = None
            made.error = {"word": sorted(refusal.causes)[0], "reason": None, "data": {}}
        else:
            self.ledger = done.ledger
            made.result = answer_of(done.booking, len(self.calls) + 1, self.now, method)
        self.calls.append(made)
        return made

    def book(self, hours, length=1, name="create", **more):
        return self.call(name, {"period": period_of(at(hours, length)), "units": 1}, **more)

    def expire(self, booking):
        self.now += SECOND
        self.expiries.append(Expiry("hall", booking, self.now))
        self.ledger = self.ledger.with_booking(replace(self.ledger.bookings[booking], expires=self.now))

    def faults(self):
        replay = Replay({"hall": self.terms}, self.calls, list(self.expiries), BEGAN, self.now + SECOND)
        replay.judge_others()
        return replay.faults + against_real_time(self.calls)


@pytest.fixture
def made():
    """Bookings, refusals, a hold that became a booking and one that expired, a cancellation, a read."""
    history = Made()
    history.book(0, 2)
    history.book(1, name="hold", user="v")
    held = history.book(3, name="hold", user="v")
    history.call("create", {"hold_id": held.result["id"]}, user="v")
    lost = history.book(6, name="hold", user="w")
    history.book(6, user="u")
    history.expire(lost.result["id"])
    history.book(6, user="u")
    history.call("cancel", {"id": history.calls[0].result["id"]})
    history.book(1, user="w")
    return history


def test_a_true_history_has_no_fault(made):
    assert [call.result is not None for call in made.calls] == [True, False, True, True, True, False, True, True, True]
    assert made.faults() == []


def falsify(number, *path):
    def change(made, value):
        target = made.calls[number].result
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "value", "words"),
    [
        (falsify(0, "price", "amount"), 2001, "price is 2001"),
        (falsify(0, "state"), "requested", "state is requested"),
        (falsify(2, "expires_at"), text(BEGAN + HOUR), "expires"),
        (falsify(6, "units"), 2, "units is 2"),
        (falsify(7, "cancellation_fee"), 5, "fee is 5"),
        (falsify(7, "state"), "confirmed", "state is confirmed"),
        (falsify(7, "cancelled_at"), text(BEGAN), "clock"),
        (falsify(7, "cancelled_at"), text(BEGAN + HOUR), "clock"),
        (falsify(8, "seq"), 1000, None),
        (falsify(8, "seq"), 0, "comes after it"),
    ],
)
def test_a_false_answer_is_seen(made, change, value, words):
    change(made, value)
    faults = made.faults()
    assert (faults == []) if words is None else any(words in fault for fault in faults), faults


def granted(call, seq):
    """The refused call as if it had been done."""
    span = span_of(call.params["period"])
    price = {"total": 1000, "lines": []}
    booking = Booking(id="x", user=call.user, state="confirmed", span=span, units=1, price=price)
    clock = call.start + SECOND / 4
    call.error, call.result = None, answer_of(booking, seq, clock, call.method)


def test_time_given_twice_is_seen():
    history = Made()
    history.book(0)
    granted(history.book(0, user="v"), 50)
    assert any("booked" in fault for fault in history.faults())


@pytest.mark.parametrize("word", ["booked", "notice"])
def test_a_refusal_that_was_never_true_is_seen(word):
    history = Made()
    call = history.book(0)
    call.result, call.error = None, {"word": "conflict", "reason": word, "data": {}}
    assert any("refused" in fault for fault in history.faults())


def test_a_refusal_that_was_true_during_the_call_is_right():
    """The booking in the way was cancelled while the call was under way."""
    history = Made()
    first = history.book(0)
    refused = history.book(0, user="v")
    history.call("cancel", {"id": first.result["id"]})
    assert history.faults() == []
    refused.start = refused.end = history.now + SECOND / 2
    assert any("refused" in fault for fault in history.faults())


def test_an_expired_hold_that_still_keeps_its_time_is_seen():
    history = Made()
    held = history.book(0, name="hold")
    history.expire(held.result["id"])
    refused = history.book(0, user="v")
    refused.result, refused.error = None, {"word": "conflict", "reason": "booked", "data": {}}
    assert any("refused" in fault for fault in history.faults())


def test_a_hold_that_was_not_honoured_is_seen():
    history = Made()
    held = history.book(0, name="hold")
    refused = history.call("create", {"hold_id": held.result["id"]})
    refused.result, refused.error = None, {"word": "conflict", "reason": "booked", "data": {}}
    assert any("refused" in fault for fault in history.faults())


def test_a_read_of_a_state_that_never_was_is_seen():
    history = Made()
    booking = history.book(0).result
    history.now += SECOND
    get = Call("events.booking.get", {"id": booking["id"]}, "u", False, "hall", history.now, history.now, dict(booking))
    history.calls.append(get)
    assert history.faults() == []
    get.result["state"] = "cancelled"
    assert any("state is cancelled" in fault for fault in history.faults())


def test_two_bookings_of_one_idempotency_key_are_seen():
    calls = [Call("events.booking.create", {"idempotency_key": "k"}, "u", False, "hall") for _ in range(2)]
    for number, call in enumerate(calls):
        call.start = call.end = BEGAN
        call.result = {"id": str(number)}
    assert len(repeats(calls)) == 1
    calls[1].result = {"id": "0"}
    assert repeats(calls) == []


def fact(seq, state, cause, booking="b", **more):
    payload = {"id": booking, "kind": "booking", "state": state, "cause": cause, **more}
    return facts.Fact(seq, f"events.booking.{cause}", "hall", payload, BEGAN)


def test_a_lost_call_gets_the_answer_of_its_fact():
    call = Call("events.booking.cancel", {"id": "b"}, "u", False, "hall", BEGAN, BEGAN, lost=True)
    other = Call("events.booking.cancel", {"id": "c"}, "u", False, "hall", BEGAN, BEGAN, lost=True)
    written = [fact(1, "confirmed", "create"), fact(2, "cancelled", "cancel")]
    facts.settle_lost([call, other], written, 0, BEGAN + SECOND)
    assert (call.seq, call.lost, other.result, other.lost) == (2, False, None, True)


def test_a_fact_of_no_call_is_seen_but_for_what_the_daemon_does_by_itself():
    written = [fact(1, "confirmed", "create"), fact(2, "expired", "expiry"), fact(3, "completed", "clock")]
    assert [words.split()[5] for words in facts.unclaimed([], written, 0)] == ["1"]


def test_what_may_not_follow_is_seen():
    steps = facts.transitions([fact(1, "held", "hold"), fact(2, "completed", "clock"), fact(3, "completed", "change")])
    assert steps == {(None, "held"): 1, ("held", "completed"): 1}
    assert coverage.illegal(steps) == ["held to completed, which may not be"]


def test_too_little_is_told_of_many_histories_only():
    assert coverage.missing(coverage.Counter(), 299) == []
    assert "repack: 0 times" in coverage.missing(coverage.Counter(), 300)


def test_a_run_goes_on_where_its_file_ends(tmp_path):
    file = tmp_path / "done"
    Tally(file, 1).add(3, ["a fault"], coverage.Counter(repack=2))
    again = Tally(file, 1)
    assert (again.done, again.faults, again.reached) == ({3}, 1, {"repack": 2})
    assert Tally(file, 2).done == set()
