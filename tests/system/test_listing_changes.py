"""Words of published listings change by moderators alone: what waits, who decides, and about which version."""

import json
import uuid

import pytest
from companies import all_pages, in_parallel, join, odd, refresh
from integration import exchange, make_key
from moderation import decision, queue, update
from past_bookings import load
from rpc import RpcError
from stack import User
from staff import with_role

pytestmark = pytest.mark.asan
REASON = "Not what the house is."
FRAUD = "Pay to this account before you come"


@pytest.fixture(scope="module")
def moderator(stack):
    return with_role(stack, "moderator")


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, title="Boat house", description="A hall by the water.", properties={"area": 140})


def found(stack, company, text):
    items = stack.rpc("events.listing.search", {"company_id": company, "text": text})["items"]
    return {item["id"]: item["title"] for item in items}


def mine(user):
    return all_pages(user, "events.listing.mine", {"limit": 100})


def topics(stack, listing):
    with stack.database("events") as database:
        found = database.execute("SELECT topic FROM outbox WHERE key = %s ORDER BY seq", (listing["id"],))
        return [topic.removeprefix("events.listing.") for (topic,) in found.fetchall()]


# --- words of published listings ---


def test_a_second_import_changes_no_word(stack, owner, tmp_path):
    """Whichever of its names says that a listing is there already."""
    line = {"kind": "listing", "company_id": owner[0], "type": "hall", "title": "Old mill", "capacity": 5}
    names = ({"id": str(uuid.uuid4())}, {"external_id": "mill"}, {"id": str(uuid.uuid4()), "external_id": "barn"})
    first = [line | name for name in names]
    again = [one | {"title": FRAUD, "capacity": 9} for one in first]
    by_other_name = first[2] | {"id": str(uuid.uuid4()), "title": FRAUD}
    assert load(stack, tmp_path, "events", first) == {}
    whole = [one for one in mine(owner[1]) if one["title"] == "Old mill"]
    assert len(whole) == 3
    assert load(stack, tmp_path, "events", [*again, by_other_name]) == {}
    assert [one for one in mine(owner[1]) if one["id"] in {kept["id"] for kept in whole}] == whole
    assert set(found(stack, owner[0], "mill").values()) == {"Old mill"} and found(stack, owner[0], "account") == {}


@pytest.mark.parametrize(
    "words",
    [
        {"title": FRAUD},
        {"description": FRAUD},
        {"address": FRAUD},
        {"properties": {"area": 140, "house_rules": FRAUD}},
        {"title": FRAUD, "description": FRAUD, "address": FRAUD},
    ],
    ids=lambda words: "+".join(words),
)
def test_no_word_of_a_published_listing_changes_without_a_moderator(stack, owner, hall, moderator, words):
    company, user = owner
    changed = update(user, hall, **words)
    assert {name: changed[name] for name in words} == {name: hall[name] for name in words}
    for reader in (stack, stack.user()):
        read = reader.rpc("events.listing.get", {"id": hall["id"]})
        assert FRAUD not in json.dumps(read) and "pending" not in read and read["state"] == "published"
    assert hall["id"] not in found(stack, company, "account")
    for reader in (user, moderator):
        pending = reader.rpc("events.listing.get", {"id": hall["id"]})["pending"]
        expected = {"properties": {"house_rules": FRAUD}} if "properties" in words else words
        assert pending["changes"] == expected and pending["version"] == changed["version"]
    mine = {item["id"]: item for item in all_pages(user, "events.listing.mine", {"company_id": company})}
    assert mine[hall["id"]]["pending"] == pending

    approved = moderator.rpc("events.listing.approve", decision(hall, pending["version"]))
    assert "pending" not in approved
    read = stack.rpc("events.listing.get", {"id": hall["id"]})
    assert {name: read[name] for name in words} == words
    # Properties are not searched for by their words.
    assert found(stack, company, "account").get(hall["id"]) == (None if "properties" in words else read["title"])


def test_all_else_changes_at_once(stack, owner, hall):
    price = {"amount": 5, "currency": "EUR"}
    changed = update(owner[1], hall, title="Other", price=price, capacity=7, properties={"area": 150, "stage": True})
    read = stack.rpc("events.listing.get", {"id": hall["id"]})
    assert (read["price"], read["capacity"], read["title"]) == (price, 7, "Boat house")
    assert read["properties"] == {"area": 150, "stage": True} and changed["pending"]["changes"] == {"title": "Other"}
    # What waits is left alone by it, whatever the listing's version is by now.
    again = update(owner[1], changed, units=2)
    assert again["pending"] == changed["pending"] and again["version"] == changed["version"] + 1
    approved = stack.admin().rpc("events.listing.approve", decision(hall, again["pending"]["version"]))
    assert (approved["title"], approved["units"], approved["capacity"]) == ("Other", 2, 7)


