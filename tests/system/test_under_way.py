"""Work that is under way while the user it is for is erased, or the company it is about suspended."""

import io
import json
import threading
import uuid

import pytest
from PIL import Image
from rpc import RpcError, session
from stack import PASSWORD
from staff import with_role
from waiting import wait_until

pytestmark = pytest.mark.asan

PERIOD = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}
REASON = {"reason": "for a test"}


class Call:
    """A call in a thread of its own; result() waits for it: the answer, or the error."""

    def __init__(self, function, *arguments):
        self.outcome = None
        self._thread = threading.Thread(target=self._run, args=(function, *arguments))
        self._thread.start()

    def _run(self, function, *arguments):
        try:
            self.outcome = function(*arguments)
        except RpcError as error:
            self.outcome = error

    def result(self):
        self._thread.join()
        return self.outcome


def waits_for_a_lock(stack, name, statement):
    """Whether a statement that holds these words waits for a lock in a daemon's database."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' AND query LIKE %s"
    with stack.database(name) as database:
        return database.execute(asked, (stack.databases[name], f"%{statement}%")).fetchone()


def mark(stack, name, user):
    """As if the daemon had been told just now that the user was erased."""
    with stack.database(name) as database:
        database.execute("INSERT INTO erased_user (user_id, seq) VALUES (%s, 1)", (user.id,))


def column(stack, name, sql, *values):
    with stack.database(name) as database:
        return [value for (value,) in database.execute(sql, values)]


def book(user, listing, note="Call Zebulon"):
    return user.rpc("events.booking.create", {"listing_id": listing["id"], "period": PERIOD, "note": note})


def test_a_booking_under_way_keeps_no_note_of_an_erased_user(stack):
    """The booking waits for another's lock on the listing, its user goes, the lock is given back."""
    listing, user = stack.listing(*stack.company()), stack.user()
    with stack.database("events") as other, other.transaction():
        other.execute("SELECT FROM listing WHERE id = %s FOR UPDATE", (listing["id"],))
        booking = Call(book, user, listing)
        wait_until(lambda: waits_for_a_lock(stack, "events", "FOR NO KEY UPDATE OF l"), what="the booking to wait")
        user.rpc("passport.user.erase", {"password": PASSWORD})
        wait_until(lambda: waits_for_a_lock(stack, "events", "erased_user_lock"), what="the erasure to wait")
    assert booking.result()["state"] == "confirmed"
    told = "SELECT 1 FROM erased_user WHERE user_id = %s"
    wait_until(lambda: column(stack, "events", told, user.id), what="events to have been told")
    assert column(stack, "events", "SELECT note FROM booking WHERE user_id = %s", user.id) == [""]


def test_a_booking_that_begins_after_the_erasure_is_refused(stack):
    """Its token was good when it came; then it waited for a connection."""
    listing, user = stack.listing(*stack.company()), stack.user()
    mark(stack, "events", user)
    with pytest.raises(RpcError) as error:
        book(user, listing)
    assert (error.value.word, error.value.reason) == ("unauthenticated", "revoked")
    assert column(stack, "events", "SELECT id FROM booking WHERE user_id = %s", user.id) == []
    assert column(stack, "events", "SELECT key FROM idempotency_key WHERE caller = %s", user.id) == []


def test_passport_writes_nothing_for_an_erased_user(stack):
    user = stack.user()
    events = "SELECT id FROM audit_event WHERE user_id = %s"
    before = column(stack, "passport", events, user.id)
    mark(stack, "passport", user)
    for method, params in (
        ("passport.user.update", {"name": "Zebulon", "version": 1}),
        ("passport.company.create", {"name": "Zebulon's"}),
        ("passport.user.erase", {"password": PASSWORD}),
    ):
        error = user.error(method, params)
        assert (error.word, error.reason) == ("unauthenticated", "revoked"), method
    assert column(stack, "passport", events, user.id) == before


def upload(stack, user):
    picture = io.BytesIO()
    Image.new("RGB", (20, 10)).save(picture, "PNG")
    headers = {"Authorization": f"Bearer {user.token}", "Content-Type": "image/png"}
    return session().post(f"{stack.gateway.base}/images", data=picture.getvalue(), headers=headers, timeout=60)


