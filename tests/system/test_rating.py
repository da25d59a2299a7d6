"""rating as its users see it: one review a completed booking, exact summaries, and events told of them."""

import json
import uuid

import loglines
import pytest
from companies import all_pages
from past_bookings import load
from waiting import wait_until

pytestmark = pytest.mark.asan


@pytest.fixture
def past_booking(stack, tmp_path):
    """(listing, user, booking id): a booking whose period has passed, as an import brings it."""
    listing = stack.listing(*stack.company())
    user = stack.user("Ann")
    booking = str(uuid.uuid4())
    line = {
        "kind": "booking",
        "id": booking,
        "listing_id": listing["id"],
        "user_id": user.id,
        "period": {"from": "2024-05-01T10:00:00Z", "to": "2024-05-01T20:00:00Z"},
    }
    file = tmp_path / "past.ndjson"
    file.write_text(json.dumps(line) + "\n")
    stack["events"].command("import", file)
    return listing, user, booking


def test_a_completed_booking_is_reviewed_once(stack, past_booking):
    listing, user, booking = past_booking
    review = user.rpc("rating.review.create", {"booking_id": booking, "score": 4.5, "text": " Light. "})
    assert (review["score"], review["text"], review["author_name"], review["subject_id"]) == (
        4.5,
        "Light.",
        "Ann",
        listing["id"],
    )
    assert user.error("rating.review.create", {"booking_id": booking, "score": 1}).reason == "already_reviewed"
    summary = stack.rpc("rating.summary.get", {"subject_id": listing["id"]})
    assert (
        summary["count"] == 1
        and summary["mean"] == 4.5
        and summary["histogram"] == {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}
    )
    assert summary["bayesian"] == pytest.approx((3.75 * 10 + 4.5) / 11, abs=1e-4)
    assert stack.rpc("rating.review.list", {"subject_id": listing["id"]})["items"][0]["id"] == review["id"]

    def shown():
        return stack.rpc("events.listing.get", {"id": listing["id"]})["rating"]

    wait_until(lambda: shown()["count"] == 1, what="events was told")
    assert shown() == {"count": 1, "mean": 4.5, "bayesian": summary["bayesian"]}


def test_others_and_bookings_to_come_are_not_reviewed(stack, past_booking):
    listing, user, booking = past_booking
    assert stack.user().error("rating.review.create", {"booking_id": booking, "score": 3}).word == "not_found"
    assert stack.error("rating.review.create", {"booking_id": booking, "score": 3}).word == "unauthenticated"
    coming = {"listing_id": listing["id"], "period": {"from": "2027-05-01T10:00:00Z", "to": "2027-05-01T20:00:00Z"}}
    ahead = user.rpc("events.booking.create", coming)["id"]
    assert user.error("rating.review.create", {"booking_id": ahead, "score": 3}).data["rule"] == "booking_completed"


@pytest.mark.parametrize("score", [0.99, 5.01, 4.555, "5", None])
def test_scores_out_of_range(stack, past_booking, score):
    error = past_booking[1].error("rating.review.create", {"booking_id": past_booking[2], "score": score})
    assert error.data["fields"][0]["path"] == "/params/score"


