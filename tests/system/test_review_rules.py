"""Who reviews what: ratings are neither stuffed nor suppressed."""

import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from bookings import at_once, sort_out
from companies import invite, join, refresh
from past_bookings import end, load, past, period, refusal, review, summary, text
from waiting import wait_until

pytestmark = pytest.mark.asan
INTERVAL = timedelta(days=90)


def completed(stack, tmp_path, user, listings):
    """The ids of bookings by the user that have ended, one of each listing named."""
    lines = [
        {"kind": "booking", "id": str(uuid.uuid4()), "listing_id": listing["id"], "user_id": user.id}
        | {"period": past(10 + 2 * number)}
        for number, listing in enumerate(listings)
    ]
    assert load(stack, tmp_path, "events", lines) == {}
    return [line["id"] for line in lines]


def by_member(stack, booking):
    with stack.database("events") as database:
        return database.execute("SELECT by_member FROM booking WHERE id = %s", (booking,)).fetchone()[0]


@pytest.fixture
def hall(stack):
    return stack.listing(*stack.company())


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


def test_a_booking_does_not_need_passport(stack):
    """Nor does events lose it: once passport is there again, it is asked again."""
    guest, hall, days = stack.user(), stack.listing(*stack.company()), itertools.count(2, 2)

    def book():
        days_ahead = period(timedelta(days=next(days)), timedelta(days=1))
        booking = guest.rpc("events.booking.create", {"listing_id": hall["id"], "period": days_ahead})
        return by_member(stack, booking["id"])

    stack["passport"].stop()
    try:
        assert book() is None
    finally:
        stack["passport"].start()
    wait_until(lambda: guest.rpc("passport.user.me"), what="the gateway to reach passport")
    wait_until(lambda: book() is False, what="events to reach passport", interval=0.2)


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


@pytest.mark.parametrize("units,told", [(100, False), (101, True)])
def test_a_booking_of_more_units_than_may_be_is_told(stack, hall, units, told):
    days = {"listing_id": hall["id"], "period": period(timedelta(days=300 + units), timedelta(days=1))}
    booking = stack.user().rpc("events.booking.create", days)["id"]
    count = "UPDATE booking SET units = %s WHERE id = %s"
    with stack.database("events") as database:
        database.execute(count, (units, booking))
    rows = [json.loads(line) for line in stack["events"].command("check", check=False).stdout.splitlines()]
    assert (booking in [row["row"]["id"] for row in rows if row["check"] == "units"]) is told
    with stack.database("events") as database:
        database.execute(count, (1, booking))


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