def test_images_of_an_erased_user_have_no_owner(stack):
    user = stack.user()
    image = upload(stack, user).json()
    assert image["owner_id"] == user.id
    user.rpc("passport.user.erase", {"password": PASSWORD})
    owners = "SELECT owner_id FROM image WHERE id = %s"
    wait_until(lambda: column(stack, "images", owners, image["id"]) == [None], what="images to forget the owner")
    assert stack.gateway.get(image["url"]).status_code == 200, "it may stand in a company's listing"


def test_an_upload_under_way_is_refused(stack):
    user = stack.user()
    mark(stack, "images", user)
    answer = upload(stack, user)
    assert answer.status_code == 401 and answer.json()["error"]["data"]["reason"] == "revoked"
    assert column(stack, "images", "SELECT id FROM image WHERE owner_id = %s", user.id) == []


def test_an_import_brings_no_note_of_an_erased_user_back(stack, tmp_path):
    company, owner = stack.company()
    listing, gone = stack.listing(company, owner), str(uuid.uuid4())
    with stack.database("events") as database:
        database.execute("INSERT INTO erased_user (user_id, seq) VALUES (%s, 1)", (gone,))
    lines = [
        {
            "kind": "booking",
            "listing_id": listing["id"],
            "user_id": who,
            "note": "Call Zebulon",
            "period": {"from": f"2027-0{month}-01T00:00:00Z", "to": f"2027-0{month}-02T00:00:00Z"},
        }
        for month, who in ((3, gone), (4, str(uuid.uuid4())))
    ]
    file = tmp_path / "bookings.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stack["events"].command("import", file)
    notes = "SELECT note FROM booking WHERE listing_id = %s ORDER BY lower(period)"
    assert column(stack, "events", notes, listing["id"]) == ["", "Call Zebulon"]


def test_a_long_trail_goes_to_its_end(stack):
    user = stack.user()
    insert = (
        "INSERT INTO audit_event (id, action, actor_kind, actor, user_id, address, details) SELECT gen_random_uuid(), "
        "'session.started', 'user', %(id)s::text, %(id)s::uuid, '192.0.2.7', '{\"name\": \"Zebulon\"}' "
        "FROM generate_series(1, 1700)"
    )
    with stack.database("passport") as database:
        database.execute(insert, {"id": user.id})
    user.rpc("passport.user.erase", {"password": PASSWORD})
    left = "SELECT count(*) FROM audit_event WHERE user_id = %s AND (address <> '' OR details <> '{}')"
    assert column(stack, "passport", left, user.id) != [0], "more than goes in the call itself"
    wait_until(lambda: column(stack, "passport", "SELECT count(*) FROM background_job") == [0], what="the job's end")
    assert column(stack, "passport", left, user.id) == [0]


def found(stack, company):
    return {item["id"] for item in stack.rpc("events.listing.search", {"company_id": company})["items"]}


class HeldJob:
    """`with HeldJob(stack, company)`: the background job of the company's listings does not get its turn."""

    def __init__(self, stack, company):
        self.database = stack.database("events")
        self.name = f"background_job company_listings {company}"

    def __enter__(self):
        self.database.__enter__()
        self.database.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (self.name,))

    def __exit__(self, *exception):
        self.database.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (self.name,))
        self.database.__exit__(*exception)


def test_a_suspension_counts_before_its_rows_have_followed(stack):
    moderator = with_role(stack, "moderator")
    company, owner = stack.company()
    listing, stranger = stack.listing(company, owner), stack.user()
    rows = "SELECT id::text FROM listing_search WHERE company_id = %s"
    with HeldJob(stack, company):
        moderator.rpc("passport.company.suspend", {"id": company} | REASON)
        wait_until(lambda: found(stack, company) == set(), what="search to leave the listing out")
        assert column(stack, "events", rows, company) == [listing["id"]]
        assert stack.rpc("events.listing.search", {"company_id": company})["total"] == 0
        assert stranger.error("events.listing.get", {"id": listing["id"]}).word == "not_found"
        wanted = {"listing_id": listing["id"], "period": PERIOD}
        assert stranger.error("events.booking.create", wanted).word == "not_found"
        moderator.rpc("passport.company.restore", {"id": company} | REASON)
        wait_until(lambda: found(stack, company) == {listing["id"]}, what="search to have it again")
        moderator.rpc("passport.company.suspend", {"id": company} | REASON)
        wait_until(lambda: found(stack, company) == set(), what="search to leave it out again")
    wait_until(lambda: column(stack, "events", rows, company) == [], what="the rows to follow")
    moderator.rpc("passport.company.restore", {"id": company} | REASON)
    wait_until(lambda: found(stack, company) == {listing["id"]}, what="the listing to come back")


