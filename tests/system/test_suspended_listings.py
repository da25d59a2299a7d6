"""Listings of a suspended company: out of sight and not to be booked until the company is restored."""

import json
import uuid

import pytest
from staff import with_role
from waiting import wait_until

pytestmark = pytest.mark.asan

REASON = {"reason": "for a test"}
PERIOD = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}


@pytest.fixture(scope="module")
def moderator(stack):
    return with_role(stack, "moderator")


def found(stack, company):
    return {item["id"] for item in stack.rpc("events.listing.search", {"company_id": company})["items"]}


def await_found(stack, company, listings):
    wait_until(lambda: found(stack, company) == listings, what=f"search to find {listings or 'none'}")


def test_listings_go_and_come_back_with_their_company(stack, moderator):
    company, owner = stack.company()
    listing, waiting = stack.listing(company, owner), stack.listing(company, owner, publish=False)
    waiting = owner.rpc("events.listing.submit", {"id": waiting["id"], "version": waiting["version"]})
    other_company, other_owner = stack.company()
    other = stack.listing(other_company, other_owner)
    stranger = stack.user()
    booking = stranger.rpc("events.booking.create", {"listing_id": listing["id"], "period": PERIOD})
    assert found(stack, company) == {listing["id"]}

    moderator.rpc("passport.company.suspend", {"id": company} | REASON)
    await_found(stack, company, set())
    assert stranger.error("events.listing.get", {"id": listing["id"]}).word == "not_found"
    later = {"from": "2027-07-01T10:00:00Z", "to": "2027-07-02T10:00:00Z"}
    wanted = {"listing_id": listing["id"], "period": later}
    assert stranger.error("events.booking.create", wanted).word == "not_found"
    assert stranger.error("events.booking.list", {"listing_id": listing["id"]}).word == "not_found"
    assert stranger.rpc("events.booking.get", {"id": booking["id"]})["state"] == "confirmed"
    assert moderator.rpc("events.listing.get", {"id": listing["id"]})["state"] == "published"
    assert found(stack, other_company) == {other["id"]}
    read = {"id": waiting["id"], "version": waiting["version"]}
    approved = stack.admin().rpc("events.listing.approve", read)
    assert approved["state"] == "published" and found(stack, company) == set()

    moderator.rpc("passport.company.restore", {"id": company} | REASON)
    await_found(stack, company, {listing["id"], waiting["id"]})
    assert stranger.rpc("events.listing.get", {"id": listing["id"]})["version"] == listing["version"]
    assert stranger.rpc("events.booking.create", wanted)["state"] == "confirmed"
    taken = {"company_id": company, "period": PERIOD}
    free = {item["id"] for item in stack.rpc("events.listing.search", taken)["items"]}
    assert free == {waiting["id"]}, "the booking made before the suspension still takes the listing's time"


def deliver_again(stack, company, topic, state, seq):
    """Writes a fact about the company with a place of its own in passport's log; waits until events has folded it."""
    fact = str(uuid.uuid4())
    with stack.database("passport") as database:
        database.execute(
            "INSERT INTO outbox (seq, id, topic, key, payload) VALUES (%s, %s, %s, %s, %s)",
            (seq, fact, topic, company, json.dumps({"id": company, "state": state})),
        )

    def consumed():
        with stack.database("events") as database:
            return database.execute("SELECT 1 FROM consumed_fact WHERE id = %s", (fact,)).fetchone()

    wait_until(consumed, what="events to have taken the fact")


def test_old_news_of_a_company_changes_nothing(stack):
    company, owner = stack.company()
    listing = {stack.listing(company, owner)["id"]}
    suspended, restored = "passport.company.suspended", "passport.company.restored"
    deliver_again(stack, company, restored, "active", 1_000_002)
    deliver_again(stack, company, suspended, "suspended", 1_000_001)
    assert found(stack, company) == listing
    deliver_again(stack, company, suspended, "suspended", 1_000_003)
    assert found(stack, company) == set()
    deliver_again(stack, company, suspended, "suspended", 1_000_003)
    deliver_again(stack, company, restored, "active", 1_000_002)
    assert found(stack, company) == set()
    deliver_again(stack, company, restored, "active", 1_000_004)
    await_found(stack, company, listing)  # its rows in search follow in batches