def test_imports_count_and_name_bad_lines(stack, tmp_path):
    subject = str(uuid.uuid4())
    lines = [
        {"subject_id": subject, "score": score, "external_id": str(i)} for i, score in enumerate([5, 4.49, 1.5, 3])
    ]
    good = [json.dumps(line) for line in lines]
    bad = ["rubbish", '{"subject_id": "x", "score": 3}', json.dumps(lines[0] | {"score": 6}), "[]"]
    file = tmp_path / "reviews.ndjson"
    file.write_text("\n".join([good[0], bad[0], *good[1:3], *bad[1:], good[3]]) + "\n")
    first = stack["rating"].command("import", file)
    summary = json.loads(first.stdout.strip().splitlines()[-1])
    assert (summary["read"], summary["loaded"], summary["rejected"]) == (8, 4, 4)
    assert [event["line"] for event in loglines.events(first.stderr, "a line was rejected")] == [2, 5, 6, 7]
    again = json.loads(stack["rating"].command("import", file).stdout.strip().splitlines()[-1])
    assert (again["loaded"], again["skipped"]) == (0, 8)
    rated = stack.rpc("rating.summary.list", {"subject_ids": [subject]})["items"][0]
    assert rated["count"] == 4 and rated["mean"] == pytest.approx(3.4975)
    assert rated["histogram"] == {"1": 0, "2": 1, "3": 1, "4": 1, "5": 1}
    pages, cursor = [], None
    while True:
        page = stack.rpc(
            "rating.review.list",
            {"subject_id": subject, "sort": "lowest", "limit": 1} | ({"cursor": cursor} if cursor else {}),
        )
        pages += [item["score"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert pages == [1.5, 3, 4.49, 5]


def test_an_import_goes_in_transactions_of_500_lines(stack, tmp_path):
    """So that none holds its locks for long, and what was done is kept whatever comes."""
    subject = str(uuid.uuid4())
    lines = [json.dumps({"subject_id": subject, "score": 3, "external_id": str(i)}) for i in range(1100)]
    file = tmp_path / "many.ndjson"
    file.write_text("\n".join(lines) + "\n")
    stack["rating"].command("import", file)
    with stack.database("rating") as database:
        of_transactions = database.execute(
            "SELECT count(*) FROM review WHERE subject_id = %s GROUP BY xmin::text ORDER BY 1", [subject]
        ).fetchall()
    assert of_transactions == [(100,), (500,), (500,)]


@pytest.fixture(scope="module")
def rated(stack, tmp_path_factory):
    """A subject with nine reviews; scores are equal, and so are moments."""
    subject = str(uuid.uuid4())
    lines = [
        {"subject_id": subject, "score": score, "created_at": f"2024-05-0{day}T10:00:00Z"}
        for score, day in zip((5, 3, 5, 4, 3, 5, 4, 3, 4), (1, 2, 3, 1, 2, 3, 1, 2, 3), strict=True)
    ]
    assert load(stack, tmp_path_factory.mktemp("reviews"), "rating", lines) == {}
    return subject


ORDERS = {"newest": ("created_at", True), "highest": ("score", True), "lowest": ("score", False)}


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_of_reviews_hold_together(stack, rated, sort):
    """None twice and none left out where scores or moments are equal, wherever a page ends."""
    params = {"subject_id": rated, "sort": sort}
    whole = stack.rpc("rating.review.list", params)["items"]
    name, reverse = ORDERS[sort]
    assert [one[name] for one in whole] == sorted((one[name] for one in whole), reverse=reverse)
    assert len({one["id"] for one in whole}) == 9
    for limit in (1, 2, 3):
        assert all_pages(stack, "rating.review.list", params | {"limit": limit}) == whole, limit


def test_a_cursor_goes_on_in_its_own_order_alone(stack, rated):
    base = {"subject_id": rated, "limit": 2}
    for sort in ORDERS:
        cursor = stack.rpc("rating.review.list", base | {"sort": sort})["next_cursor"]
        others = [base | {"sort": other} for other in ORDERS if other != sort]
        others += [base | {"sort": sort, "subject_id": str(uuid.uuid4())}]
        for params in others:
            error = stack.error("rating.review.list", params | {"cursor": cursor})
            paths = [field["path"] for field in error.data.get("fields", [])]
            assert (error.word, paths) == ("invalid_params", ["/params/cursor"]), (sort, params)


def test_overlaps_in_an_import_are_bad_lines(stack, tmp_path):
    company, user = stack.company()
    listing = stack.listing(company, user)
    book = lambda first, last: json.dumps({"kind": "booking", "listing_id": listing["id"], "period": {
        "from": f"2027-01-{first:02}T00:00:00Z", "to": f"2027-01-{last:02}T00:00:00Z"}})  # fmt: skip
    file = tmp_path / "bookings.ndjson"
    file.write_text("\n".join([book(1, 3), book(2, 4), book(3, 5), '{"kind": "cat"}', book(9, 8)]) + "\n")
    done = stack["events"].command("import", file)
    summary = json.loads(done.stdout.strip().splitlines()[-1])
    assert (summary["loaded"], summary["rejected"]) == (2, 3)
    reasons = {event["line"]: event["reason"] for event in loglines.events(done.stderr, "a line was rejected")}
    assert 2 in reasons and reasons[4].startswith("/kind") and reasons[5].startswith("/period/to")


def test_an_older_summary_that_comes_later_changes_nothing(stack):
    """Of two reviews at once the first transaction may have the later summary, and a replayed fact is old news."""
    listing = stack.listing(*stack.company())
    token = stack.service_token("rating")

    def deliver(seq, count):
        summary = {"subject_id": listing["id"], "count": count, "mean": 4.0, "bayesian": 3.8}
        fact = {"id": str(uuid.uuid4()), "topic": "rating.summary.changed", "key": listing["id"], "seq": seq}
        fact |= {"occurred_at": "2026-01-05T10:00:00.000000Z", "payload": summary}
        answer = stack["events"].rpc("events.fact.deliver", {"source": "rating", "facts": [fact]}, token)
        assert answer == {"delivered": 1, "refused": []}
        return stack.rpc("events.listing.get", {"id": listing["id"]})["rating"]["count"]

    assert [deliver(1_000_002, 2), deliver(1_000_001, 1), deliver(1_000_003, 3)] == [2, 2, 3]
