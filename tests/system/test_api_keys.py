"""API keys: an integration acts for its company, within its scope, and never as a user."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from companies import join
from integration import API_KEY, claims, exchange, is_revoked, make_key, wait_revoked
from stack import PASSWORD, ROOT
from waiting import wait_until

pytestmark = pytest.mark.asan

SCOPE = "events.booking.* events.listing.*"
# Where the tokens of integrations are looked at by everybody who verifies them.
DOORS = {"events": "events.listing.mine", "passport": "passport.member.list"}


def day(number):
    """A day some weeks ahead as a period."""
    start = datetime.now(UTC) + timedelta(days=30 + number)
    end = start + timedelta(days=1)
    return {"from": start.strftime("%Y-%m-%dT00:00:00Z"), "to": end.strftime("%Y-%m-%dT00:00:00Z")}


@pytest.fixture(scope="module")
def shop(stack):
    """(company, owner, listing, booking of a customer)."""
    company, owner = stack.company()
    listing = stack.listing(company, owner)
    booking = stack.user("Customer").rpc("events.booking.create", {"listing_id": listing["id"], "period": day(0)})
    return company, owner, listing, booking


def test_an_integration_runs_the_listings_and_bookings_of_its_company(stack, shop):
    company, owner, listing, booking = shop
    key = make_key(owner, company, SCOPE)
    assert API_KEY.fullmatch(key["secret"]) and key["company_id"] == company and key["right"] == "manager"
    answer = stack.rpc("passport.auth.client_token", {"key": key["secret"]})
    assert answer["token_type"] == "Bearer" and answer["expires_in"] == 600
    token = answer["access_token"]
    said = claims(token)
    assert (said["sub"], said["client_id"], said["roles"]) == (key["id"], key["id"], ["client"])
    assert (said["companies"], said["scope"]) == ({company: "manager"}, SCOPE) and "sid" not in said

    assert booking["id"] in [one["id"] for one in stack.rpc("events.booking.list", {}, token)["items"]]
    for params in ({"company_id": company}, {"listing_id": listing["id"]}):
        assert [one["id"] for one in stack.rpc("events.booking.list", params, token)["items"]] == [booking["id"]]
    assert stack.rpc("events.booking.get", {"id": booking["id"]}, token)["id"] == booking["id"]
    assert [one["id"] for one in stack.rpc("events.listing.mine", {}, token)["items"]] == [listing["id"]]
    change = {"id": listing["id"], "version": listing["version"], "title": "Renamed by a program"}
    changed = stack.rpc("events.listing.update", change, token)
    assert changed["pending"]["changes"] == {"title": "Renamed by a program"}
    assert stack.rpc("events.listing.get", {"id": listing["id"]}, token)["pending"] == changed["pending"]
    draft = {"company_id": company, "type": stack.listing_type(), "title": "Made by a program"}
    made = stack.rpc("events.listing.create", draft | {"idempotency_key": "1"}, token)
    assert stack.rpc("events.listing.create", draft | {"idempotency_key": "1"}, token)["id"] == made["id"]
    assert stack.rpc("events.listing.get", {"id": made["id"]}, token)["state"] == "draft"
    sent = stack.rpc("events.listing.submit", {"id": made["id"], "version": made["version"]}, token)
    assert sent["state"] == "submitted"
    cancelled = stack.rpc("events.booking.cancel", {"id": booking["id"], "version": booking["version"]}, token)
    assert cancelled["state"] == "cancelled"


def test_an_integration_stays_in_its_company(stack, shop):
    company, owner, _, _ = shop
    token = exchange(stack, make_key(owner, company, "*", name="Everything")["secret"])
    other, stranger = stack.company(name="Other")
    listing = stack.listing(other, stranger)
    draft = stack.listing(other, stranger, publish=False)
    booking = stack.user().rpc("events.booking.create", {"listing_id": listing["id"], "period": day(1)})
    refused = {
        "forbidden": [
            ("events.booking.list", {"company_id": other}),
            ("events.booking.list", {"listing_id": listing["id"]}),
            ("events.listing.mine", {"company_id": other}),
            ("events.listing.create", {"company_id": other, "type": stack.listing_type(), "title": "Mine"}),
            ("events.listing.update", {"id": listing["id"], "version": listing["version"], "title": "Mine"}),
            ("passport.member.list", {"company_id": other}),
        ],
        "not_found": [
            ("events.booking.get", {"id": booking["id"]}),
            ("events.booking.cancel", {"id": booking["id"], "version": booking["version"]}),
            ("events.listing.get", {"id": draft["id"]}),
            ("events.listing.submit", {"id": draft["id"], "version": draft["version"]}),
        ],
    }
    for word, calls in refused.items():
        for method, params in calls:
            assert stack.error(method, params, token).word == word, method
    assert (
        stack.rpc("events.booking.list", {}, token)["items"]
        == stack.rpc("events.booking.list", {"company_id": company}, token)["items"]
    )


def test_an_integration_stays_in_its_scope_and_below_its_right(stack, shop):
    company, owner, listing, _ = shop
    booking = stack.user().rpc("events.booking.create", {"listing_id": listing["id"], "period": day(2)})
    token = exchange(stack, make_key(owner, company, "events.booking.*", "staff", name="Reader")["secret"])
    assert stack.rpc("events.booking.get", {"id": booking["id"]}, token)["id"] == booking["id"]
    # Not even what anybody may call: a scope says what the token is for.
    for method, params in (
        ("events.listing.mine", {}),
        ("events.listing.get", {"id": listing["id"]}),
        ("events.bookings.list", {}),
        ("passport.member.list", {"company_id": company}),
    ):
        error = stack.error(method, params, token)
        assert (error.word, error.reason) in (("forbidden", "scope"), ("method_not_found", None)), method
    # Cancelling is a manager's.
    error = stack.error("events.booking.cancel", {"id": booking["id"], "version": booking["version"]}, token)
    assert error.word == "forbidden"


USERS_ONLY = (
    ("passport.user.me", {}),
    ("passport.user.update", {"version": 1, "name": "Program"}),
    ("passport.session.list", {}),
    ("passport.auth.logout", {}),
    ("passport.company.create", {"name": "Company of a program"}),
    ("rating.review.create", {"booking_id": "01932b5c-7a10-7000-8000-000000000030", "score": 5, "text": "Good"}),
    ("events.type.create", {"key": "x", "name": "X", "description": "X", "unit": "day"}),
    ("passport.key.list", {}),
    ("passport.api_key.list", {"company_id": None}),
    ("passport.api_key.create", {"company_id": None, "name": "Child", "right": "staff", "scope": "*"}),
)


def test_an_integration_is_no_user(stack, shop):
    company, owner, _, _ = shop
    token = exchange(stack, make_key(owner, company, "*", name="No user")["secret"])
    for method, params in USERS_ONLY:
        params = params | ({"company_id": company} if "company_id" in params else {})
        assert stack.error(method, params, token).word == "forbidden", method


def test_a_key_is_shown_once_and_kept_hashed(stack, shop):
    company, owner, _, _ = shop
    key = make_key(owner, company, SCOPE, name="Shown once")
    listed = owner.rpc("passport.api_key.list", {"company_id": company, "limit": 100})
    (again,) = [one for one in listed["items"] if one["id"] == key["id"]]
    assert "secret" not in again and key["secret"] not in json.dumps(listed)
    assert again["secrets"][0]["hint"] == key["secret"][-4:] and again["last_used_at"] is None
    exchange(stack, key["secret"])
    listed = owner.rpc("passport.api_key.list", {"company_id": company, "limit": 100})["items"]
    assert next(one for one in listed if one["id"] == key["id"])["last_used_at"] is not None
    with stack.database("passport") as database:
        tables = [name for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            found = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s'
            assert database.execute(found, (f"%{key['secret'][8:]}%",)).fetchone() == (0,), table
    assert key["secret"] not in stack["passport"].log_text()


def test_rotation_has_an_overlap_that_ends(stack, shop):
    company, owner, _, _ = shop
    key = make_key(owner, company, SCOPE, name="Rotated")
    which = {"company_id": company, "id": key["id"]}
    second = owner.rpc("passport.api_key.rotate", which | {"overlap_seconds": 3600})
    assert second["id"] == key["id"] and len(second["secrets"]) == 2
    assert exchange(stack, key["secret"]) and exchange(stack, second["secret"])
    # At most two: the oldest goes.
    third = owner.rpc("passport.api_key.rotate", which | {"overlap_seconds": 2})
    assert len(third["secrets"]) == 2
    assert stack.error("passport.auth.client_token", {"key": key["secret"]}).reason == "credentials"
    answer = stack.rpc("passport.auth.client_token", {"key": second["secret"]})
    assert answer["expires_in"] <= 2  # no longer than the secret
    error = wait_until(lambda: refusal(stack, second["secret"]), 5, "the overlap's end")
    assert (error["data"]["code"], error["data"]["reason"]) == ("unauthenticated", "credentials")
    # After a leak: without an overlap all tokens are void, and the new secret gets good ones.
    token = exchange(stack, third["secret"])
    last = owner.rpc("passport.api_key.rotate", which | {"overlap_seconds": 0})
    wait_revoked(stack, {"events": DOORS["events"]}, token)
    assert stack.error("passport.auth.client_token", {"key": third["secret"]}).word == "unauthenticated"
    assert stack.rpc("events.booking.list", {}, exchange(stack, last["secret"]))["items"] is not None


def refusal(stack, key):
    return stack.gateway.answer("passport.auth.client_token", {"key": key}).get("error")


def test_a_token_says_who_made_the_key(stack):
    """Of each secret whoever had it made: that is who has read it."""
    company, owner = stack.company()
    partner = join(stack, owner, company, right="owner")
    key = make_key(owner, company, SCOPE)
    which = {"company_id": company, "id": key["id"]}
    second = partner.rpc("passport.api_key.rotate", which | {"overlap_seconds": 3600})
    tokens = [exchange(stack, one["secret"]) for one in (key, second)]
    assert [claims(token)["created_by"] for token in tokens] == [owner.id, partner.id]
    assert second["created_by"] == owner.id
    assert [secret["created_by"] for secret in second["secrets"]] == [owner.id, partner.id]
    said = stack["passport"].rpc("passport.auth.introspect", {"token": tokens[1]}, stack.service_token())
    assert said["created_by"] == partner.id
    # Whoever made it may go for good: the key stays, and its tokens name an id that leads to nobody.
    fresh = stack.login(partner.email)
    fresh.rpc("passport.user.erase", {"password": PASSWORD})
    token = exchange(stack, second["secret"])
    assert claims(token)["created_by"] == partner.id
    assert stack.rpc("events.listing.mine", {}, token)["items"] == []


def test_who_made_a_secret_before_it_was_kept_is_found_in_the_trail(stack):
    company, owner = stack.company()
    partner = join(stack, owner, company, right="owner")
    key = make_key(owner, company, SCOPE)
    partner.rpc("passport.api_key.rotate", {"company_id": company, "id": key["id"], "overlap_seconds": 3600})
    migration = (ROOT / "passport/migrations/0019_secret_created_by.sql").read_text()
    with stack.database("passport") as database:
        database.execute("UPDATE service_secret SET created_by = NULL WHERE account_id = %s", (key["id"],))
        database.execute(migration[migration.index("UPDATE service_secret") :])
        makers = "SELECT created_by::text FROM service_secret WHERE account_id = %s ORDER BY created_at"
        assert database.execute(makers, (key["id"],)).fetchall() == [(owner.id,), (partner.id,)]


def test_a_disabled_key_is_void_at_once_and_everywhere(stack, shop):
    company, owner, _, _ = shop
    key = make_key(owner, company, "*", name="Disabled")
    token = exchange(stack, key["secret"])
    assert not is_revoked(stack["events"], DOORS["events"], token)
    which = {"company_id": company, "id": key["id"]}
    gone = owner.rpc("passport.api_key.disable", which)
    started = time.monotonic()
    wait_revoked(stack, DOORS, token)
    print(f"void everywhere after {(time.monotonic() - started) * 1000:.0f} ms")
    assert gone["state"] == "disabled" and gone["disabled_at"]
    assert refusal(stack, key["secret"])["data"]["reason"] == "credentials"
    assert owner.rpc("passport.api_key.disable", which)["disabled_at"] == gone["disabled_at"]
    error = owner.error("passport.api_key.rotate", which | {"overlap_seconds": 0})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "active")
    # Its name is free again, and another company's owner has never heard of it.
    assert make_key(owner, company, "*", name="Disabled")["id"] != key["id"]
    other, stranger = stack.company(name="Other")
    error = stranger.error("passport.api_key.disable", {"company_id": other, "id": key["id"]})
    assert error.word == "not_found"


def test_an_administrator_ends_a_key_when_no_owner_is_at_hand(stack, shop):
    company, owner, _, _ = shop
    key = make_key(owner, company, "*", name="Found on the net")
    token = exchange(stack, key["secret"])
    admin = stack.login(stack.admin().email)
    assert key["id"] in [
        one["id"] for one in admin.rpc("passport.api_key.list", {"company_id": company, "limit": 100})["items"]
    ]
    assert admin.rpc("passport.api_key.disable", {"company_id": company, "id": key["id"]})["state"] == "disabled"
    wait_revoked(stack, DOORS, token)
    params = {"company_id": company, "name": "Backdoor", "right": "staff", "scope": "*"}
    assert admin.error("passport.api_key.create", params).word == "forbidden"
    (event,) = owner.rpc("passport.audit.list", {"company_id": company, "action": "api_key.disabled", "limit": 1})[
        "items"
    ]
    assert event["actor_id"] == admin.id


def test_a_suspended_company_has_no_integrations(stack):
    company, owner = stack.company(name="Suspended")
    key = make_key(owner, company, "*")
    token = exchange(stack, key["secret"])
    stack.admin().rpc("passport.company.suspend", {"id": company, "reason": "Test"})
    wait_revoked(stack, DOORS, token)
    assert refusal(stack, key["secret"])["data"]["reason"] == "credentials"
    stack.admin().rpc("passport.company.restore", {"id": company, "reason": "Over"})
    assert stack.rpc("events.booking.list", {}, exchange(stack, key["secret"]))["items"] == []


def test_an_expired_key_gets_no_tokens(stack, shop):
    company, owner, _, _ = shop
    soon = (datetime.now(UTC) + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    key = make_key(owner, company, "*", name="Short", expires_at=soon)
    assert stack.rpc("passport.auth.client_token", {"key": key["secret"]})["expires_in"] <= 4
    wait_until(lambda: refusal(stack, key["secret"]), 8, "the key's end")
    past = "2020-01-01T00:00:00Z"
    params = {"company_id": company, "name": "Past", "right": "staff", "scope": "*", "expires_at": past}
    error = owner.error("passport.api_key.create", params)
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [("/params/expires_at", "after")]


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"right": "owner"}, "/params/right", "enum"),
        ({"scope": ""}, "/params/scope", "minLength"),
        ({"scope": "events.*.list"}, "/params/scope", "pattern"),
        ({"scope": 'events."x'}, "/params/scope", "pattern"),
        ({"name": "  "}, "/params/name", "format"),
    ],
)
def test_bad_keys_name_field_and_rule(stack, shop, change, path, rule):
    company, owner, _, _ = shop
    params = {"company_id": company, "name": "Bad", "right": "staff", "scope": "*"} | change
    error = owner.error("passport.api_key.create", params)
    assert (path, rule) in [(field["path"], field["rule"]) for field in error.data["fields"]]


def test_only_owners_who_have_just_proved_it_make_keys(stack, shop):
    company, owner, _, _ = shop
    outsider = stack.user()
    params = {"company_id": company, "name": "Sneaky", "right": "staff", "scope": "*"}
    assert outsider.error("passport.api_key.create", params).word == "forbidden"
    assert stack.error("passport.api_key.list", {"company_id": company}).word == "unauthenticated"
    with stack.database("passport") as database:
        database.execute("UPDATE session SET auth_time = now() - interval '1 hour' WHERE user_id = %s", (owner.id,))
    stale = stack.rpc("passport.auth.refresh", {"refresh_token": owner.refresh_token})
    owner.refresh_token = stale["refresh_token"]
    error = stack.error("passport.api_key.create", params, stale["access_token"])
    assert error.reason == "insufficient_user_authentication"
    # Two of one name at a time would only confuse.
    make_key(stack.login(owner.email), company, name="Twin")
    error = stack.login(owner.email).error("passport.api_key.create", params | {"name": "Twin"})
    assert (error.word, error.reason) == ("conflict", "name_taken")


def test_every_change_of_a_key_is_in_the_audit_trail(stack):
    company, owner = stack.company(name="Audited")
    key = make_key(owner, company)
    which = {"company_id": company, "id": key["id"]}
    owner.rpc("passport.api_key.rotate", which | {"overlap_seconds": 60})
    owner.rpc("passport.api_key.disable", which)
    items = owner.rpc("passport.audit.list", {"company_id": company, "limit": 3})["items"]
    assert [item["action"] for item in items] == ["api_key.disabled", "api_key.rotated", "api_key.created"]
    for item in items:
        assert item["actor_id"] == owner.id and item["details"] == {"id": key["id"], "name": "Integration"}


def test_guessing_is_throttled(make_stack):
    stack = make_stack({"passport": {"client_token_limit": 5}}, ("passport", "gateway"))
    words = [refusal(stack, f"evl_key_{'a' * 42}{number}")["data"]["code"] for number in range(7)]
    assert words == ["unauthenticated"] * 5 + ["rate_limited"] * 2
