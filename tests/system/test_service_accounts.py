"""Service accounts: programs beside the daemons get tokens of their own, limited and changed without an outage."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from companies import all_pages
from integration import SERVICE_SECRET, claims, wait_revoked
from waiting import wait_until

pytestmark = pytest.mark.asan

LISTING = {"ids": ["01932b5c-7a10-7000-8000-000000000001"]}


def admin(stack):
    """The administrator, logged in just now."""
    return stack.login(stack.admin().email)


def create(stack, name, **more):
    return admin(stack).rpc("passport.service_account.create", {"name": name, **more})


def ask(stack, name, secret):
    """The answer of service_token: result or error."""
    return stack["passport"].answer("passport.auth.service_token", {"service": name, "secret": secret})


def token_of(stack, name, secret):
    return ask(stack, name, secret)["result"]["access_token"]


def test_a_program_gets_a_token_and_calls_what_services_may(stack):
    account = create(stack, "reporting", description=" The nightly report ")
    assert SERVICE_SECRET.fullmatch(account["secret"]) and account["description"] == "The nightly report"
    assert account["scope"] == "" and "company_id" not in account
    token = token_of(stack, "reporting", account["secret"])
    said = claims(token)
    assert (said["sub"], said["client_id"], said["roles"]) == ("reporting", "reporting", ["service"])
    assert "scope" not in said
    assert stack["passport"].rpc("passport.user.profiles", LISTING, token) is not None
    # It is no daemon and no user, and the gateway does not let it in.
    error = stack["events"].error("events.fact.deliver", {"source": "rating", "facts": []}, token)
    assert error.word == "forbidden"
    assert stack["events"].error("events.listing.mine", {}, token).word == "forbidden"
    assert stack.error("passport.user.profiles", LISTING, token).word == "method_not_found"


def test_a_scope_limits_a_service(stack):
    account = create(stack, "scoped", scope="events.booking.get passport.member.*")
    token = token_of(stack, "scoped", account["secret"])
    assert claims(token)["scope"] == "events.booking.get passport.member.*"
    error = stack["passport"].error("passport.user.profiles", LISTING, token)
    assert (error.word, error.reason) == ("forbidden", "scope")
    right = {"user_id": LISTING["ids"][0], "company_id": LISTING["ids"][0]}
    assert stack["passport"].rpc("passport.member.right", right, token) == {"right": None, "member": False}
    assert stack["events"].error("events.booking.get", {"id": LISTING["ids"][0]}, token).word == "not_found"


def test_secrets_change_with_an_overlap_and_end_with_the_account(stack):
    account = create(stack, "rolling")
    which = {"id": account["id"]}
    second = admin(stack).rpc("passport.service_account.rotate", which | {"overlap_seconds": 604800})
    old, new = token_of(stack, "rolling", account["secret"]), token_of(stack, "rolling", second["secret"])
    listed = admin(stack).rpc("passport.service_account.list", {"limit": 100})["items"]
    (row,) = [one for one in listed if one["id"] == account["id"]]
    assert [secret["hint"] for secret in row["secrets"]] == [account["secret"][-4:], second["secret"][-4:]]
    assert row["secrets"][0]["expires_at"] and row["secrets"][1]["expires_at"] is None and row["last_used_at"]
    assert "evl_sa_" not in json.dumps(listed)
    third = admin(stack).rpc("passport.service_account.rotate", which | {"overlap_seconds": 1})
    assert "error" in ask(stack, "rolling", account["secret"])
    wait_until(lambda: "error" in ask(stack, "rolling", second["secret"]), 5, "the overlap's end")
    gone = admin(stack).rpc("passport.service_account.disable", which)
    assert gone["state"] == "disabled"
    for token in (old, new):
        wait_revoked(stack, {"passport": "passport.user.profiles", "events": "events.booking.get"}, token)
    assert ask(stack, "rolling", third["secret"])["error"]["data"]["reason"] == "credentials"
    # The name is taken for good: its tokens and revocations are known by it.
    error = admin(stack).error("passport.service_account.create", {"name": "rolling"})
    assert (error.word, error.reason) == ("conflict", "name_taken")
    with stack.database("passport") as database:
        actions = [
            action
            for (action,) in database.execute(
                "SELECT action FROM audit_event WHERE details ->> 'id' = %s ORDER BY id", (account["id"],)
            )
        ]
    assert actions == [f"service_account.{word}" for word in ("created", "rotated", "rotated", "disabled")]


def test_pages_of_accounts_hold_together(stack):
    made = [create(stack, f"page{number}")["id"] for number in range(3)]
    listed = [account["id"] for account in all_pages(stack.admin(), "passport.service_account.list", {"limit": 2})]
    assert [one for one in listed if one in made] == made and len(set(listed)) == len(listed)


def test_nobody_takes_the_name_of_a_daemon(stack):
    for name in ("events", "passport", "gateway"):
        error = admin(stack).error("passport.service_account.create", {"name": name})
        assert (error.word, error.reason) == ("conflict", "name_reserved")
    # Not even a row that is there before the setting is: the setting's account is the setting's alone.
    account = create(stack, "later")
    with stack.database("passport") as database:
        database.execute("UPDATE service_account SET name = 'rating' WHERE id = %s", (account["id"],))
    assert ask(stack, "rating", account["secret"])["error"]["data"]["reason"] == "credentials"
    assert claims(stack.service_token("rating"))["sub"] == "rating"


def test_who_may_have_service_accounts(stack):
    user = stack.user()
    for verb, params in (("create", {"name": "mine"}), ("list", {}), ("disable", {"id": user.id})):
        assert user.error(f"passport.service_account.{verb}", params).word == "forbidden"
        assert stack.error(f"passport.service_account.{verb}", params).word == "unauthenticated"
    for name in ("Upper", "with space", "x" * 33, ""):
        error = admin(stack).error("passport.service_account.create", {"name": name})
        assert error.data["fields"][0]["path"] == "/params/name"
    for verb, params in (("rotate", {"overlap_seconds": 0}), ("disable", {})):
        error = admin(stack).error(f"passport.service_account.{verb}", {"id": user.id} | params)
        assert error.word == "not_found"
    error = admin(stack).error("passport.service_account.rotate", {"id": user.id, "overlap_seconds": 604801})
    assert error.data["fields"][0] == {"path": "/params/overlap_seconds", "rule": "maximum", "expected": 604800}


def test_rotations_at_once_leave_two_secrets(stack):
    account = create(stack, "contended")
    token = admin(stack).token

    def rotate(_):
        params = {"id": account["id"], "overlap_seconds": 3600}
        return stack.rpc("passport.service_account.rotate", params, token)["secret"]

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(rotate, range(6)))
    good = [secret for secret in [account["secret"], *made] if "result" in ask(stack, "contended", secret)]
    assert len(good) == 2 and account["secret"] not in good


def test_guessing_is_throttled_and_daemons_are_not(make_stack):
    stack = make_stack({"passport": {"service_token_limit": 4}}, ("passport", "events", "gateway"))
    words = [ask(stack, "events", f"wrong{number}")["error"]["data"]["code"] for number in range(6)]
    assert words == ["unauthenticated"] * 4 + ["rate_limited"] * 2
    # Whoever knows the secret of the setting is not locked out by others who guess.
    assert stack.service_token("events")


def test_a_name_of_the_setting_may_have_two_secrets_while_one_follows_the_other(make_stack):
    secrets = [letter * 24 for letter in "ab"]
    accounts = ",".join(f"events:{secret}" for secret in secrets)
    stack = make_stack({"passport": {"service_secrets": accounts}}, ("passport",))
    for secret in secrets:
        assert claims(token_of(stack, "events", secret))["sub"] == "events"
    assert ask(stack, "events", "c" * 24)["error"]["data"]["reason"] == "credentials"
    assert ask(stack, "rating", secrets[0])["error"]["data"]["reason"] == "credentials"
