"""Nobody learns whether an address has an account: not by words, not by codes, not by the time that an answer takes.

The measurements are ranked and repeated (tests/lib/timing.py), so that a slow or busy machine fails nothing; that they
would find a leak is shown by the last two tests. The figures stand in the test's output (pytest -s).
"""

import itertools
import random

import pytest
from authenticator import App
from sessions import sql
from stack import PASSWORD, Stack
from timing import difference, superiority, visible

COPIES = 400
_fresh = itertools.count(1)

# Accounts like the first one, but for their names; nobody has logged in to them from anywhere.
COPY = (
    "INSERT INTO user_account (id, email, email_folded, password_hash, name) "
    "SELECT gen_random_uuid(), address, address, u.password_hash, u.name FROM user_account u, "
    "(SELECT 'copy' || n || '@test.example' AS address FROM generate_series(0, %s) n) c WHERE u.id = %s"
)


@pytest.fixture(scope="module")
def quiet(cluster, templates):
    """Only what is measured runs."""
    with Stack(cluster, None, templates, names=("passport", "gateway")) as running:
        first = running.user()
        sql(running, COPY, COPIES, first.id)
        yield running


def copies():
    """Addresses of accounts, each once."""
    numbers = itertools.count(1)
    return lambda: f"copy{next(numbers)}@test.example"


def nobody():
    """An address like those, that nobody has."""
    return f"none{next(_fresh)}@test.example"


def login(stack, email, password):
    return stack.gateway.answer("passport.auth.login", {"email": email, "password": password})


def account(stack, change=None):
    """The address of an account, with a change in the database."""
    user = stack.user()
    if change:
        sql(stack, change, user.id)
    return user


def lock(stack, email):
    """As if there had been too many wrong passwords, from everywhere."""
    statement = (
        "INSERT INTO throttle (name, key, tries, ends_at) "
        "SELECT 'login.account', sha256(convert_to(k, 'UTF8')), 5000, now() + interval '1 hour' "
        "FROM unnest(ARRAY[%s, %s || E'\\n127.0.0.1']) k"
    )
    sql(stack, statement, email, email)
    return email


def test_every_failed_login_takes_as_long_as_every_other(quiet, capsys):
    first, second = quiet.user(), quiet.user()
    suspended = account(quiet, "UPDATE user_account SET state = 'suspended' WHERE id = %s")
    with_app = App(quiet, quiet.user()).user
    locked, nobody_locked = lock(quiet, quiet.user().email), lock(quiet, nobody())
    calls = {
        "known, wrong password": lambda: login(quiet, first.email, "not this one"),
        "another known, wrong password": lambda: login(quiet, second.email, "not this one"),
        "unknown address": lambda: login(quiet, nobody(), "not this one"),
        "unknown address, asked before": lambda: login(quiet, "again@test.example", "not this one"),
        "known, empty password": lambda: login(quiet, first.email, ""),
        "unknown, empty password": lambda: login(quiet, nobody(), ""),
        "suspended": lambda: login(quiet, suspended.email, "not this one"),
        "with an authenticator app": lambda: login(quiet, with_app.email, "not this one"),
        "locked, right password": lambda: login(quiet, locked, PASSWORD),
        "unknown and locked": lambda: login(quiet, nobody_locked, PASSWORD),
    }
    errors = {str(call()["error"] | {"data": None}) for call in calls.values()}
    assert len(errors) == 1, errors
    with capsys.disabled():
        print("\nlogin")
        assert visible(calls, "known, wrong password", "another known, wrong password") == []


def test_registering_takes_as_long_for_an_address_that_is_taken(quiet, capsys):
    known = copies()

    def register(email):
        params = {"email": email, "password": "some long password", "name": "Some Body"}
        return quiet.rpc("passport.user.register", params)

    taken = register(known())
    assert taken.keys() == register(nobody()).keys() and taken["status"] == "verification_sent"
    calls = {
        "unknown address": lambda: register(nobody()),
        "another unknown address": lambda: register(nobody()),
        "known address": lambda: register(known()),
    }
    with capsys.disabled():
        print("\nregister")
        assert visible(calls, "unknown address", "another unknown address") == []


def test_asking_for_a_reset_takes_as_long_for_an_address_that_nobody_has(quiet, capsys):
    known = copies()

    def request(email):
        return quiet.rpc("passport.password.request_reset", {"email": email})

    assert request(known())["status"] == request(nobody())["status"] == "mail_sent_if_known"
    calls = {
        "unknown address": lambda: request(nobody()),
        "another unknown address": lambda: request(nobody()),
        "known address": lambda: request(known()),
    }
    with capsys.disabled():
        print("\nrequest_reset")
        assert visible(calls, "unknown address", "another unknown address") == []


def test_a_login_that_skips_the_hash_is_seen(quiet):
    user, other = quiet.user(), quiet.user()
    calls = {
        "known": lambda: login(quiet, user.email, "not this one"),
        "another known": lambda: login(quiet, other.email, "not this one"),
        "no Argon2": lambda: quiet.gateway.answer("passport.company.get", {"id": user.id}),
    }
    assert visible(calls, "known", "another known", 30) == ["no Argon2"]


@pytest.mark.parametrize(
    ("shift", "outliers", "seen"),
    [(0, 0, False), (0, 3, False), (0.00005, 0, False), (0.006, 0, True), (0.006, 3, True)],
)
def test_what_the_statistics_see(shift, outliers, seen):
    """Logins of 35 ms, give or take 4, of which one kind takes longer by what sending a letter takes."""
    chance = random.Random(f"{shift} {outliers}")

    def kind(extra, slow):
        return [chance.gauss(0.035 + extra, 0.004) for _ in range(60 - slow)] + [1.0 + extra] * slow

    taken = {"known": kind(0, 1), "another": kind(0, 0), "unknown": kind(shift, outliers)}
    assert difference(taken, "unknown", "known", "another").is_visible() == seen
    assert superiority([2, 3], [0, 1]) == 1 and superiority([0, 1], [2, 3]) == 0
