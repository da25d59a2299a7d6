"""Letters that prove an address: they count only with the password of whoever asked for them, so that nobody gets an
account with a stranger's password."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from accounts import OTHER, ask, count_users, letter_token, outcome, verify
from sessions import sql
from stack import PASSWORD
from staff import with_role

pytestmark = pytest.mark.asan
TRIES = 5


def registration(stack, email, password=PASSWORD):
    """The token of a registration's letter."""
    ask(stack, email, password)
    return letter_token(stack, email)


def test_a_stranger_who_registers_an_address_gets_nothing_of_what_its_owner_clicks_on(stack):
    email, stranger = "victim@test.example", stack.gateway.seen_from("127.0.0.66")
    stranger.rpc("passport.user.register", {"email": email, "password": OTHER, "name": "Mallory"})
    planted = letter_token(stack, email)
    own = registration(stack, email)
    assert outcome(verify, stack, planted) == "password"
    assert count_users(stack, email) == 0 and outcome(stack.login, email, OTHER) == "credentials"
    user = verify(stack, own)["user_id"]
    assert stack.login(email).id == user and outcome(stack.login, email, OTHER) == "credentials"
    assert outcome(verify, stack, planted, OTHER) == "token", "what the stranger asked for is void"
    assert stack.login(email).rpc("passport.user.me")["name"] == "Somebody"


def test_a_wrong_password_does_not_spend_the_letter(stack):
    email = "clumsy@test.example"
    token = registration(stack, email)
    error = stack.error("passport.user.verify_email", {"token": token, "password": PASSWORD + " "})
    assert (error.word, error.reason) == ("unauthenticated", "password") and "register anew" in error.message
    assert outcome(verify, stack, token, "") == "password"
    assert count_users(stack, email) == 0
    user = verify(stack, token)["user_id"]
    assert stack.login(email).id == user


def test_a_letter_bears_five_tries_and_registering_anew_bears_others(stack):
    email = "forgetful@test.example"
    token = registration(stack, email)
    assert [outcome(verify, stack, token, OTHER) for _ in range(TRIES)] == ["password"] * TRIES
    assert outcome(verify, stack, token) == outcome(verify, stack, token, OTHER) == "token"
    assert count_users(stack, email) == 0
    fresh = registration(stack, email, OTHER)
    assert outcome(verify, stack, fresh) == "password"
    user = verify(stack, fresh, OTHER)["user_id"]
    assert stack.login(email, OTHER).id == user


def test_guesses_at_one_moment_count_each_for_itself(stack):
    email = "guessed@test.example"
    token = registration(stack, email)
    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(lambda number: outcome(verify, stack, token, f"{OTHER} {number}"), range(32)))
    assert sorted(outcomes) == ["password"] * TRIES + ["token"] * (32 - TRIES)
    assert outcome(verify, stack, token) == "token" and count_users(stack, email) == 0


def test_a_missing_password_is_named_and_is_no_try(stack):
    token = registration(stack, "brief@test.example")
    for params in [{"token": token}, {"token": token, "password": None}] * TRIES:
        error = stack.error("passport.user.verify_email", params)
        assert error.word == "invalid_params"
        assert [one["path"] for one in error.data["fields"]] == ["/params/password"]
    assert stack.error("passport.user.verify_email", {"token": token}).data["fields"][0]["rule"] == "required"
    assert verify(stack, token)["verified"]


def test_one_letter_answered_by_many_makes_one_account(stack):
    email = "crowd@test.example"
    token = registration(stack, email)
    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(lambda _: outcome(verify, stack, token), range(32)))
    assert sorted(outcomes) == ["ok"] + ["token"] * 31
    assert count_users(stack, email) == 1


def test_letters_of_two_registrations_make_one_account(stack):
    for number in range(5):
        email = f"twice{number}@test.example"
        answers = (registration(stack, email), PASSWORD), (registration(stack, email.upper(), OTHER), OTHER)
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(lambda answer: outcome(verify, stack, *answer), answers))
        assert sorted(outcomes) == ["ok", "token"]
        assert count_users(stack, email) == 1
        logins = [outcome(stack.login, email, password) for _, password in answers]
        assert logins == ["ok" if one == "ok" else "credentials" for one in outcomes]
        assert sql(stack, "SELECT count(*) FROM registration WHERE email_folded = %s", email) == [(0,)]


