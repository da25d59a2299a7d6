"""Users who take their data with them, and who go for good: in every daemon that keeps something of them."""

import json
import uuid

import pytest
from companies import join
from rpc import RpcError
from stack import PASSWORD, WITH_DATABASE
from staff import administrator
from waiting import wait_until

pytestmark = pytest.mark.asan


def erase(user):
    return user.rpc("passport.user.erase", {"password": PASSWORD})


def mentions(stack, *words):
    """Where in the databases one of the words stands: [(table, row)].

    But for facts: what was told is not taken back, and goes a week after everybody has heard it.
    """
    found = []
    for name in WITH_DATABASE:
        with stack.database(name) as database:
            tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in set(tables) - {("outbox",)}:
                rows = database.execute(f'SELECT t::text FROM "{table}" t').fetchall()
                found += [(f"{name}.{table}", row) for (row,) in rows if any(word in row.lower() for word in words)]
    return found


def test_everything_kept_is_exported(stack):
    company, owner = stack.company()
    second, _ = stack.company(owner)
    stack.login(owner.email)
    owner.rpc("passport.letter.set_choices", {"choices": {"reminders": False}})
    export = owner.rpc("passport.user.export")
    assert export["letters_off"] == ["reminders"]
    assert export["profile"]["email"] == owner.email and export["profile"]["id"] == owner.id
    companies = [(one["id"], one["right"]) for one in export["companies"]]
    assert companies == [(company, "owner"), (second, "owner")], "in the order in which the user joined them"
    assert len(export["sessions"]) >= 2 and export["sessions"][0]["address"] == "127.0.0.1"
    assert export["second_factor"] == {"enabled": False, "since": None, "recovery_codes_left": 0}
    actions = [event["action"] for event in export["audit_events"]]
    assert "session.started" in actions
    guest = stack.user()
    owner.rpc("passport.invitation.create", {"company_id": company, "email": guest.email, "right": "staff"})
    export = guest.rpc("passport.user.export")
    assert [one["email"] for one in export["invitations"]] == [guest.email]
    assert "argon2" not in json.dumps(export)
    assert guest.rpc("passport.user.export")["audit_events"][0]["action"] == "user.exported"


def test_nothing_of_an_erased_user_is_left(stack):
    name = "Xavier Quillfeather"
    user = stack.user(name)
    company, owner = stack.company()
    owner.rpc("passport.invitation.create", {"company_id": company, "email": user.email, "right": "staff"})
    join(stack, owner, stack.company(owner)[0])
    stack.admin().rpc("passport.user.suspend", {"id": user.id, "reason": f"{name} asked for it"})
    stack.admin().rpc("passport.user.restore", {"id": user.id})
    user = stack.login(user.email)
    assert mentions(stack, "quillfeather", user.email)
    assert erase(user)["erased"] is True
    gone = wait_until(lambda: not mentions(stack, "quillfeather", user.email), what="the letters to be sent")
    assert gone, mentions(stack, "quillfeather", user.email)
    record = stack.admin().rpc("passport.user.get", {"id": user.id})
    assert (record["state"], record["name"], record["companies"]) == ("erased", "", [])
    assert user.error("passport.user.me").word == "unauthenticated"
    with pytest.raises(RpcError) as error:
        stack.login(user.email)
    assert error.value.reason == "credentials"
    found = stack.admin().rpc("passport.audit.list", {"user_id": user.id})["items"]
    assert found[0]["action"] == "user.erased" and found[0]["address"] == "" and found[0]["actor_id"] == user.id
    assert {event["user_agent"] for event in found} == {""} and all(event["details"] == {} for event in found)


def test_an_erased_address_is_free_again(stack):
    user = stack.user()
    erase(user)
    stack.register(user.email, name="Another")
    assert stack.login(user.email).id != user.id
    with stack.database("passport") as database:
        kept = database.execute("SELECT email FROM user_account WHERE id = %s", (user.id,)).fetchone()[0]
    assert kept == f"erased-{user.id}@erased.invalid"


def test_erasing_needs_the_password(stack):
    user = stack.user()
    error = user.error("passport.user.erase", {"password": "not this one"})
    assert (error.code, error.word, error.reason) == (-32003, "forbidden", "wrong_password")
    assert user.rpc("passport.user.me")["id"] == user.id


def past_booking(stack, guest, listing):
    """The id of a booking with a note, whose period has passed."""
    period = {"from": "2027-03-01T00:00:00Z", "to": "2027-03-02T00:00:00Z"}
    params = {"listing_id": listing["id"], "period": period, "note": "Call Zebulon", "idempotency_key": "past"}
    booking = guest.rpc("events.booking.create", params)["id"]
    with stack.database("events") as database:
        past = (
            "UPDATE booking SET period = tstzrange(now() - interval '2 days', now() - interval '1 day') WHERE id = %s"
        )
        database.execute("DELETE FROM booking_unit WHERE booking_id = %s", (booking,))
        database.execute(past, (booking,))
    stack["events"].command("rebuild-search")
    return booking


