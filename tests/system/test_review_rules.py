"""Who reviews what, and which bookings there are: ratings are neither stuffed nor suppressed."""

import json
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import loglines
import pytest
from bookings import at_once, sort_out
from companies import invite, join, refresh
from rpc import RpcError
from waiting import wait_until

pytestmark = pytest.mark.asan

SHORTEST = timedelta(minutes=15)
INTERVAL = timedelta(days=90)


def text(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def period(start, length):
    """From now on `start` ahead (negative: ago), as long as `length`."""
    first = datetime.now(UTC) + start
    return {"from": text(first), "to": text(first + length)}


def past(days):
    return period(-timedelta(days=days), timedelta(hours=8))


def load(stack, tmp_path, daemon, lines):
    """Imports the lines; what the log says of bad ones, by number of the line."""
    file = tmp_path / f"{uuid.uuid4()}.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = stack[daemon].command("import", file)
    return {event["line"]: event["reason"] for event in loglines.events(done.stderr, "a line was rejected")}


def completed(stack, tmp_path, user, listings):
    """The ids of bookings by the user that have ended, one of each listing named."""
    lines = [
        {"kind": "booking", "id": str(uuid.uuid4()), "listing_id": listing["id"], "user_id": user.id}
        | {"period": past(10 + 2 * number)}
        for number, listing in enumerate(listings)
    ]
    assert load(stack, tmp_path, "events", lines) == {}
    return [line["id"] for line in lines]


def end(stack, booking, ago="1 hour"):
    """Moves a booking to the past: as if it had been made then."""
    with stack.database("events") as database:
        for table, key in (("booking_unit", "booking_id"), ("booking", "id")):
            database.execute(
                f"UPDATE {table} SET period = tstzrange(now() - %s::interval - interval '1 day', now() - %s::interval)"
                f" WHERE {key} = %s",
                (ago, ago, booking),
            )


def review(user, booking, score):
    return user.rpc("rating.review.create", {"booking_id": booking, "score": score})


def refusal(user, booking, score=1):
    error = user.error("rating.review.create", {"booking_id": booking, "score": score})
    return error.data.get("rule") or error.reason or error.word


def summary(stack, listing):
    found = stack.rpc("rating.summary.get", {"subject_id": listing["id"]})
    return found["count"], found["mean"]


def by_member(stack, booking):
    with stack.database("events") as database:
        return database.execute("SELECT by_member FROM booking WHERE id = %s", (booking,)).fetchone()[0]


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
            outcomes.append((error.word, error.data.get("rule"), error.data.get("minimum_seconds")))
    assert outcomes == [("precondition_failed", "min_duration", SHORTEST.seconds)] * 4
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


# --- one of an author ---


def test_a_listing_is_reviewed_once_in_the_interval(stack, hall, tmp_path):
    guest = stack.user()
    other = stack.listing(*stack.company())
    first, second, third, elsewhere = completed(stack, tmp_path, guest, [hall, hall, hall, other])
    written = review(guest, first, 5)
    error = guest.error("rating.review.create", {"booking_id": second, "score": 1})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "review_interval")
    assert error.data["interval_seconds"] == INTERVAL.total_seconds()
    allowed = datetime.fromisoformat(written["created_at"]) + INTERVAL
    assert datetime.fromisoformat(error.data["allowed_from"]) == allowed
    assert refusal(guest, first) == "already_reviewed"
    assert summary(stack, hall) == (1, 5)
    assert review(guest, elsewhere, 3)["score"] == 3
    with stack.database("rating") as database:
        age = "UPDATE review SET created_at = created_at - interval '91 days' WHERE id = %s"
        database.execute(age, [written["id"]])
    review(guest, third, 2)
    assert summary(stack, hall) == (1, 2)
    listed = stack.rpc("rating.review.list", {"subject_id": hall["id"]})["items"]
    assert [one["score"] for one in listed] == [2, 5]
    stars = stack.rpc("rating.summary.get", {"subject_id": hall["id"]})["histogram"]
    assert stars == {"1": 0, "2": 1, "3": 0, "4": 0, "5": 0}
    shown = lambda: stack.rpc("events.listing.get", {"id": hall["id"]})["rating"]
    wait_until(lambda: (shown()["count"], shown()["mean"]) == (1, 2), what="events was told")


def test_of_reviews_at_once_one_is_written(stack, hall, tmp_path):
    guest = stack.user()
    bookings = completed(stack, tmp_path, guest, [hall] * 8)
    written, refused = sort_out(at_once(8, lambda n: review(guest, bookings[n], 1 + n % 5)))
    assert len(written) == 1
    assert [error.data["rule"] for error in refused] == ["review_interval"] * 7
    assert summary(stack, hall) == (1, written[0]["score"])