def test_a_booking_that_waited_meets_the_suspension(stack):
    moderator = with_role(stack, "moderator")
    company, owner = stack.company()
    listing, stranger = stack.listing(company, owner), stack.user()
    with stack.database("events") as other, other.transaction():
        other.execute("SELECT FROM listing WHERE id = %s FOR UPDATE", (listing["id"],))
        booking = Call(book, stranger, listing)
        wait_until(lambda: waits_for_a_lock(stack, "events", "FOR NO KEY UPDATE OF l"), what="the booking to wait")
        moderator.rpc("passport.company.suspend", {"id": company} | REASON)
        suspended = "SELECT 1 FROM company_state WHERE company_id = %s AND suspended"
        wait_until(lambda: column(stack, "events", suspended, company), what="events to have been told")
    assert booking.result().word == "not_found"
    assert column(stack, "events", "SELECT id FROM booking WHERE listing_id = %s", listing["id"]) == []


def test_drafts_have_a_limit(make_stack):
    stack = make_stack({"events": {"drafts_per_company": 3}})
    company, owner = stack.company()
    first = stack.listing(company, owner, publish=False)
    stack.listing(company, owner)
    for _ in range(2):
        stack.listing(company, owner, publish=False)
    owner.rpc("events.listing.submit", {"id": first["id"], "version": first["version"]})
    error = owner.error("events.listing.create", {"company_id": company, "type": stack.listing_type(), "title": "4th"})
    assert (error.word, error.data["rule"], error.data["maximum"]) == ("precondition_failed", "too_many_drafts", 3)
    stack.listing(*stack.company(), publish=False)
    with stack.database("events") as database:
        database.execute("UPDATE listing SET state = 'draft' WHERE company_id = %s", (company,))
    stack["events"].command("rebuild-search")
    checked = stack["events"].command("check", check=False).stdout
    assert {"check": "too_many_drafts", "row": {"company_id": company, "drafts": 4}} in [
        json.loads(line) for line in checked.splitlines()
    ]


def test_what_is_left_to_do_is_done_after_a_crash(fresh_stack):
    """kill -9 of events in the middle of forgetting the notes of a user, and of the listings of a company."""
    stack = fresh_stack
    company, owner = stack.company()
    listing, user = stack.listing(company, owner), stack.user()
    with stack.database("events") as database:
        database.execute(
            "INSERT INTO booking (id, listing_id, company_id, user_id, period, state, note) SELECT gen_random_uuid(), "
            "%s, %s, %s, tstzrange(now(), now() + interval '1 day'), 'cancelled', 'Call Zebulon' "
            "FROM generate_series(1, 10000)",
            (listing["id"], company, user.id),
        )
    user.rpc("passport.user.erase", {"password": PASSWORD})
    left = "SELECT count(*) FROM booking WHERE note <> ''"
    wait_until(lambda: column(stack, "events", left)[0] < 9000, what="some notes to be gone")
    stack["events"].kill()
    assert column(stack, "events", left)[0] > 0
    assert column(stack, "events", "SELECT kind FROM background_job WHERE position <> ''") == ["erased_user"]
    stack["events"].start()
    wait_until(lambda: column(stack, "events", left) == [0], what="the others to be gone")
    wait_until(lambda: column(stack, "events", "SELECT 1 FROM background_job") == [], what="the job's end")
    metrics = stack["events"].probes().get("/metrics").text
    assert 'eventloop_background_jobs{kind="erased_user"}' in metrics