def test_bookings_and_reviews_stay_without_a_name(stack):
    company, owner = stack.company()
    listing = stack.listing(company, owner)
    guest = stack.user("Zebulon Quickwater")
    booking = past_booking(stack, guest, listing)
    written = {"booking_id": booking, "score": 4, "text": "Fine.", "idempotency_key": "of the answer that is kept"}
    review = guest.rpc("rating.review.create", written)
    assert "rating.idempotency_key" in [table for table, _ in mentions(stack, "quickwater")]
    assert review["author_name"] == "Zebulon Quickwater"
    erase(guest)

    def reviews():
        return stack.rpc("rating.review.list", {"subject_id": listing["id"]})["items"]

    wait_until(lambda: [one["author_name"] for one in reviews()] == [""], what="rating forgets the name")
    assert [(one["id"], one["author_id"], one["text"]) for one in reviews()] == [(review["id"], guest.id, "Fine.")]
    staff = stack.login(owner.email)

    def bookings():
        return staff.rpc("events.booking.list", {"listing_id": listing["id"]})["items"]

    wait_until(lambda: [one["note"] for one in bookings()] == [""], what="events forgets the note")
    assert [one["id"] for one in bookings()] == [booking]
    wait_until(lambda: not mentions(stack, "zebulon", "quickwater"), what="nothing names the user any more")


def test_quotes_go_with_their_user(stack):
    guest, other = stack.user(), stack.user()
    day = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-01T20:00:00Z"}
    params = {"listing_id": stack.listing(*stack.company())["id"], "period": day}
    mine, kept = (user.rpc("events.booking.quote", params)["quote_id"] for user in (guest, other))
    erase(guest)
    with stack.database("events") as database:
        found = "SELECT array_agg(id::text) FROM quote WHERE id = ANY (%s::uuid[])"
        wait_until(lambda: database.execute(found, [[mine, kept]]).fetchone() == ([kept],), what="its quotes are gone")


def test_a_late_review_of_an_erased_author_is_refused(stack):
    """The name was on its way while its owner went: rating remembers whom to write nothing for."""
    guest = stack.user("Late Lastname")
    booking = past_booking(stack, guest, stack.listing(*stack.company()))
    with stack.database("rating") as database:
        database.execute("INSERT INTO erased_user (user_id, seq) VALUES (%s, 1)", (guest.id,))
    error = guest.error("rating.review.create", {"booking_id": booking, "score": 4})
    assert (error.word, error.reason) == ("unauthenticated", "revoked")
    with stack.database("rating") as database:
        assert not database.execute("SELECT 1 FROM review WHERE author_id = %s", (guest.id,)).fetchall()


def test_an_import_brings_no_erased_name_back(stack, tmp_path):
    author, subject = str(uuid.uuid4()), str(uuid.uuid4())
    with stack.database("rating") as database:
        database.execute("INSERT INTO erased_user (user_id, seq) VALUES (%s, 1)", (author,))
    lines = [
        {
            "kind": "review",
            "id": str(uuid.uuid4()),
            "subject_id": subject,
            "author_id": who,
            "author_name": name,
            "score": 3,
        }
        for who, name in ((author, "Gone Girl"), (str(uuid.uuid4()), "Here Man"))
    ]
    file = tmp_path / "reviews.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stack["rating"].command("import", file)
    items = stack.rpc("rating.review.list", {"subject_id": subject})["items"]
    assert {one["author_name"] for one in items} == {"", "Here Man"}


def test_the_last_owner_must_pass_the_company_on(stack):
    company, owner = stack.company(name="Kept Halls")
    member = join(stack, owner, company)
    lonely, _ = stack.company(owner, name="Lonely Halls")
    owner = stack.login(owner.email)
    error = owner.error("passport.user.erase", {"password": PASSWORD})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "last_owner")
    assert [one["id"] for one in error.data["companies"]] == [company]
    assert error.data["companies"][0]["name"].startswith("Kept Halls")
    assert owner.rpc("passport.user.me")["id"] == owner.id, "nothing has happened"
    owner.rpc("passport.member.set_right", {"company_id": company, "user_id": member.id, "right": "owner"})
    erase(stack.login(owner.email))
    members = stack.login(member.email).rpc("passport.member.list", {"company_id": company})["items"]
    assert [one["user_id"] for one in members] == [member.id]
    record = stack.rpc("passport.company.get", {"id": lonely})
    assert record["state"] == "suspended"
    with stack.database("passport") as database:
        topics = "SELECT topic FROM outbox WHERE key = %s ORDER BY seq DESC LIMIT 2"
        found = {topic for (topic,) in database.execute(topics, (lonely,))}
    assert found == {"passport.company.suspended", "passport.member.changed"}


def test_the_last_owner_of_listings_must_pass_them_on(stack):
    company, owner = stack.company(name="Listed")
    stack.listing(company, owner, publish=False)
    error = owner.error("passport.user.erase", {"password": PASSWORD})
    assert error.data["rule"] == "last_owner" and [one["id"] for one in error.data["companies"]] == [company]


def test_who_cannot_ask_events_cannot_leave_a_company_behind(fresh_stack):
    _, owner = fresh_stack.company()
    free = fresh_stack.user()
    fresh_stack["events"].kill()
    assert owner.error("passport.user.erase", {"password": PASSWORD}).word in ("unavailable", "deadline_exceeded")
    assert owner.rpc("passport.user.me")["id"] == owner.id
    assert erase(free)["erased"]


def test_the_last_administrator_stays(fresh_stack):
    admin = fresh_stack.admin()
    error = admin.error("passport.user.erase", {"password": PASSWORD})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "last_admin")
    erase(administrator(fresh_stack))
    assert admin.error("passport.user.erase", {"password": PASSWORD}).data["rule"] == "last_admin"
