"""Passwords: which are taken, how they are changed and forgotten, and what ends with the old one."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from accounts import OTHER, count_users, letter_token, outcome, request_reset, reset
from sessions import sql
from stack import PASSWORD
from waiting import wait_until

pytestmark = pytest.mark.asan


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("iloveyou1", "common_password"),
        ("TrustNo1", "common_password"),
        ("EventLoop-2026", "context_word"),
        ("ann.marie!!", "context_word"),
        ("Harbour99999", "context_word"),
        ("short", "minLength"),
        ("x" * 129, "maxLength"),
    ],
)
def test_password_rules_hold_wherever_a_password_is_chosen(stack, password, rule):
    email = "ann.marie@test.example"
    if not count_users(stack, email):
        stack.register(email, name="Harbour Master")
    user = stack.login(email)
    token = request_reset(stack, email)
    sql(stack, "DELETE FROM throttle")
    registration = {"email": email, "password": password, "name": "Harbour Master"}
    change = {"current_password": PASSWORD, "new_password": password}
    for field, error in (
        ("password", stack.error("passport.user.register", registration)),
        ("new_password", user.error("passport.password.change", change)),
        ("new_password", stack.error("passport.password.reset", {"token": token, "new_password": password})),
    ):
        assert [(one["path"], one["rule"]) for one in error.data["fields"]] == [(f"/params/{field}", rule)]
    assert stack.login(email, PASSWORD).id == user.id


def test_passwords_are_compared_exactly(stack):
    email, password = "exact@test.example", "  Ünïcode 密码 😀 " + "x" * 113
    assert len(password) == 128
    stack.register(email, password)
    assert stack.login(email, password).token
    for wrong in (password.strip(), password.lower(), password[:-1], password[:72], password[:-1] + "y"):
        assert outcome(stack.login, email, wrong) == "credentials", wrong


def test_huge_and_broken_passwords_are_refused_before_any_work(stack):
    response = stack.gateway.post(
        '{"jsonrpc":"2.0","id":1,"method":"passport.auth.login","params":{"email":"a@test.example","password":"a\\u0000b"}}'
    )
    assert response.json()["error"]["data"]["fields"] == [{"path": "/params/password", "rule": "noNul"}]
    huge = {"jsonrpc": "2.0", "id": 1, "method": "passport.user.register"}
    huge["params"] = {"email": "a@test.example", "password": "x" * 10_000_000, "name": "A"}
    response = stack.gateway.post(json.dumps(huge))
    assert response.json()["error"]["data"]["code"] in ("too_large", "invalid_params")


def test_a_changed_password_ends_what_the_old_one_opened(stack):
    user = stack.user()
    other = stack.login(user.email)
    waiting = request_reset(stack, user.email)
    wrong = user.error("passport.password.change", {"current_password": OTHER, "new_password": OTHER})
    assert (wrong.code, wrong.word, wrong.reason) == (-32003, "forbidden", "wrong_password")
    assert user.rpc("passport.password.change", {"current_password": PASSWORD, "new_password": OTHER})["changed"]
    notice = stack.mailbox.wait(user.email, "password_changed")
    assert "127.0.0.1" in notice.text
    assert outcome(stack.login, user.email, PASSWORD) == "credentials" and stack.login(user.email, OTHER).id == user.id
    wait_until(lambda: outcome(other.rpc, "passport.user.me") == "revoked", what="the other session's token to be void")
    assert stack.error("passport.auth.refresh", {"refresh_token": other.refresh_token}).reason == "revoked"
    own = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    assert stack.rpc("passport.user.me", token=own["access_token"])["id"] == user.id
    assert outcome(reset, stack, waiting) == "token"


def test_other_sessions_may_be_spared(stack):
    user = stack.user()
    other = stack.login(user.email)
    params = {"current_password": PASSWORD, "new_password": OTHER, "end_other_sessions": False}
    assert user.rpc("passport.password.change", params)["changed"]
    assert stack.rpc("passport.auth.refresh", {"refresh_token": other.refresh_token})["user"]["id"] == user.id


def test_a_forgotten_password(stack):
    user = stack.user()
    first = request_reset(stack, user.email)
    stack.rpc("passport.password.request_reset", {"email": user.email.upper()})
    newest = letter_token(stack, user.email, "password_reset")
    assert outcome(reset, stack, first) == "token"
    assert outcome(reset, stack, newest, "password1") == "invalid_params"
    assert reset(stack, newest)["changed"]
    assert outcome(reset, stack, newest) == "token"
    assert stack.mailbox.wait(user.email, "password_changed")
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "revoked"
    wait_until(lambda: outcome(user.rpc, "events.booking.list") == "revoked", what="events refuses the token")
    assert outcome(stack.login, user.email, PASSWORD) == "credentials" and stack.login(user.email, OTHER).id == user.id


def test_a_reset_by_many_happens_once(stack):
    user = stack.user()
    token = request_reset(stack, user.email)
    passwords = [f"{OTHER} {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda password: outcome(reset, stack, token, password), passwords))
    assert sorted(outcomes) == ["ok"] + ["token"] * 7
    assert stack.login(user.email, passwords[outcomes.index("ok")]).id == user.id


def test_a_reset_letter_is_good_for_ten_minutes(stack):
    user = stack.user()
    token = request_reset(stack, user.email)
    left = "SELECT extract(epoch FROM expires_at - now()) FROM one_time_token WHERE subject = %s"
    assert 590 < sql(stack, left, user.id)[0][0] <= 600
    sql(stack, "UPDATE one_time_token SET expires_at = now() WHERE subject = %s", user.id)
    assert outcome(reset, stack, token) == "token"


def test_a_reset_for_a_stranger_is_answered_alike_and_sends_nothing(stack):
    user = stack.user()
    known = stack.rpc("passport.password.request_reset", {"email": user.email})
    unknown = stack.rpc("passport.password.request_reset", {"email": "stranger@test.example"})
    assert known["status"] == unknown["status"] == "mail_sent_if_known" and known.keys() == unknown.keys()
    stack.mailbox.wait(user.email, "password_reset")
    wait_until(lambda: sql(stack, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert not stack.mailbox.letters("stranger@test.example")
