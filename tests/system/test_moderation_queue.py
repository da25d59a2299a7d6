"""The queue of what waits for a moderator: its order, its pages, and how much of it one company may fill."""

import pytest
from companies import all_pages, in_parallel
from moderation import decision, queue, update
from rpc import RpcError
from stack import Stack
from staff import with_role
from waiting import wait_until

pytestmark = pytest.mark.asan


@pytest.fixture(scope="module")
def moderator(stack):
    return with_role(stack, "moderator")


def test_the_queue_is_oldest_first_and_shows_both_texts(stack, moderator):
    company, user = stack.company()
    published = [stack.listing(company, user, title=f"House {number}") for number in range(3)]
    drafts = [stack.listing(company, user, publish=False) for _ in range(3)]
    order = []
    for listing, draft in zip(published, drafts, strict=True):
        update(user, listing, title="Other", description="New")
        user.rpc("events.listing.submit", decision(draft, draft["version"]))
        order += [listing["id"], draft["id"]]
    rows = list(queue(moderator, company_id=company).values())
    assert [row["id"] for row in rows] == order and [row["kind"] for row in rows] == ["change", "listing"] * 3
    assert [row["submitted_at"] for row in rows] == sorted(row["submitted_at"] for row in rows)
    assert rows[0]["changes"] == {"title": "Other", "description": "New"}
    assert rows[0]["published"] == {"title": "House 0", "description": ""}
    everybody = list(queue(moderator))
    assert [one for one in everybody if one in order] == order
    cursor = moderator.rpc("events.listing.queue", {"limit": 1})["next_cursor"]
    other = {"cursor": cursor, "company_id": company}
    assert moderator.error("events.listing.queue", other).data["fields"][0]["rule"] == "cursor"
    # Of a suspended company nothing waits until it is restored.
    stack.admin().rpc("passport.company.suspend", {"id": company, "reason": "for a test"})
    wait_until(lambda: not queue(moderator, company_id=company), what="the suspension to reach events")


@pytest.fixture(scope="module")
def small(cluster, templates):
    """A stack in which two of a company may wait."""
    with Stack(cluster, {"events": {"company_waiting": "2"}}, templates) as running:
        yield running


def test_one_company_cannot_fill_the_queue(small):
    stack = small
    company, user = stack.company()
    drafts = [stack.listing(company, user, publish=False) for _ in range(4)]
    published, other = stack.listing(company, user), stack.listing(company, user)
    submit = lambda draft: user.rpc("events.listing.submit", decision(draft, draft["version"]))
    outcomes = in_parallel([lambda draft=draft: submit(draft) for draft in drafts])
    errors = [one for one in outcomes if isinstance(one, RpcError)]
    assert len(errors) == 2
    errors.append(user.error("events.listing.update", decision(published, published["version"], title="Other")))
    for error in errors:
        assert (error.word, error.data["rule"], error.data["maximum"]) == ("precondition_failed", "too_many", 2)
    # All else of a listing is not held up by it, nor is another company.
    assert update(user, published, capacity=5)["capacity"] == 5
    stack.listing(*stack.company())
    # A decision makes room.
    accepted = next(one for one in outcomes if not isinstance(one, RpcError))
    stack.admin().rpc("events.listing.approve", decision(accepted, accepted["version"]))
    changed = update(user, other, title="Other")
    assert update(user, changed, title="Another")["pending"]["changes"] == {"title": "Another"}


def test_what_everybody_reads_does_not_take_passport(small):
    """Whose a listing is only passport knows for sure; a change that waits must not make others wait for it."""
    company, user = small.company()
    published, stranger = small.listing(company, user), small.user()
    update(user, published, title="Other")
    small["passport"].kill()
    try:
        for reader in (small, stranger):
            read = reader.rpc("events.listing.get", {"id": published["id"]})
            assert read["title"] == published["title"] and "pending" not in read
        assert "pending" in user.rpc("events.listing.get", {"id": published["id"]})
    finally:
        small["passport"].start()


def test_a_page_of_long_texts_ends_where_it_is_full(stack, moderator):
    company, user = stack.company()
    long = "\U0001f3e0" * 10_000
    with stack.database("events") as database:
        for number in range(60):
            database.execute(
                "INSERT INTO listing (id, company_id, type, title, description, address, state, submitted_at) "
                "SELECT gen_random_uuid(), %s, %s, %s, %s, %s, 'submitted', now()",
                (company, stack.listing_type(), f"Long {number}", long, long),
            )
    first = moderator.rpc("events.listing.queue", {"company_id": company, "limit": 100})
    assert 0 < len(first["items"]) < 60 and first["next_cursor"]
    assert len(all_pages(moderator, "events.listing.queue", {"company_id": company, "limit": 100})) == 60
