"""Edges: values at the limits of their types, objects of other people, and what time does to either."""

import datetime as dt
import http.client
import json
import threading

import pytest
from rpc import RpcError
from waiting import wait_until

pytestmark = pytest.mark.asan


def at(days):
    moment = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (moment + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def period(first, last):
    return {"from": at(first), "to": at(last)}


def word(call, *arguments):
    """The error word of a call, "ok" without one."""
    try:
        call(*arguments)
    except RpcError as error:
        return error.word
    return "ok"


@pytest.fixture(scope="module")
def properties(stack):
    admin = stack.admin()
    admin.rpc("events.property_category.create", {"key": "edge", "name": "Edge"})
    for kind in ("date", "number", "text"):
        admin.rpc("events.property.create", {"key": f"edge_{kind}", "name": kind, "category": "edge", "kind": kind})


# --- values at the edges of their types ---


@pytest.mark.parametrize("params", [{"limit": 5.0}, {"limit": 1e1}, {"price": {"from": 1.0}}, {"units": 2.0}])
def test_a_whole_number_may_be_written_with_a_fraction(stack, params):
    assert word(stack.rpc, "events.listing.search", params) == "ok"


def test_listings_take_whole_numbers_with_a_fraction(stack, owner):
    price = {"amount": 500.0, "currency": "EUR"}
    listing = stack.listing(*owner, capacity=5.0, units=2.0, price=price)
    assert (listing["capacity"], listing["units"], listing["price"]["amount"]) == (5, 2, 500)
    changed = owner[1].rpc("events.listing.update", {"id": listing["id"], "version": 3.0, "title": "Other"})
    assert changed["version"] == 4


@pytest.mark.parametrize(
    "params", [{"price": {"from": 10**30}}, {"price": {"to": 10**19}}, {"capacity": {"to": 10**19}}]
)
def test_numbers_too_large_for_a_column_are_invalid(stack, params):
    assert word(stack.rpc, "events.listing.search", params) == "invalid_params"


def test_a_version_too_large_for_a_column_is_invalid(stack, owner):
    listing = stack.listing(*owner, publish=False)
    params = {"id": listing["id"], "version": 2**31}
    assert word(owner[1].rpc, "events.listing.submit", params) == "invalid_params"


def test_times_of_any_offset_are_understood(stack, owner):
    for moment in ("9999-12-31T23:59:59+23:59", "0001-01-02T00:00:00-23:59", "2026-01-01T00:00:00+23:59"):
        assert word(owner[1].rpc, "events.booking.list", {"from": moment}) == "ok", moment
    for moment in ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert word(owner[1].rpc, "events.booking.list", {"to": moment}) == "invalid_params", moment
    under_way = {"from": "2020-01-01T00:00:00Z", "to": at(2).replace("Z", "+23:59")}
    assert word(stack.rpc, "events.listing.search", {"period": under_way}) == "ok"


@pytest.mark.parametrize("day", ["+202-01-01", "2024- 1- 1", "2024-+1-+1", " 202-01-01", "2024-1-001", "0000-01-01"])
def test_dates_have_all_their_digits(stack, owner, properties, day):
    params = {"company_id": owner[0], "type": stack.listing_type(), "title": "Hall", "properties": {"edge_date": day}}
    error = owner[1].error("events.listing.create", params)
    assert error.word == "invalid_params" and error.data["fields"][0]["path"] == "/params/properties/edge_date"
    filters = {"properties": {"edge_date": {"from": day}}}
    assert word(stack.rpc, "events.listing.search", filters) == "invalid_params"


# --- other people's things ---


def test_bookings_of_a_hidden_listing_are_not_found(stack, owner):
    draft = stack.listing(*owner, publish=False)
    published = stack.listing(*owner)
    stranger = stack.user()
    assert stranger.error("events.booking.list", {"listing_id": draft["id"]}).word == "not_found"
    assert stranger.error("events.booking.list", {"listing_id": published["id"]}).word == "forbidden"
    assert owner[1].rpc("events.booking.list", {"listing_id": draft["id"]})["items"] == []


@pytest.mark.parametrize(
    "path",
    ["/images/../metrics", "/images/%2e%2e/metrics", "/images/..%2fmetrics", "/images/a%20b", "/images/a%0d%0aX:%20y"],
)
def test_the_gateway_passes_ids_and_no_paths(stack, path):
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports["gateway"][0], timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 404
    assert json.loads(answer.read())["error"]["data"]["code"] == "not_found"
    connection.close()


def test_reuse_of_a_refresh_token_ends_access_at_passport_too(stack):
    user = stack.user()
    fresh = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    with stack.database("passport") as database:
        database.execute(
            "UPDATE refresh_token SET used_at = used_at - interval '1 minute' WHERE session_id = %s",
            [fresh["session_id"]],
        )
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "reused"
    assert stack.error("passport.user.me", token=fresh["access_token"]).reason == "revoked"


def test_no_fast_hash_of_a_password_is_kept(stack):
    """The parameters of a call with an idempotency key are kept hashed: so none that takes a password takes a key."""
    taken = [
        {param["name"] for param in method["params"]} for method in stack["passport"].rpc("rpc.discover")["methods"]
    ]
    assert any("password" in names for names in taken) and any("idempotency_key" in names for names in taken)
    for names in taken:
        assert "idempotency_key" not in names or not any("password" in name for name in names)


def test_a_right_that_cannot_be_asked_is_not_a_right_that_is_missing(fresh_stack):
    """A token carries 32 companies; of the others passport knows, and it is down."""
    user = fresh_stack.user()
    for _ in range(33):
        company = user.rpc("passport.company.create", {"name": "One of many"})
    user = fresh_stack.login(user.email)
    draft = fresh_stack.listing(company["id"], user, publish=False)
    fresh_stack["passport"].kill()
    assert user.error("events.listing.get", {"id": draft["id"]}).word == "unavailable"
    assert fresh_stack.error("events.listing.get", {"id": draft["id"]}).word == "not_found"


# --- bookings ---


def test_units_that_are_gone_do_not_stand_in_the_way(stack, owner):
    """Three at once have passed, then the listing shrinks to two: bookings to come are still moved to fit."""
    listing = stack.listing(*owner, units=3)

    def book(first, last):
        params = {"listing_id": listing["id"], "period": period(first, last)}
        return owner[1].rpc("events.booking.create", params)

    for _ in range(3):
        book(1, 2)
    with stack.database("events") as database:
        for table in ("booking", "booking_unit"):
            database.execute(
                f"UPDATE {table} SET period = tstzrange(now() - interval '3 days', now() - interval '2 days') "
                "WHERE listing_id = %s",
                [listing["id"]],
            )
    owner[1].rpc("events.listing.update", {"id": listing["id"], "version": listing["version"], "units": 2})
    book(10, 12)
    moved = book(11, 14)
    book(13, 15)
    owner[1].rpc("events.booking.cancel", {"id": moved["id"]})
    book(11, 13)
    assert book(12, 14)["state"] == "confirmed"


def test_imported_cancelled_bookings_take_no_time(stack, owner, tmp_path):
    listing = stack.listing(*owner)
    lines = [
        {"kind": "booking", "listing_id": listing["id"], "period": period(5, 7), "state": "cancelled"},
        {"kind": "booking", "listing_id": listing["id"], "period": period(8, 9), "state": "confirmed"},
        {"kind": "booking", "listing_id": listing["id"], "period": period(10, 11), "state": "odd"},
    ]
    file = tmp_path / "bookings.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stack["events"].command("import", file)
    kept = owner[1].rpc("events.booking.list", {"listing_id": listing["id"]})["items"]
    assert sorted(booking["state"] for booking in kept) == ["cancelled", "confirmed"]
    params = {"listing_id": listing["id"], "period": period(5, 7)}
    assert owner[1].rpc("events.booking.create", params)["state"] == "confirmed"
    assert owner[1].error("events.booking.create", params | {"period": period(8, 9)}).reason == "booked"


# --- waits ---


def test_a_search_outlives_a_change_of_the_catalogue(make_stack):
    """While a search for a text waits for PostgreSQL, another call replaces the catalogue in memory."""
    stack = make_stack({"events": {"workers": 1}})
    company, owner = stack.company()
    admin = stack.admin()
    admin.rpc("events.property_category.create", {"key": "edge", "name": "Edge"})
    inscription = {"key": "inscription", "name": "Inscription", "category": "edge", "kind": "text"}
    admin.rpc("events.property.create", inscription)
    for _ in range(3):
        stack.listing(company, owner, properties={"inscription": "Carpe diem"})
    answers = []
    filters = {"properties": {"inscription": {"contains": "carpe"}}, "limit": 1}
    waiting = threading.Thread(target=lambda: answers.append(stack.rpc("events.listing.search", filters)))
    with stack.database("events") as database, stack.database("events") as watch:
        database.execute("BEGIN")
        database.execute("LOCK TABLE listing IN ACCESS EXCLUSIVE MODE")
        waiting.start()
        held = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'listing'::regclass"
        wait_until(lambda: watch.execute(held).fetchone()[0] >= 1, 20, "the search to wait")
        for number in range(50):
            params = {"key": f"other_{number}", "name": "Other", "category": "edge", "kind": "boolean"}
            admin.rpc("events.property.create", params)
        # Its key is unknown to the snapshot, so that this search reads the catalogue anew.
        again = {"properties": {"other_49": True}, "company_id": owner.id}
        second = threading.Thread(target=lambda: word(stack.rpc, "events.listing.search", again))
        second.start()
        wait_until(lambda: watch.execute(held).fetchone()[0] >= 2, 20, "the second search to wait")
        database.execute("ROLLBACK")
    waiting.join()
    second.join()
    assert answers[0]["total"] == 3 and len(answers[0]["items"]) == 1