def test_words_taken_out_wait_as_well(stack, owner, moderator):
    rules = {"house_rules": "No smoking", "area": 5}
    listing = stack.listing(*owner, properties=rules)
    changed = update(owner[1], listing, properties={})
    assert changed["properties"] == {"house_rules": "No smoking"}
    assert changed["pending"]["changes"] == {"properties": {"house_rules": None}}
    row = queue(moderator)[listing["id"]]
    assert row["published"] == {"properties": {"house_rules": "No smoking"}}
    moderator.rpc("events.listing.approve", decision(listing, changed["version"]))
    assert stack.rpc("events.listing.get", {"id": listing["id"]})["properties"] == {}


def test_a_later_change_replaces_the_one_that_waits(stack, owner, hall, moderator):
    user = owner[1]
    first = update(user, hall, title="First", address="Quay 1")
    second = update(user, first, title="Second")
    assert second["pending"]["changes"] == {"title": "Second", "address": "Quay 1"}
    assert second["pending"]["version"] > first["pending"]["version"]
    for method in ("approve", "reject"):
        params = decision(hall, first["pending"]["version"]) | ({"reason": REASON} if method == "reject" else {})
        error = moderator.error(f"events.listing.{method}", params)
        assert (error.word, error.reason) == ("conflict", "stale_version")
    assert stack.rpc("events.listing.get", {"id": hall["id"]})["title"] == "Boat house"
    moderator.rpc("events.listing.approve", decision(hall, second["pending"]["version"]))
    read = stack.rpc("events.listing.get", {"id": hall["id"]})
    assert (read["title"], read["address"]) == ("Second", "Quay 1")


def test_words_as_published_take_the_change_back(stack, owner, hall, moderator):
    user = owner[1]
    first = update(user, hall, title="First")
    back = update(user, first, title="Boat house")
    assert "pending" not in back and hall["id"] not in queue(moderator)
    error = moderator.error("events.listing.approve", decision(hall, first["pending"]["version"]))
    assert (error.word, error.reason) == ("conflict", "stale_version")
    # A new one is another, though it looks the same.
    again = update(user, back, title="First")
    assert again["pending"]["version"] > first["pending"]["version"]
    error = moderator.error("events.listing.approve", decision(hall, first["pending"]["version"]))
    assert (error.word, error.reason) == ("conflict", "stale_version")
    put, back = ["change_submitted", "updated"], ["change_withdrawn", "updated"]
    assert topics(stack, hall)[-6:] == [*put, *back, *put]


def test_a_rejected_change_leaves_the_listing_as_it_was(stack, owner, hall, moderator):
    user = owner[1]
    changed = update(user, hall, title="Other")
    before = stack.rpc("events.listing.get", {"id": hall["id"]})
    rejected = moderator.rpc("events.listing.reject", decision(hall, changed["version"], reason=REASON))
    rejection = rejected["rejection"]
    assert (rejection["kind"], rejection["reason"], rejection["changes"]) == ("change", REASON, {"title": "Other"})
    assert user.rpc("events.listing.get", {"id": hall["id"]})["rejection"] == rejection
    read = stack.rpc("events.listing.get", {"id": hall["id"]})
    assert read | {"version": before["version"]} == before and "rejection" not in read
    assert topics(stack, hall)[-1] == "change_rejected"
    # A stale editor of the company notices, and an approved change ends the note.
    assert user.error("events.listing.update", decision(hall, changed["version"], title="x")).reason == "stale_version"
    again = update(user, rejected, title="Better")
    assert again["rejection"] == rejection
    approved = moderator.rpc("events.listing.approve", decision(hall, again["version"]))
    assert "rejection" not in approved and topics(stack, hall)[-2:] == ["change_approved", "updated"]
    with stack.database("events") as database:
        kept = database.execute(
            "SELECT kind, state, reason, decided_by::text FROM listing_change WHERE listing_id = %s "
            "ORDER BY decided_at",
            (hall["id"],),
        ).fetchall()
    assert kept[1:] == [("change", "rejected", REASON, moderator.id), ("change", "approved", "", moderator.id)]
    assert kept[0][:2] == ("listing", "approved")


