"""An upgrade from the version before callers had limits: what stood is kept, read, moved on in the usual ways and
listed by `check`; what is new follows the new rules. What stood is in tests/system/upgrade."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import earlier_schema
import pytest
from bookings import moment
from integration import exchange
from pictures import picture
from rpc import session
from stack import WITH_DATABASE, Stack
from waiting import wait_until

BEFORE = {"common": "0004", "passport": "0015", "events": "0009", "rating": "0002", "images": "0001"}
SETTINGS = {
    "events": {"drafts_per_company": 5, "company_waiting": 2},
    "images": {"max_side": 64, "max_pixels": 2000, "max_user_images": 3, "max_user_bytes": 256},
}
HALLS, FOLDED, REFUSED, RESTORED, GIVEN_UP = (f"c0000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
HALL, ARENA = (f"10000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
ANN, BOB, MIA, ERASED = (f"a0000000-0000-4000-8000-00000000000{letter}" for letter in "abce")
API_KEY = "evl_key_beforetheupgradebeforetheupgradebeforetheup"
# Of BOB the first three and of the erased user the last.
PICTURES = [picture(size=size) for size in ((100, 10), (50, 50), (8, 8), (9, 9))]


def numbered(kind, number):
    return f"{kind}0000000-0000-4000-8000-{number:012}"


def booking(number):
    return numbered("b", number)


def listing(company, number=1):
    return f"1{company}000000-0000-4000-8000-{number:012}"


def plant_pictures(stack):
    with stack.cluster.connect(stack.databases["images"], user="eventloop") as database:
        for number, (data, size) in enumerate(zip(PICTURES, ((100, 10), (50, 50), (8, 8), (9, 9)), strict=True)):
            sha256 = hashlib.sha256(data).hexdigest()
            file = stack.folder / "images" / sha256[:2] / sha256
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            database.execute(
                "INSERT INTO image (id, owner_id, sha256, type, width, height, bytes)"
                " VALUES (%s, %s, %s, 'image/png', %s, %s, %s)",
                (numbered("9", number), ERASED if number == 3 else BOB, sha256, *size, len(data)),
            )
        database.execute(
            "INSERT INTO image (id, owner_id, sha256, type, width, height, bytes)"
            " SELECT %s, owner_id, sha256, type, width, height, bytes FROM image WHERE id = %s",
            (numbered("9", 4), numbered("9", 2)),
        )


def found(daemon):
    """What `check` lists: {(rule, what it is about)}; its status says whether there is anything."""
    done = daemon.command("check", check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (1 if lines else 0), done.stderr
    return sorted((line["check"], about(line["row"])) for line in lines)


def about(row):
    return next(str(row[name]) for name in ("id", "key", "company_id", "owner_id", "subject_id") if name in row)


@pytest.fixture(scope="module")
def migrated(cluster):
    """(a stack whose databases were brought to today's schema, what `check` listed before it was started)."""
    stack = Stack(cluster, SETTINGS)
    earlier_schema.lay(stack, BEFORE, Path(__file__).parent / "upgrade")
    plant_pictures(stack)
    for name in WITH_DATABASE:
        stack[name].command("migrate")
    stack["events"].command("rebuild-search")  # the files of upgrade/ leave that out
    listed = {name: found(stack[name]) for name in WITH_DATABASE}
    with stack:
        yield stack, listed


@pytest.fixture(scope="module")
def stack(migrated):
    return migrated[0]


@pytest.fixture(scope="module")
def users(stack):
    return {name: stack.login(f"{name}@upgrade.example") for name in ("ann", "bob", "mia", "mod")}


def search(stack, company):
    found_now, cursor = set(), None
    while True:
        params = {"company_id": company, "limit": 100} | ({"cursor": cursor} if cursor else {})
        page = stack.rpc("events.listing.search", params)
        found_now |= {item["id"] for item in page["items"]}
        cursor = page["next_cursor"]
        if not cursor:
            return found_now


def rule(error):
    return error.data.get("rule") or error.reason or error.word


def test_check_lists_what_breaks_rules_that_came_since(migrated):
    stack, listed = migrated
    events = [("before_end", booking(12))] + [("booking_shortest", booking(n)) for n in (1, 3, 9)]
    events += [("company_waiting", HALLS), ("fact_key", "1D000000-0000-4000-8000-000000000001")]
    events += [("too_many_drafts", HALLS), ("units", booking(4)), ("units", booking(10))]
    assert listed["events"] == events
    assert listed["passport"] == [("fact_key", "A0000000-0000-4000-8000-00000000000F"), ("fact_key", REFUSED.upper())]
    rating = [("fact_key", "1D000000-0000-4000-8000-000000000001"), ("review_interval", numbered("e", 3))]
    assert listed["rating"] == [*rating, ("summary", HALL)]
    bounds = [("max_pixels", numbered("9", 1)), ("max_side", numbered("9", 0))]
    assert listed["images"] == [*bounds, ("max_user_bytes", BOB), ("max_user_images", BOB)]
    wait_until(lambda: found(stack["rating"]) == rating, what="the summary to be made anew")
    own = [json.loads(line) for line in stack["rating"].command("own-reviews", check=False).stdout.splitlines()]
    assert [(line["check"], line["row"]["id"]) for line in own] == [("own_company", numbered("e", 4))]


def test_reviews_stay_and_the_latest_of_an_author_counts(stack, users):
    items = stack.rpc("rating.review.list", {"subject_id": HALL})["items"]
    assert [item["id"] for item in items] == [numbered("e", n) for n in (3, 2, 4, 1)]
    wait_until(lambda: stack.rpc("rating.summary.get", {"subject_id": HALL})["count"] == 2, what="the recount")
    assert stack.rpc("rating.summary.get", {"subject_id": HALL})["mean"] == 3
    wait_until(lambda: stack.rpc("events.listing.get", {"id": HALL})["rating"]["count"] == 2, what="events to hear")
    refused = {
        ("ann", 1): "min_duration",
        ("ann", 2): "already_reviewed",
        ("ann", 8): "review_interval",
        ("ann", 9): "min_duration",
        ("ann", 13): "booking_completed",
        ("mia", 6): "own_company",
    }
    for (name, number), expected in refused.items():
        wanted = {"booking_id": booking(number), "score": 1}
        assert rule(users[name].error("rating.review.create", wanted)) == expected, (name, number)
    reviewed = users["ann"].rpc("rating.review.create", {"booking_id": booking(10), "score": 4})
    assert reviewed["subject_id"] == ARENA
    hidden = users["ann"].rpc("rating.review.create", {"booking_id": booking(12), "score": 2})
    assert hidden["booking_id"] == booking(12)


def test_bookings_are_read_and_moved_on(stack, users):
    ann, bob = users["ann"], users["bob"]
    states = {number: ann.rpc("events.booking.get", {"id": booking(number)})["state"] for number in (1, 2, 3, 4, 5, 11)}
    assert states == {1: "completed", 2: "completed", 3: "confirmed", 4: "confirmed", 5: "completed", 11: "confirmed"}
    for number in (3, 4, 11):
        assert ann.rpc("events.booking.cancel", {"id": booking(number)})["state"] == "cancelled"
    for number in (1, 2, 10):
        assert ann.error("events.booking.cancel", {"id": booking(number)}).word == "precondition_failed"
        assert bob.error("events.booking.cancel", {"id": booking(number)}).word == "precondition_failed"
    assert len(ann.rpc("events.booking.list", {})["items"]) == 11
    soon = datetime.now(UTC) + timedelta(days=30)
    brief = {"from": moment(soon), "to": moment(soon + timedelta(minutes=14))}
    day = {"from": moment(soon), "to": moment(soon + timedelta(days=1))}
    assert rule(ann.error("events.booking.create", {"listing_id": HALL, "period": brief})) == "min_duration"
    many = ann.error("events.booking.create", {"listing_id": ARENA, "period": day, "units": 101})
    assert many.word == "invalid_params"
    assert ann.rpc("events.booking.create", {"listing_id": ARENA, "period": day, "units": 100})["state"] == "confirmed"
    left = [("booking_shortest", booking(n)) for n in (1, 9)]
    assert [row for row in found(stack["events"]) if row[0] == "booking_shortest"] == left


def test_a_company_over_its_limits_goes_on(stack, users):
    bob, mod = users["bob"], users["mod"]
    new = {"company_id": HALLS, "type": "hall", "title": "One more", "capacity": 10}
    assert rule(bob.error("events.listing.create", new)) == "too_many_drafts"
    draft = bob.rpc("events.listing.get", {"id": listing("d")})
    changed = bob.rpc("events.listing.update", {"id": draft["id"], "version": draft["version"], "title": "Better"})
    read = {"id": draft["id"], "version": changed["version"]}
    assert rule(bob.error("events.listing.submit", read)) == "too_many"
    queue = mod.rpc("events.listing.queue", {"company_id": HALLS})["items"]
    assert len(queue) == 4
    for number, decision in ((1, "approve"), (2, "reject"), (3, "approve")):
        read = {"id": listing("e", number), "version": 1} | ({"reason": "Dark"} if decision == "reject" else {})
        mod.rpc(f"events.listing.{decision}", read)
    read = {"id": draft["id"], "version": changed["version"]}
    assert bob.rpc("events.listing.submit", read)["state"] == "submitted"
    assert stack.rpc("events.listing.get", {"id": listing("e")})["state"] == "published"
    hall = bob.rpc("events.listing.get", {"id": HALL})
    bob.rpc("events.listing.update", {"id": HALL, "version": hall["version"], "capacity": 40})
    assert rule(bob.error("events.listing.create", new)) == "too_many_drafts"


def test_suspended_companies_are_out_of_sight(stack, users):
    wait_until(lambda: not search(stack, REFUSED), 30, "events to fold what it had refused")
    assert search(stack, FOLDED) == set()
    for company in "23":
        for number in (1, 450):
            assert stack.error("events.listing.get", {"id": listing(company, number)}).word == "not_found"
        day = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}
        wanted = {"listing_id": listing(company), "period": day}
        assert users["ann"].error("events.booking.create", wanted).word == "not_found"
    back = {listing(4, number) for number in range(1, 451)}
    wait_until(lambda: search(stack, RESTORED) == back, 30, "what the restored company has to be found")
    assert search(stack, GIVEN_UP) == {listing(5)}
    stack["passport"].command("dead-letters", "replay", "events")
    wait_until(lambda: search(stack, GIVEN_UP) == set(), 30, "the letter replayed to be folded")
    assert stack.error("events.listing.get", {"id": listing(5)}).word == "not_found"