def test_a_stranger_does_not_move_an_account_to_an_address_by_a_click_of_its_owner(stack):
    """Or she would have an account with his password and his second factor."""
    stranger, email = stack.user("Mallory"), "her.own@test.example"
    stranger.rpc("passport.user.update", {"version": 1, "email": email, "current_password": PASSWORD})
    planted = letter_token(stack, email, "email_change")
    assert [outcome(verify, stack, planted, OTHER) for _ in range(TRIES)] == ["password"] * TRIES
    assert outcome(verify, stack, planted) == "token"
    assert stack.login(stranger.email).id == stranger.id
    stack.register(email, OTHER)
    assert outcome(stack.login, email) == "credentials" and stack.login(email, OTHER).id != stranger.id


def test_a_change_of_address_takes_the_password_of_the_account(stack):
    user = stack.user()
    new = f"new.{user.email}"
    user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    token = letter_token(stack, new, "email_change")
    wrong = stack.error("passport.user.verify_email", {"token": token, "password": OTHER})
    assert (wrong.word, wrong.reason) == ("unauthenticated", "password") and "register" not in wrong.message
    assert verify(stack, token)["user_id"] == user.id
    assert stack.login(new).id == user.id


def test_a_suspended_account_keeps_its_address(stack):
    """Or the address would be free for another account of the same person."""
    user, moderator = stack.user(), with_role(stack, "moderator")
    new = f"new.{user.email}"
    user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    token = letter_token(stack, new, "email_change")
    moderator.rpc("passport.user.suspend", {"id": user.id, "reason": "for a test"})
    assert outcome(verify, stack, token, OTHER) == outcome(verify, stack, token) == "token"
    moderator.rpc("passport.user.restore", {"id": user.id, "reason": "for a test"})
    assert verify(stack, token)["user_id"] == user.id


def test_an_address_moves_before_the_password_changes_or_not_at_all(stack):
    change = {"current_password": PASSWORD, "new_password": OTHER}
    for _ in range(4):
        user = stack.user()
        new = f"new.{user.email}"
        user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
        token = letter_token(stack, new, "email_change")
        with ThreadPoolExecutor(2) as pool:
            moved = pool.submit(outcome, verify, stack, token)
            pool.submit(user.rpc, "passport.password.change", change).result()
        assert stack.login(new if moved.result() == "ok" else user.email, OTHER).id == user.id
        assert outcome(verify, stack, token, OTHER) == "token"


def test_a_try_that_was_put_off_for_load_does_not_count(stack):
    """Who comes back as told would otherwise lose the letter, by the load that a stranger makes."""
    registration(stack, "busy@test.example")
    tokens = [f"token-of-load-{number}" for number in range(300)]
    hashes = [hashlib.sha256(token.encode()).digest() for token in tokens]
    sql(
        stack,
        "WITH copied AS (INSERT INTO registration (id, email, email_folded, password_hash, name, locale, time_zone) "
        "SELECT gen_random_uuid(), n || email, n || email_folded, password_hash, name, locale, time_zone "
        "FROM registration, generate_series(1, %s) n WHERE email = 'busy@test.example' RETURNING id), "
        "numbered AS (SELECT id, row_number() OVER () AS n FROM copied) "
        "INSERT INTO one_time_token (purpose, subject, hash, expires_at) "
        "SELECT 'verify_email', id, (%s::bytea[])[n], now() + interval '1 hour' FROM numbered",
        len(tokens),
        hashes,
    )

    def batch(start):
        call = {"jsonrpc": "2.0", "method": "passport.user.verify_email"}
        some = range(start, start + 10)
        calls = [call | {"id": number, "params": {"token": tokens[number], "password": OTHER}} for number in some]
        return [(hashes[answer["id"]], answer["error"]["data"]["code"]) for answer in stack.gateway.post(calls).json()]

    with ThreadPoolExecutor(30) as pool:
        answers = [answer for answers in pool.map(batch, range(0, 300, 10)) for answer in answers]
    tried, put_off = ([one for one, word in answers if word == wanted] for wanted in ("unauthenticated", "overloaded"))
    assert tried and put_off and len(tried) + len(put_off) == len(tokens), "some of each"
    tries = "SELECT DISTINCT tries FROM one_time_token WHERE hash = ANY (%s)"
    assert sql(stack, tries, put_off) == [(0,)] and sql(stack, tries, tried) == [(1,)]
