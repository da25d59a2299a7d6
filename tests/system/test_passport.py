"""passport as its users see it: accounts, sessions, companies, tokens."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from stack import PASSWORD
from waiting import wait_until

pytestmark = pytest.mark.asan


def part(text):
    return base64.urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).decode().rstrip("=")


def unpart(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims(token):
    return json.loads(unpart(token.split(".")[1]))


def test_register_login_me(stack):
    email = "Ann.Other@Example.ORG"
    asked = stack.rpc("passport.user.register", {"email": f"  {email} ", "password": PASSWORD, "name": " Ann "})
    assert set(asked) == {"status", "seq"} and asked["status"] == "verification_sent"
    letter = stack.mailbox.wait(email, "verify_email")
    verified = stack.rpc("passport.user.verify_email", {"token": letter.token, "password": PASSWORD})
    assert verified["verified"] is True and verified["seq"] > 0
    tokens = stack.rpc("passport.auth.login", {"email": email.lower(), "password": PASSWORD})
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 600
    me = stack.rpc("passport.user.me", token=tokens["access_token"])
    assert me["id"] == verified["user_id"] and me["companies"] == []
    assert me["email"] == email and me["name"] == "Ann" and me["roles"] == ["user"]


def test_wrong_password_and_unknown_address_are_the_same_error(stack):
    user = stack.user()
    wrong = stack.error("passport.auth.login", {"email": user.email, "password": "not this one"})
    unknown = stack.error("passport.auth.login", {"email": "nobody@example.org", "password": PASSWORD})
    empty = stack.error("passport.auth.login", {"email": user.email, "password": ""})
    assert (wrong.code, wrong.reason, wrong.message) == (unknown.code, unknown.reason, unknown.message)
    assert (empty.code, empty.reason) == (-32001, "credentials")


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"password": "short"}, "/params/password", "minLength"),
        ({"password": "x" * 129}, "/params/password", "maxLength"),
        ({"email": "no address"}, "/params/email", "format"),
        ({"name": "   "}, "/params/name", "format"),
        ({"name": 5}, "/params/name", "type"),
        ({"surname": "x"}, "/params/surname", "additionalProperties"),
        ({"locale": "english"}, "/params/locale", "format"),
        ({"password": "PassWord1"}, "/params/password", "common_password"),
        ({"password": "someone-2026"}, "/params/password", "context_word"),
        ({"name": "\u200b\u200b"}, "/params/name", "format"),
        ({"name": "Ann\u202e"}, "/params/name", "format"),
        ({"name": "Ann\r\nBcc: everybody@example.org"}, "/params/name", "format"),
    ],
)
def test_bad_registrations_name_field_and_rule(stack, change, path, rule):
    params = {"email": "someone@example.org", "password": PASSWORD, "name": "Some"} | change
    error = stack.error("passport.user.register", params)
    assert error.word == "invalid_params"
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [(path, rule)]


def test_a_password_of_128_code_points_works(stack):
    email, password = "long@example.org", "päßwörd😀" * 16
    stack.register(email, password)
    assert stack.login(email, password).token


def test_refresh_rotates_and_answers_the_same_successor_in_the_grace_window(stack):
    user = stack.user()
    first = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    again = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    assert first["refresh_token"] == again["refresh_token"] != user.refresh_token
    assert stack.rpc("passport.user.me", token=first["access_token"])["id"] == user.id


def test_one_refresh_token_by_many_callers_has_one_successor(stack):
    user = stack.user()

    def refresh(_):
        return stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})["refresh_token"]

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(refresh, range(32)))) == 1
    with stack.database("passport") as database:
        session = claims(user.token)["sid"]
        rows = database.execute("SELECT count(*) FROM refresh_token WHERE session_id = %s", (session,)).fetchone()
    assert rows[0] == 2


def test_reuse_after_the_grace_window_ends_the_family(stack):
    user = stack.user()
    fresh = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    with stack.database("passport") as database:
        database.execute("UPDATE refresh_token SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL")
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "reused"
    assert stack.error("passport.auth.refresh", {"refresh_token": fresh["refresh_token"]}).reason == "revoked"


@pytest.mark.parametrize("column", ["idle_expires_at", "expires_at"])
def test_sessions_expire(stack, column):
    user = stack.user()
    with stack.database("passport") as database:
        database.execute(f"UPDATE session SET {column} = now() WHERE id = %s", (claims(user.token)["sid"],))
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "expired"


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43, "A" * 200])
def test_what_is_no_refresh_token(stack, token):
    assert stack.error("passport.auth.refresh", {"refresh_token": token}).word in ("unauthenticated", "invalid_params")


def test_logout_ends_the_session_and_its_tokens_everywhere(stack):
    user = stack.user()
    assert user.rpc("passport.auth.logout")["ended"] is True
    assert user.error("passport.user.me").reason == "revoked"
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "revoked"
    wait_until(lambda: user.error("events.booking.list").reason == "revoked", what="events refuses the token")


def test_companies(stack):
    user = stack.user()
    params = {"name": "Harbour Halls", "country": "NO", "idempotency_key": "one"}
    company = user.rpc("passport.company.create", params)
    assert user.rpc("passport.company.create", params) == company
    conflict = user.error("passport.company.create", params | {"name": "Other"})
    assert (conflict.word, conflict.reason) == ("conflict", "idempotency_key")
    assert stack.rpc("passport.company.get", {"id": company["id"]})["name"] == "Harbour Halls"
    me = user.rpc("passport.user.me")
    assert me["companies"] == [{"id": company["id"], "name": "Harbour Halls", "right": "owner", "state": "active"}]
    again = stack.login(user.email)
    assert claims(again.token)["companies"] == {company["id"]: "owner"}


def test_a_right_given_after_the_token_counts_at_once(stack):
    user = stack.user()
    company = user.rpc("passport.company.create", {"name": "Fresh"})
    listing = user.rpc("events.listing.create", {"company_id": company["id"], "type": "hall", "title": "New"})
    assert listing["state"] == "draft"


def test_service_methods_need_a_service_token_and_never_pass_the_gateway(stack):
    user, params = stack.user(), {"user_id": "01932b5c-7a10-7000-8000-000000000001"}
    params["company_id"] = params["user_id"]
    assert stack.error("passport.member.right", params, user.token).word == "method_not_found"
    direct = stack["passport"]
    assert direct.error("passport.member.right", params).word == "unauthenticated"
    assert direct.error("passport.member.right", params, user.token).word == "forbidden"
    service = stack.service_token("events")
    assert direct.rpc("passport.member.right", params, service) == {"right": None, "member": False}
    wrong = {"service": "events", "secret": "wrong"}
    assert direct.error("passport.auth.service_token", wrong).reason == "credentials"


def test_tokens_are_what_rfc_9068_says(stack):
    token = stack.user().token
    header = json.loads(unpart(token.split(".")[0]))
    assert header["typ"] == "at+jwt" and header["alg"] == "ES256" and header["kid"]
    body = claims(token)
    assert set(body) >= {
        "iss",
        "aud",
        "sub",
        "client_id",
        "iat",
        "exp",
        "jti",
        "sid",
        "auth_time",
        "roles",
        "companies",
    }
    assert body["exp"] - body["iat"] == 600 and body["auth_time"] <= time.time()
    keys = stack["passport"].get("/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys] == [header["kid"]] and all("d" not in key for key in keys)


def forged(stack):
    """Tokens that must not pass, by the reason they must not."""
    token = stack.user().token
    head, body, signature = token.split(".")
    key = stack["passport"].get("/.well-known/jwks.json").json()["keys"][0]
    header = json.loads(unpart(head))
    public = json.dumps(key).encode()
    hs256 = part(json.dumps(header | {"alg": "HS256"}))
    mac = part(hmac.new(public, f"{hs256}.{body}".encode(), hashlib.sha256).digest())
    admin = part(json.dumps(claims(token) | {"roles": ["user", "admin"]}))
    yield "alg none", f"{part(json.dumps(header | {'alg': 'none'}))}.{body}."
    yield "alg none, signed", f"{part(json.dumps(header | {'alg': 'none'}))}.{body}.{signature}"
    yield "HS256 with the public key", f"{hs256}.{body}.{mac}"
    yield "unknown kid", f"{part(json.dumps(header | {'kid': 'nobody'}))}.{body}.{signature}"
    yield "other claims", f"{head}.{admin}.{signature}"
    yield "truncated", token[:-3]
    yield "no signature", f"{head}.{body}."
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{token}.x"
    yield "another type", f"{part(json.dumps(header | {'typ': 'JWT'}))}.{body}.{signature}"
    yield "padding", f"{head}=.{body}.{signature}"
    yield "rubbish", "rubbish"
    yield "huge", "x" * 10000


def test_forged_tokens_are_refused_at_every_door(stack):
    for name, token in forged(stack):
        for door, method in (
            ("gateway", "passport.user.me"),
            ("passport", "passport.user.me"),
            ("events", "events.booking.list"),
        ):
            error = stack[door].error(method, {}, token)
            assert error.word == "unauthenticated" and error.reason, (name, door, error.data)


def test_tokens_of_another_issuer_or_audience_are_refused(stack, make_stack):
    other = make_stack(names=("passport",))
    other.register("a@example.org")
    answer = other["passport"].rpc("passport.auth.login", {"email": "a@example.org", "password": PASSWORD})
    error = stack.error("passport.user.me", token=answer["access_token"])
    assert (error.word, error.reason) == ("unauthenticated", "unknown_key")


def test_expired_tokens_are_refused(make_stack):
    stack = make_stack({"passport": {"token_lifetime": "60s"}}, names=("passport",))
    door = stack["passport"]
    stack.register("a@example.org", name="A")
    answer = door.rpc("passport.auth.login", {"email": "a@example.org", "password": PASSWORD})
    assert answer["expires_in"] == 60
    assert door.rpc("passport.user.me", token=answer["access_token"])["name"] == "A"


def test_the_private_key_is_sealed_at_rest(stack):
    with stack.database("passport") as database:
        sealed = bytes(database.execute("SELECT private_sealed FROM signing_key").fetchone()[0])
        hashes = database.execute("SELECT password_hash FROM user_account LIMIT 1").fetchone()[0]
    assert b"PRIVATE" not in sealed and hashes.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_rs256_by_setting(make_stack):
    stack = make_stack({"passport": {"token_algorithm": "RS256"}}, names=("passport",))
    door = stack["passport"]
    stack.register("a@example.org", name="A")
    token = door.rpc("passport.auth.login", {"email": "a@example.org", "password": PASSWORD})["access_token"]
    assert json.loads(unpart(token.split(".")[0]))["alg"] == "RS256"
    assert door.rpc("passport.user.me", token=token)["name"] == "A"
