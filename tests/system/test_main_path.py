"""The main path in a few calls, and that daemons and PostgreSQL may die without taking the others along."""

from datetime import UTC, datetime, timedelta

import pytest
from waiting import wait_until

pytestmark = pytest.mark.asan


def period(days=7, hours=8):
    start = (datetime.now(UTC) + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    return {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{start + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"}


def found(stack, company_id, **filters):
    answer = stack.rpc("events.listing.search", {"company_id": company_id, **filters})
    return [item["id"] for item in answer["items"]]


def test_list_search_book(stack):
    company_id, owner = stack.company()
    listing = stack.listing(company_id, owner)
    assert listing["state"] == "published"
    assert found(stack, company_id, period=period()) == [listing["id"]]
    guest = stack.user()
    booking = guest.rpc("events.booking.create", {"listing_id": listing["id"], "period": period()})
    assert booking["state"] == "confirmed" and booking["user_id"] == guest.id
    assert found(stack, company_id, period=period()) == []
    taken = stack.user().error("events.booking.create", {"listing_id": listing["id"], "period": period()})
    assert (taken.word, taken.reason) == ("conflict", "booked")
    guest.rpc("events.booking.cancel", {"id": booking["id"]})
    assert found(stack, company_id, period=period()) == [listing["id"]]


def test_a_draft_is_seen_by_its_company_alone(stack):
    company_id, owner = stack.company()
    draft = stack.listing(company_id, owner, publish=False)
    assert owner.rpc("events.listing.get", {"id": draft["id"]})["state"] == "draft"
    assert stack.user().error("events.listing.get", {"id": draft["id"]}).word == "not_found"
    assert stack.error("events.listing.get", {"id": draft["id"]}).word == "not_found"


def test_service_methods_are_not_routed(stack):
    token = stack.service_token("events")
    ids = {"ids": [stack.user().id]}
    assert stack["passport"].rpc("passport.user.profiles", ids, token)["items"]
    assert stack.error("passport.user.profiles", ids, token=token).word == "method_not_found"


def test_a_dead_neighbour_is_unavailable_and_comes_back(fresh_stack):
    user = fresh_stack.user()
    fresh_stack["events"].kill()
    assert user.error("events.listing.search", {}).word == "unavailable"
    assert user.rpc("passport.user.me", {})["id"] == user.id
    fresh_stack["events"].start()
    wait_until(lambda: user.rpc("events.listing.search", {})["items"] == [], what="events to be reached again")


def test_killed_postgres_comes_back(drill_stack):
    user = drill_stack.user()
    drill_stack.cluster.kill()
    error = user.error("events.listing.search", {})
    assert error.word in ("unavailable", "deadline_exceeded", "overloaded"), error
    drill_stack.cluster.start()
    wait_until(lambda: user.rpc("events.listing.search", {})["items"] == [], 30, "events to reach PostgreSQL again")
    for name in ("passport", "events", "rating", "images"):
        wait_until(drill_stack[name].is_ready, 30, f"{name} to be ready again")