def test_the_last_hundred_decisions_are_kept(stack, owner, hall, moderator):
    changed = update(owner[1], hall, title="Other")
    with stack.database("events") as database:
        database.execute(
            "INSERT INTO listing_change (id, listing_id, company_id, kind, base_version, version, fields, state, "
            "submitted_at, decided_at) SELECT gen_random_uuid(), l.id, l.company_id, 'change', n, n, '{}', 'approved', "
            "now(), now() - interval '1 day' * n FROM listing l, generate_series(1, 150) n WHERE l.id = %s",
            (hall["id"],),
        )
    moderator.rpc("events.listing.reject", decision(hall, changed["version"], reason=REASON))
    with stack.database("events") as database:
        kept = (
            "SELECT count(*), max(decided_at) FILTER (WHERE state = 'rejected') = max(decided_at) FROM listing_change"
        )
        assert database.execute(f"{kept} WHERE listing_id = %s", (hall["id"],)).fetchone() == (100, True)


def test_bookings_and_published_at_do_not_notice(stack, owner, hall):
    user = owner[1]
    changed = update(user, hall, title="Other")
    period = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}
    booking = stack.user().rpc("events.booking.create", {"listing_id": hall["id"], "period": period})
    assert booking["state"] == "confirmed"
    with stack.database("events") as database:
        first = database.execute("SELECT published_at FROM listing WHERE id = %s", (hall["id"],)).fetchone()
        stack.admin().rpc("events.listing.approve", decision(hall, changed["version"]))
        assert database.execute("SELECT published_at FROM listing WHERE id = %s", (hall["id"],)).fetchone() == first


# --- whole listings ---


def test_a_submitted_listing_is_decided_by_the_version_read(stack, owner, moderator):
    company, user = owner
    draft = stack.listing(company, user, publish=False)
    submitted = user.rpc("events.listing.submit", decision(draft, draft["version"]))
    assert moderator.error("events.listing.approve", {"id": draft["id"]}).word == "invalid_params"
    assert moderator.error("events.listing.reject", decision(draft, submitted["version"])).word == "invalid_params"
    row = queue(moderator)[draft["id"]]
    assert (row["kind"], row["version"], row["published"]) == ("listing", submitted["version"], None)
    assert row["changes"]["title"] == draft["title"] and row["company_id"] == company
    changed = update(user, submitted, title=FRAUD)
    assert (changed["title"], changed["state"]) == (FRAUD, "submitted") and "pending" not in changed
    error = moderator.error("events.listing.approve", decision(draft, row["version"]))
    assert (error.word, error.reason) == ("conflict", "stale_version")
    rejected = moderator.rpc("events.listing.reject", decision(draft, changed["version"], reason=REASON))
    assert rejected["state"] == "rejected" and rejected["rejection"]["reason"] == REASON
    assert draft["id"] not in queue(moderator) and topics(stack, draft)[-1] == "rejected"
    assert user.rpc("events.listing.get", {"id": draft["id"]})["rejection"]["kind"] == "listing"
    again = user.rpc("events.listing.submit", decision(draft, rejected["version"]))
    assert moderator.rpc("events.listing.approve", decision(draft, again["version"]))["state"] == "published"
    error = moderator.error("events.listing.reject", decision(draft, again["version"] + 1, reason=REASON))
    assert (error.word, error.data["rule"], error.data["state"]) == ("precondition_failed", "state", "published")


def test_of_two_moderators_one_decides(stack, owner, hall, moderator):
    another = with_role(stack, "moderator")
    version = update(owner[1], hall, title="Other")["version"]
    approve = lambda: moderator.rpc("events.listing.approve", decision(hall, version))
    reject = lambda: another.rpc("events.listing.reject", decision(hall, version, reason=REASON))
    outcomes = in_parallel([approve, reject] * 3)
    errors = [one for one in outcomes if isinstance(one, RpcError)]
    assert len(errors) == 5 and {(one.word, one.reason) for one in errors} == {("conflict", "stale_version")}


def test_a_decision_and_a_change_at_the_same_moment(stack, owner, moderator):
    """Whatever comes first, nobody approves what was not read."""
    company, user = owner
    for number in range(5):
        listing = stack.listing(company, user, title="Boat house")
        changed = update(user, listing, title="Read")
        outcomes = in_parallel(
            [
                lambda a=listing, b=changed: moderator.rpc("events.listing.approve", decision(a, b["version"])),
                lambda b=changed: update(user, b, title=FRAUD),
            ]
        )
        assert not odd(outcomes), number
        assert stack.rpc("events.listing.get", {"id": listing["id"]})["title"] in ("Boat house", "Read")


# --- who decides ---