def test_of_one_booking_reviewed_at_once_one_is_written(stack, hall, tmp_path):
    guest = stack.user()
    (booking,) = completed(stack, tmp_path, guest, [hall])
    written, refused = sort_out(at_once(8, lambda n: review(guest, booking, 1 + n % 5)))
    assert len(written) == 1
    assert [error.reason for error in refused] == ["already_reviewed"] * 7
    params = {"booking_id": booking, "score": 3, "idempotency_key": "late"}
    assert guest.error("rating.review.create", params).reason == "already_reviewed"


def test_imported_reviews_of_an_author_count_once(stack, hall, tmp_path):
    """In whatever order they come, the latest does; the interval is no rule for what others took."""
    guest = stack.user()
    line = {"subject_id": hall["id"], "author_id": guest.id}
    dated = lambda days, score: line | {"score": score, "created_at": text(datetime.now(UTC) - timedelta(days=days))}
    assert load(stack, tmp_path, "rating", [dated(40, 1), dated(20, 4), dated(30, 2)]) == {}
    assert summary(stack, hall) == (1, 4)
    nobodys = {"subject_id": hall["id"], "score": 2}
    assert load(stack, tmp_path, "rating", [dated(50, 5), nobodys, nobodys, dated(10, 5)]) == {}
    assert summary(stack, hall) == (3, 3)
    assert len(stack.rpc("rating.review.list", {"subject_id": hall["id"]})["items"]) == 7
    assert load(stack, tmp_path, "rating", [dated(-1, 5)]) == {1: "/created_at: lies in the future"}
    (booking,) = completed(stack, tmp_path, guest, [hall])
    assert refusal(guest, booking) == "review_interval"


# --- none of one's own ---


def test_one_books_ones_own_hall_and_does_not_review_it(stack):
    company, owner = stack.company()
    hall = stack.listing(company, owner)
    days = {"listing_id": hall["id"], "period": period(timedelta(days=2), timedelta(days=1))}
    booking = owner.rpc("events.booking.create", days)["id"]
    end(stack, booking)
    assert refusal(owner, booking, 5) == "own_company"
    assert by_member(stack, booking) is True
    assert summary(stack, hall) == (0, None)


def test_who_was_a_member_when_booking_does_not_review(stack):
    """Leaving the company in between does not help."""
    company, owner = stack.company()
    hall, member, guest = stack.listing(company, owner), join(stack, owner, company), stack.user()
    bookings = []
    for number, caller in enumerate((member, guest)):
        days = {"listing_id": hall["id"], "period": period(timedelta(days=2 + 2 * number), timedelta(days=1))}
        bookings.append(caller.rpc("events.booking.create", days)["id"])
    member.rpc("passport.member.remove", {"company_id": company, "user_id": member.id})
    member = refresh(stack, member)
    for number, booking in enumerate(bookings):
        end(stack, booking, f"{1 + 2 * number} days")
    assert refusal(member, bookings[0], 5) == "own_company"
    assert [by_member(stack, one) for one in bookings] == [True, False]
    assert review(guest, bookings[1], 4)["score"] == 4


def test_who_is_a_member_by_now_does_not_review(stack, tmp_path):
    """Also while the company is suspended, which takes rights away and no memberships."""
    company, owner = stack.company()
    guest = stack.user()
    (booking,) = completed(stack, tmp_path, guest, [stack.listing(company, owner)])
    guest.rpc("passport.invitation.accept", {"id": invite(owner, company, guest.email)["id"]})
    guest = refresh(stack, guest)
    assert refusal(guest, booking, 5) == "own_company"
    with stack.database("rating") as database:
        older = "INSERT INTO review (id, booking_id, subject_id, author_id, score) VALUES (%s, %s, %s, %s, 5)"
        for one, author in ((booking, guest.id), (str(uuid.uuid4()), guest.id)):
            database.execute(older, (str(uuid.uuid4()), one, str(uuid.uuid4()), author))
    done = stack["rating"].command("own-reviews", check=False)
    rows = [json.loads(line)["row"]["booking_id"] for line in done.stdout.splitlines()]
    assert done.returncode == 1 and rows == [booking]
    with stack.database("rating") as database:
        database.execute("DELETE FROM review WHERE author_id = %s", (guest.id,))
    stack.admin().rpc("passport.company.suspend", {"id": company, "reason": "Not what it says."})
    guest = stack.login(guest.email)
    assert refusal(guest, booking, 5) == "own_company"
    guest.rpc("passport.member.remove", {"company_id": company, "user_id": guest.id})
    assert review(refresh(stack, guest), booking, 4)["score"] == 4


def test_a_token_from_before_the_company_hides_nothing(stack):
    user = stack.user()
    old, company = user.token, user.rpc("passport.company.create", {"name": "Made in between"})["id"]
    hall = stack.listing(company, stack.login(user.email))
    days = {"listing_id": hall["id"], "period": period(timedelta(days=2), timedelta(days=1))}
    booking = stack.rpc("events.booking.create", days, old)["id"]
    assert by_member(stack, booking) is True


