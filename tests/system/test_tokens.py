"""Access tokens between real daemons: verified by each alone, revoked everywhere, whatever passport is doing."""

import base64
import json
import time

import pytest
from rpc import RpcError
from waiting import wait_until

PUSHED = 2.0  # seconds in which a revocation reaches every daemon (DESIGN section 5)
# A method of each daemon that wants a user; called at its own door, not through the gateway.
DOORS = {"passport": "passport.user.me", "events": "events.listing.mine"}


def refused(daemon, method, token):
    """The reason of unauthenticated, or None when the token was accepted."""
    try:
        daemon.rpc(method, {}, token)
    except RpcError as error:
        return error.reason if error.word == "unauthenticated" else None
    return None


def test_logout_reaches_tokens_already_issued(stack):
    user, other = stack.user(), stack.user()
    for name, method in DOORS.items():
        assert refused(stack[name], method, user.token) is None
    user.rpc("passport.auth.logout")
    ended = time.monotonic()
    for name, method in DOORS.items():
        wait_until(lambda n=name, m=method: refused(stack[n], m, user.token) == "revoked", what=f"revocation at {name}")
    taken = time.monotonic() - ended
    print(f"revoked everywhere after {taken * 1000:.0f} ms")
    assert taken < PUSHED
    for name, method in DOORS.items():
        assert refused(stack[name], method, other.token) is None
    # A new session of the same user is not touched.
    again = stack.login(user.email)
    for name, method in DOORS.items():
        assert refused(stack[name], method, again.token) is None


def test_tokens_are_verified_while_passport_is_down(fresh_stack):
    user = fresh_stack.user()
    late = fresh_stack.login(user.email)
    events = fresh_stack["events"]
    assert refused(events, DOORS["events"], user.token) is None
    fresh_stack["passport"].kill()
    assert refused(events, DOORS["events"], user.token) is None  # remembered
    assert refused(events, DOORS["events"], late.token) is None  # never seen: verified by the keys kept
    fresh_stack["passport"].start()
    back = wait_until(lambda: fresh_stack.login(user.email), what="passport's return")
    assert refused(events, DOORS["events"], back.token) is None


def part(value):
    """A part of a token: JSON as base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(token):
    text = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@pytest.mark.parametrize("name", DOORS)
def test_forged_tokens_are_refused(stack, name):
    user = stack.user()
    header, payload, signature = user.token.split(".")
    admin = claims_of(user.token) | {"roles": ["admin"]}
    forged = {
        "algorithm": [
            f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': 'x'})}.{payload}.",
            f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'x'})}.{payload}.{signature}",
        ],
        "unknown_key": [f"{part({'alg': 'ES256', 'typ': 'at+jwt', 'kid': 'x'})}.{payload}.{signature}"],
        "signature": [f"{header}.{part(admin)}.{signature}"],
        "type": [f"{part({'alg': 'ES256', 'typ': 'JWT', 'kid': 'x'})}.{payload}.{signature}"],
        "malformed": ["x", "..", user.token[:-5], f"{user.token}=", f"{header}.{payload}", "a" * 9000],
    }
    for reason, tokens in forged.items():
        for token in tokens:
            assert refused(stack[name], DOORS[name], token) == reason, token[:200]
    assert refused(stack[name], DOORS[name], user.token) is None


def test_service_tokens_are_no_user_tokens(stack):
    token = stack.service_token("rating")
    with pytest.raises(RpcError) as error:
        stack["events"].rpc("events.listing.mine", {}, token)
    assert error.value.word in ("forbidden", "unauthenticated")
    with pytest.raises(RpcError) as error:  # rating may not speak for passport
        fact = {"source": "passport", "facts": []}
        stack["events"].rpc("events.fact.deliver", fact, token)
    assert error.value.word == "forbidden"
    with pytest.raises(RpcError) as error:  # and nobody delivers facts through the gateway
        stack.rpc("events.fact.deliver", {"source": "rating", "facts": []}, token)
    assert error.value.word == "method_not_found"
