"""When a booking is: at least as long as the shortest, never of moments, and what has begun or ended stays."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from companies import join
from past_bookings import end, load, past, period, refusal, review, summary
from rpc import RpcError
from waiting import wait_until

pytestmark = pytest.mark.asan
SHORTEST = timedelta(minutes=15)


@pytest.fixture
def hall(stack):
    return stack.listing(*stack.company())


# --- what a booking is ---


def test_a_rating_is_not_stuffed_by_moments(stack, hall, tmp_path):
    """As it was done: three bookings that are over as soon as they are made, three reviews, in two seconds."""
    lines = [{"subject_id": hall["id"], "score": 4} for _ in range(2)]
    assert load(stack, tmp_path, "rating", lines) == {}
    attacker = stack.user()
    spans = [(timedelta(0), timedelta(microseconds=2)), (-timedelta(seconds=3), timedelta(seconds=2))] * 2
    outcomes = []
    for start, length in spans:
        try:
            booked = attacker.rpc("events.booking.create", {"listing_id": hall["id"], "period": period(start, length)})
            outcomes.append(review(attacker, booked["id"], 1))
        except RpcError as error:
            least = [one["minimum_seconds"] for one in error.data["refusals"] if one["rule"] == "min_duration"]
            outcomes.append((error.word, least))
    assert outcomes == [("precondition_failed", [SHORTEST.seconds])] * 4
    assert summary(stack, hall) == (2, 4)


def test_a_booking_is_as_long_as_the_shortest(stack, hall):
    user, day = stack.user(), timedelta(days=1)
    error = user.error(
        "events.booking.create",
        {"listing_id": hall["id"], "period": period(day, SHORTEST - timedelta(microseconds=1))},
    )
    assert (error.word, error.data["rule"]) == ("precondition_failed", "min_duration")
    made = user.rpc("events.booking.create", {"listing_id": hall["id"], "period": period(day, SHORTEST)})
    assert made["state"] == "confirmed"
    error = user.error("events.booking.create", {"listing_id": hall["id"], "period": past(1)})
    assert error.data["rule"] == "in_past"


def test_an_answer_is_given_again_when_the_period_has_begun(stack, hall):
    """The clock is asked for what is booked, not for what was."""
    user = stack.user()

    def book():
        """In the last second of the minute of grace, which may pass on the way."""
        params = {"listing_id": hall["id"], "period": period(timedelta(seconds=-59), timedelta(hours=1))}
        params["idempotency_key"] = params["period"]["from"]
        return params, user.rpc("events.booking.create", params)

    params, made = wait_until(book, what="a booking that has just begun")
    began = datetime.fromisoformat(params["period"]["from"])
    wait_until(lambda: datetime.now(UTC) > began + timedelta(seconds=60.1), what="the minute of grace to be over")
    assert user.rpc("events.booking.create", params) == made
    error = user.error("events.booking.create", params | {"idempotency_key": "another"})
    assert error.data["rule"] == "in_past"


def test_an_import_brings_the_past_and_no_moments(stack, hall, tmp_path):
    user = stack.user()
    line = {"kind": "booking", "listing_id": hall["id"], "user_id": user.id}
    short = {"period": period(-timedelta(days=2), timedelta(microseconds=2))}
    early = {"period": period(timedelta(days=2), timedelta(hours=2)), "state": "completed"}
    reasons = load(stack, tmp_path, "events", [line | {"period": past(3)}, line | short, line | early])
    assert sorted(reasons) == [2, 3]
    assert reasons[2].startswith("/period: shorter than booking_shortest") and reasons[3].startswith("/state")
    assert [one["state"] for one in user.rpc("events.booking.list")["items"]] == ["completed"]


# --- what has ended stays ---


def test_nobody_cancels_what_has_ended(stack):
    """So that a review that is to come cannot be kept away."""
    company, owner = stack.company()
    hall, guest = stack.listing(company, owner), stack.user()
    manager = join(stack, owner, company, "manager")
    days = {"listing_id": hall["id"], "period": period(timedelta(days=2), timedelta(days=1))}
    booking = guest.rpc("events.booking.create", days)["id"]
    end(stack, booking, "3 days")
    for caller in (owner, manager, guest):
        error = caller.error("events.booking.cancel", {"id": booking})
        assert (error.word, error.data["rule"]) == ("precondition_failed", "before_end")
    assert stack.admin().error("events.booking.cancel", {"id": booking}).word == "not_found"
    assert review(guest, booking, 2)["score"] == 2
    begun = guest.rpc("events.booking.create", days)["id"]
    end(stack, begun, "-1 hour")
    assert guest.error("events.booking.cancel", {"id": begun}).data["rule"] == "before_start"
    assert owner.rpc("events.booking.cancel", {"id": begun})["state"] == "cancelled"
    assert owner.error("events.booking.cancel", {"id": begun}).data["rule"] == "state"


def test_a_booking_cancelled_in_its_last_minute_is_reviewed(stack):
    """By the company, for nobody else can; once it would have ended. One that never began is not."""
    company, owner = stack.company()
    hall, guest = stack.listing(company, owner), stack.user()
    bookings = []
    for number, until in enumerate(("-1 minute", "-25 hours")):
        days = {"listing_id": hall["id"], "period": period(timedelta(days=2 + 2 * number), timedelta(days=1))}
        bookings.append(guest.rpc("events.booking.create", days)["id"])
        end(stack, bookings[-1], until)
        owner.rpc("events.booking.cancel", {"id": bookings[-1]})
        assert refusal(guest, bookings[-1]) == "booking_completed"
    with stack.database("events") as database:
        later = "UPDATE booking SET cancelled_at = cancelled_at - day * 2, period = tstzrange(lower(period) - day * 2,"
        later += " upper(period) - day * 2) FROM (VALUES (interval '1 day')) AS length(day) WHERE id::text = ANY (%s)"
        database.execute(later, (bookings,))
    assert refusal(guest, bookings[1]) == "booking_completed"
    assert review(guest, bookings[0], 2)["score"] == 2


@contextmanager
def waiting_for(stack, listing, call):
    """Has call(), made by another thread, wait for the listing: a connection meanwhile, and what it gave."""
    outcome = []
    caller = threading.Thread(target=lambda: outcome.append(call()))
    with stack.database("events") as holder, stack.database("events") as other:
        other.autocommit = True
        holder.autocommit = False
        holder.execute("SELECT 1 FROM listing WHERE id = %s FOR UPDATE", (listing["id"],))
        caller.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        wait_until(lambda: other.execute(waiting).fetchone(), what="the call to wait")
        yield other, outcome
        holder.rollback()
        caller.join(30)


def test_what_ends_while_its_cancelling_waits_is_not_cancelled(stack):
    """The clock is read when the listing is locked, not when the call came."""
    company, owner = stack.company()
    hall, guest = stack.listing(company, owner), stack.user()
    days = {"listing_id": hall["id"], "period": period(timedelta(days=2), timedelta(days=1))}
    booking = guest.rpc("events.booking.create", days)["id"]
    end(stack, booking, "-1 hour")
    cancel = lambda: owner.error("events.booking.cancel", {"id": booking})
    with waiting_for(stack, hall, cancel) as (database, errors):
        # Later than the beginning of the transaction that waits.
        database.execute("UPDATE booking SET period = tstzrange(lower(period), now()) WHERE id = %s", (booking,))
    assert [error.data["rule"] for error in errors] == ["before_end"]
    assert guest.rpc("events.booking.get", {"id": booking})["state"] == "completed"


def test_what_passes_while_its_booking_waits_is_not_booked(stack, hall):
    guest, span = stack.user(), period(timedelta(seconds=-59), timedelta(hours=1))
    params = {"listing_id": hall["id"], "period": span}
    late = datetime.fromisoformat(span["from"]) + timedelta(seconds=60.1)
    with waiting_for(stack, hall, lambda: guest.error("events.booking.create", params)) as (_, errors):
        wait_until(lambda: datetime.now(UTC) > late, what="the minute of grace to be over")
    assert [error.data["rule"] for error in errors] == ["in_past"]