def test_a_booking_does_not_wait_for_passport(stack, hall):
    """Whose token is older than the listing books all the same; that nobody could be asked is seen."""
    guest, days = stack.user(), period(timedelta(days=2), timedelta(days=1))
    stack["passport"].pause()
    try:
        booking = guest.rpc("events.booking.create", {"listing_id": hall["id"], "period": days})["id"]
    finally:
        stack["passport"].resume()
    assert by_member(stack, booking) is None
    end(stack, booking)
    assert review(guest, booking, 3)["score"] == 3


def test_who_has_many_companies_is_known_in_each(stack):
    """A token carries 32 of them."""
    user = stack.user()
    with stack.database("passport") as database:
        for number in range(32):
            company = str(uuid.uuid4())
            database.execute("INSERT INTO company (id, name) VALUES (%s, %s)", (company, f"Chain {number}"))
            member = "INSERT INTO company_member (company_id, user_id, \"right\") VALUES (%s, %s, 'owner')"
            database.execute(member, (company, user.id))
    company, user = stack.company(user)
    hall = stack.listing(company, user)
    with stack.database("events") as database:
        database.execute("UPDATE listing SET created_at = now() - interval '1 day' WHERE id = %s", (hall["id"],))
    days = {"listing_id": hall["id"], "period": period(timedelta(days=2), timedelta(days=1))}
    booking = user.rpc("events.booking.create", days)["id"]
    assert by_member(stack, booking) is True


# --- what stood before ---


def test_a_moment_from_before_is_kept_and_not_reviewed(stack, hall, tmp_path):
    guest = stack.user()
    (booking,) = completed(stack, tmp_path, guest, [hall])
    with stack.database("events") as database:
        short = "UPDATE booking SET period = tstzrange(lower(period), lower(period) + interval '2 us') WHERE id = %s"
        database.execute(short, (booking,))
    assert guest.rpc("events.booking.get", {"id": booking})["state"] == "completed"
    assert refusal(guest, booking) == "min_duration"
    done = stack["events"].command("check", check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert booking in [row["row"]["id"] for row in rows if row["check"] == "booking_shortest"]


# What reviews and summaries were before migration 0004.
DOWNGRADE = """
ALTER TABLE review DROP COLUMN counts;
DROP INDEX review_of_author;
DROP TABLE summary_recount;
DELETE FROM schema_migration WHERE name = '0004_review_of_author.sql';
"""


def test_an_upgrade_counts_anew_and_keeps_all(make_stack):
    """Three reviews of one author and one of nobody, as they stood: all are read, two count, and events hears of it."""
    stack = make_stack()
    hall, guest = stack.listing(*stack.company()), str(uuid.uuid4())
    stack["rating"].stop()
    with stack.database("rating") as database:
        database.execute(DOWNGRADE)
        database.execute(
            "INSERT INTO review (id, booking_id, subject_id, author_id, score, created_at) SELECT gen_random_uuid(), "
            "gen_random_uuid(), %s, author::uuid, score, now() - days * interval '1 day' FROM (VALUES (%s, 1, 3), "
            "(%s, 2, 1), (%s, 1, 2), (NULL, 4, 9)) AS old(author, score, days)",
            [hall["id"], guest, guest, guest],
        )
        old = "INSERT INTO rating_summary (subject_id, count, sum, stars) VALUES (%s, 4, 8, '{2,1,0,1,0}')"
        database.execute(old, [hall["id"]])
    stack["rating"].command("migrate")
    stack["rating"].start()
    wait_until(lambda: summary(stack, hall) == (2, 3), what="the summary to be made anew")
    assert len(stack.rpc("rating.review.list", {"subject_id": hall["id"]})["items"]) == 4
    shown = lambda: stack.rpc("events.listing.get", {"id": hall["id"]})["rating"]["mean"]
    wait_until(lambda: shown() == 3, what="events was told")

    done = stack["rating"].command("check", check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert {(row["check"], row["row"]["author_id"]) for row in rows} == {("review_interval", guest)}
    assert sorted(row["row"]["counts"] for row in rows) == [False, True]

    with stack.database("rating") as database:
        database.execute("UPDATE rating_summary SET count = 7, sum = 9 WHERE subject_id = %s", [hall["id"]])
    rows = [json.loads(line) for line in stack["rating"].command("check", check=False).stdout.splitlines()]
    assert [row["row"]["subject_id"] for row in rows if row["check"] == "summary"] == [hall["id"]]
    assert json.loads(stack["rating"].command("recount").stdout) == {"recounted": 1}
    assert summary(stack, hall) == (2, 3)