def test_moderators_do_not_decide_about_their_own_company(stack):
    company, own = stack.company(with_role(stack, "moderator"))
    draft = stack.listing(company, own, publish=False)
    version = own.rpc("events.listing.submit", decision(draft, draft["version"]))["version"]
    published = stack.listing(company, own)
    changed = update(own, published, title="Other")
    refused = [("approve", decision(draft, version)), ("reject", decision(draft, version, reason=REASON))]
    refused += [("approve", decision(published, changed["version"]))]
    refused += [("reject", decision(published, changed["version"], reason=REASON))]
    for method, params in refused:
        error = own.error(f"events.listing.{method}", params)
        assert (error.word, error.reason) == ("forbidden", "own_company")
    # A member of any right, though the token does not say it yet or the company is suspended.
    stack.admin().rpc("passport.company.suspend", {"id": company, "reason": "for a test"})
    for method, params in refused:
        assert stack.login(own.email).error(f"events.listing.{method}", params).reason == "own_company"


def test_who_handed_it_in_does_not_decide_after_leaving(stack):
    company, owner = stack.company()
    member = join(stack, owner, company)
    published = stack.listing(company, owner)
    draft = stack.listing(company, owner, publish=False)
    version = member.rpc("events.listing.submit", decision(draft, draft["version"]))["version"]
    changed = update(member, published, title="Other")
    member.rpc("passport.member.remove", {"company_id": company, "user_id": member.id})
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET roles = '{user,moderator}' WHERE id = %s", (member.id,))
    refresh(stack, member)
    for params in (decision(draft, version), decision(published, changed["version"])):
        assert member.error("events.listing.approve", params).reason == "own_company"


@pytest.mark.parametrize("way", ["create", "rotate"])
def test_who_made_the_key_that_handed_it_in_does_not_decide_after_leaving(stack, moderator, way):
    company, owner = stack.company()
    member = join(stack, owner, company, right="owner")
    key = make_key(member if way == "create" else owner, company, "events.listing.*")
    if way == "rotate":
        which = {"company_id": company, "id": key["id"], "overlap_seconds": 0}
        key = member.rpc("passport.api_key.rotate", which)
    program = User(key["id"], "", exchange(stack, key["secret"]), "", stack.gateway)
    published = stack.listing(company, owner)
    drafts = [stack.listing(company, owner, publish=False) for _ in range(2)]
    versions = [
        caller.rpc("events.listing.submit", decision(draft, draft["version"]))["version"]
        for caller, draft in zip((program, owner), drafts, strict=True)
    ]
    # Whoever changes what waits has handed it in.
    versions[1] = update(program, drafts[1] | {"version": versions[1]}, title="Changed by a program")["version"]
    waiting = [decision(draft, version) for draft, version in zip(drafts, versions, strict=True)]
    waiting.append(decision(published, update(program, published, title="Other")["version"]))
    member.rpc("passport.member.remove", {"company_id": company, "user_id": member.id})
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET roles = '{user,moderator}' WHERE id = %s", (member.id,))
    refresh(stack, member)
    for params in waiting:
        assert member.error("events.listing.approve", params).reason == "own_company"
        assert member.error("events.listing.reject", params | {"reason": REASON}).reason == "own_company"
    for params in waiting:
        assert moderator.rpc("events.listing.approve", params)["state"] == "published"


def test_administrators_decide_about_their_own_company(stack):
    """As in passport: there might be nobody else."""
    company, own = stack.company(with_role(stack, "admin"))
    published = stack.listing(company, own)
    changed = update(own, published, title="Other")
    assert own.rpc("events.listing.approve", decision(published, changed["version"]))["title"] == "Other"


def test_a_stranger_learns_nothing_of_the_queue(stack, owner, hall):
    update(owner[1], hall, title="Other")
    for caller in (stack.user(), owner[1]):
        assert caller.error("events.listing.queue").word == "forbidden"
        assert caller.error("events.listing.approve", decision(hall, 1)).word == "forbidden"


# --- what stood before ---


def test_listings_handed_in_before_are_in_the_queue(stack, owner, moderator):
    draft = stack.listing(*owner, publish=False)
    with stack.database("events") as database:
        database.execute("UPDATE listing SET state = 'submitted' WHERE id = %s", (draft["id"],))
    row = queue(moderator)[draft["id"]]
    assert row["submitted_at"] == draft["created_at"]
    assert moderator.rpc("events.listing.approve", decision(draft, row["version"]))["state"] == "published"


def test_the_check_lists_companies_of_which_too_much_waits(make_stack):
    stack = make_stack({"events": {"company_waiting": "1"}}, names=("passport", "events"))
    company = "01932b5c-7a10-7000-8000-000000000003"
    with stack.database("events") as database:
        for _ in range(2):
            database.execute(
                "INSERT INTO listing (id, company_id, type, title, state) "
                "SELECT gen_random_uuid(), %s, 'hall', 'Waits', 'submitted'",
                (company,),
            )
    result = stack["events"].command("check", check=False)
    assert {"check": "company_waiting", "row": {"company_id": company, "waiting": 2}} in [
        json.loads(line) for line in result.stdout.splitlines()
    ]
