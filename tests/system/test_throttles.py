"""How often somebody may be wrong: per network, told; per account, silent; alike for whoever has no account."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from authenticator import WRONG, App, present, refused, wrong_code
from ports import free_port
from process import Daemon
from rpc import Endpoint
from sessions import sql
from stack import PASSWORD, Stack, program
from waiting import wait_until

pytestmark = pytest.mark.asan

STRANGER, OTHER = "127.0.0.77", "127.0.0.78"
LIMIT = 5


@pytest.fixture(scope="module")
def strict(cluster, templates):
    """A stack on which an account is locked after a few wrong tries."""
    settings = {"passport": {"login_limit_account": LIMIT, "second_factor_limit": LIMIT}}
    settings["gateway"] = {"limit_exempt": "127.0.0.0/8"}  # strangers are to meet passport's limits
    with Stack(cluster, settings, templates, names=("passport", "gateway")) as running:
        yield running


def guess(door, email, password="not this one"):
    """The whole of what a failed login tells."""
    error = door.error("passport.auth.login", {"email": email, "password": password})
    return error.code, error.word, error.reason, error.message


def release(stack):
    """As if windows and locks had run out."""
    sql(stack, "UPDATE throttle SET ends_at = now()")


def test_a_locked_account_answers_as_ever_and_lets_nobody_in(strict):
    user, door = strict.user(), strict.gateway.seen_from(STRANGER)
    answers = {guess(door, user.email) for _ in range(LIMIT)}
    answers |= {guess(door, user.email) for _ in range(3)}
    answers.add(guess(door, user.email, PASSWORD))
    assert len(answers) == 1 and answers.pop()[1:3] == WRONG
    release(strict)
    assert door.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})["access_token"]


def test_unknown_addresses_are_counted_alike(strict):
    door, email = strict.gateway.seen_from(STRANGER), "never.registered@test.example"
    known = guess(door, strict.user().email)
    tries = "SELECT tries FROM throttle WHERE name = 'login.account' AND key = sha256(convert_to(%s, 'UTF8'))"
    for number in range(1, LIMIT + 3):
        assert guess(door, email) == known
        assert sql(strict, tries, email) == [(number,)]


def test_the_right_password_starts_afresh(strict):
    user, door = strict.user(), strict.gateway.seen_from(STRANGER)
    for _ in range(2):
        for _ in range(LIMIT - 1):
            guess(door, user.email)
        assert door.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})["access_token"]


def test_the_right_password_of_a_suspended_account_locks_nothing(strict):
    user, door = strict.user(), strict.gateway.seen_from(STRANGER)
    strict.admin().rpc("passport.user.suspend", {"id": user.id, "reason": "Payment fraud"})
    assert {guess(door, user.email, PASSWORD)[1:3] for _ in range(LIMIT + 2)} == {("forbidden", "suspended")}
    strict.admin().rpc("passport.user.restore", {"id": user.id})
    assert door.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})["access_token"]
    assert sql(strict, "SELECT count(*) FROM audit_event WHERE action = 'auth.locked' AND user_id = %s", user.id) == [
        (0,)
    ]


def test_a_stranger_does_not_lock_out_who_has_logged_in_from_elsewhere(strict):
    user, stranger = strict.user(), strict.gateway.seen_from(STRANGER)
    for _ in range(LIMIT + 3):
        guess(stranger, user.email)
    assert guess(stranger, user.email, PASSWORD)[1:3] == WRONG
    assert strict.login(user.email).id == user.id, "from the network of the first login"
    assert guess(stranger, user.email, PASSWORD)[1:3] == WRONG, "which does not help the stranger"


def test_a_known_network_has_a_limit_of_its_own_and_is_forgotten(strict):
    user = strict.user()
    for _ in range(LIMIT + 1):
        guess(strict.gateway, user.email)
    assert guess(strict.gateway, user.email, PASSWORD)[1:3] == WRONG
    sql(strict, "UPDATE known_network SET last_login_at = now() - interval '31 days' WHERE user_id = %s", user.id)
    for _ in range(LIMIT):
        guess(strict.gateway.seen_from(STRANGER), user.email)
    assert guess(strict.gateway, user.email, PASSWORD)[1:3] == WRONG
    release(strict)
    assert strict.login(user.email).id == user.id


def test_32_guesses_at_the_same_moment_count_as_32(strict):
    user, door = strict.user(), strict.gateway.seen_from(STRANGER)
    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(lambda number: guess(door, user.email, f"guess number {number}"), range(32)))
    assert len(answers) == 1
    tries = "SELECT tries FROM throttle WHERE name = 'login.account' AND key = sha256(convert_to(%s, 'UTF8'))"
    assert sql(strict, tries, user.email) == [(32,)]
    assert guess(door, user.email, PASSWORD)[1:3] == WRONG


def test_one_letter_and_one_event_a_lock(strict):
    user, door = strict.user(), strict.gateway.seen_from(STRANGER)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: guess(door, user.email), range(3 * LIMIT)))
    letter = strict.mailbox.wait(user.email, "account_locked")
    assert STRANGER in letter.text
    locked = "SELECT count(*), min(address) FROM audit_event WHERE action = 'auth.locked' AND user_id = %s"
    assert sql(strict, locked, user.id) == [(1, STRANGER)]
    wait_until(lambda: sql(strict, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert len(strict.mailbox.letters(user.email, "account_locked")) == 1
    release(strict)
    for _ in range(LIMIT + 2):
        guess(door, user.email)
    assert sql(strict, locked, user.id) == [(2, STRANGER)]


def test_reauthentication_counts_too(strict):
    user = strict.user()
    for _ in range(LIMIT):
        assert user.error("passport.auth.reauthenticate", {"password": "not this one"}).reason == "wrong_password"
    assert user.error("passport.auth.reauthenticate", {"password": PASSWORD}).reason == "wrong_password"
    assert guess(strict.gateway, user.email, PASSWORD)[1:3] == WRONG, "one count for both"


def test_wrong_codes_lock_the_second_factor_silently(strict):
    app = App(strict, strict.user())
    door = strict.gateway.seen_from(STRANGER)
    for _ in range(LIMIT):
        challenge = app.challenge(door)
        error = door.error("passport.auth.second_factor", {"challenge": challenge, "code": wrong_code(app)})
        assert (error.word, error.reason) == WRONG
    params = {"challenge": app.challenge(door), "code": app.code()}
    assert door.error("passport.auth.second_factor", params).reason == "credentials"
    assert present(strict, app.challenge(), app.code())["access_token"], "the owner's network is not locked"
    assert strict.mailbox.wait(app.user.email, "account_locked")


def test_a_right_code_starts_afresh_also_from_a_new_network(strict):
    app = App(strict, strict.user())
    door = strict.gateway.seen_from(OTHER)
    for _ in range(LIMIT - 1):
        door.error("passport.auth.second_factor", {"challenge": app.challenge(door), "code": wrong_code(app)})
    tries = "SELECT tries FROM throttle WHERE name = 'second_factor.account' AND key = sha256(convert_to(%s, 'UTF8'))"
    assert sql(strict, tries, app.user.id) == [(LIMIT - 1,)]
    assert app.login(door)["access_token"]
    assert sql(strict, tries, app.user.id) == []


def test_a_right_code_in_a_lock_is_not_used_up(strict):
    app = App(strict, strict.user())
    for _ in range(LIMIT):
        refused(strict, app.challenge(), wrong_code(app))
    digits = app.code()
    assert refused(strict, app.challenge(), digits) == WRONG
    release(strict)
    assert present(strict, app.challenge(), digits)["access_token"]


def test_a_network_is_told_before_any_work_is_done(make_stack):
    stack = make_stack({"passport": {"login_limit_network": 6}}, names=("passport", "gateway"))
    user = stack.user()  # a login of this network
    for number in range(5):
        guess(stack.gateway, f"nobody{number}@test.example")
    error = stack.error("passport.auth.login", {"email": user.email, "password": PASSWORD})
    assert error.word == "rate_limited" and 0 < error.data["retry_after_ms"] <= 15 * 60 * 1000 + 1
    tries = "SELECT count(*) FROM throttle WHERE name = 'login.account'"
    assert sql(stack, tries) == [(5,)], "the account was not looked at"
    challenge = {"challenge": "A" * 43, "code": "123456"}
    assert stack.error("passport.auth.second_factor", challenge).word == "rate_limited"
    assert user.error("passport.auth.reauthenticate", {"password": PASSWORD}).word == "rate_limited"
    other = stack.gateway.seen_from(OTHER)
    assert other.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})["access_token"]
    release(stack)
    assert stack.login(user.email).id == user.id


def test_replicas_share_what_they_count(strict):
    folder = strict.folder / "replica"
    folder.mkdir()
    ports = {"port": free_port(), "link_port": free_port()}
    replica = Daemon("passport", program("passport"), folder, strict["passport"].settings | ports)
    replica.start()
    try:
        user = strict.user()
        doors = [Endpoint(strict["passport"].base, STRANGER), Endpoint(replica.base, STRANGER)]
        for number in range(LIMIT + 1):
            guess(doors[number % 2], user.email)
        for door in doors:
            assert guess(door, user.email, PASSWORD)[1:3] == WRONG
    finally:
        assert replica.stop() == 0, replica.log_tail()