def test_erased_users_stay_erased(stack, users):
    def read(name, sql):
        with stack.database(name) as database:
            return database.execute(sql, (ERASED,)).fetchall()

    for name in WITH_DATABASE:
        marked = "SELECT count(*) FROM erased_user WHERE user_id = %s"
        wait_until(lambda n=name, sql=marked: read(n, sql) == [(1,)], what=f"{name} to know of the erased user")
    noted = "SELECT note FROM booking WHERE user_id = %s"
    wait_until(lambda: read("events", noted) == [("",)], what="the note to go")
    wait_until(lambda: not read("images", "SELECT 1 FROM image WHERE owner_id = %s"), what="the owner to go")
    wait_until(lambda: not read("images", "SELECT 1 FROM image_usage WHERE owner_id = %s"), what="the sum to go")
    assert users["bob"].rpc("events.booking.get", {"id": booking(7)})["state"] == "confirmed"
    assert users["bob"].rpc("events.booking.cancel", {"id": booking(7)})["note"] == ""


def test_pictures_are_read_and_no_more_are_taken(stack, users):
    for number, data in enumerate(PICTURES):
        known = stack.rpc("images.image.get", {"id": numbered("9", number)})
        assert known["id"] == numbered("9", number)
        answer = stack.gateway.get(f"/images/{known['id']}")
        assert (answer.status_code, answer.content) == (200, data)
    headers = {"Content-Type": "image/png", "Authorization": f"Bearer {users['bob'].token}"}
    refused = session().post(f"{stack.gateway.base}/images", data=picture(size=(10, 11)), headers=headers, timeout=30)
    assert refused.status_code == 409 and refused.json()["error"]["data"]["rule"] == "max_user_images"
    headers["Authorization"] = f"Bearer {users['ann'].token}"
    refused = session().post(f"{stack.gateway.base}/images", data=PICTURES[0], headers=headers, timeout=30)
    assert refused.status_code == 413 and refused.json()["error"]["data"]["reason"] == "side"


def test_invitations_beyond_their_limit_are_answered(stack, users):
    ann, bob, items, cursor = users["ann"], users["bob"], [], None
    while cursor or not items:
        params = {"company_id": HALLS, "limit": 100} | ({"cursor": cursor} if cursor else {})
        page = bob.rpc("passport.invitation.list", params)
        items, cursor = items + page["items"], page["next_cursor"]
    assert len(items) == 160
    assert bob.rpc("passport.invitation.revoke", {"id": numbered("d", 160)})["state"] == "revoked"
    ann.rpc("passport.invitation.accept", {"id": numbered("d", 1)})
    assert HALLS in [one["id"] for one in stack.login(ann.email).rpc("passport.user.me")["companies"]]


def test_an_api_key_of_which_nobody_knows_the_maker_is_good(stack):
    token = exchange(stack, API_KEY)
    items = stack.rpc("events.listing.mine", {"company_id": HALLS}, token)["items"]
    assert len(items) == 11
