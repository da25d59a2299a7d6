"""Accounts: from registering to a verified address, how often strangers may ask, what people say of themselves. What
strangers can learn or cause through it: nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from accounts import OTHER, ask, count_users, letter_token, outcome, request_reset, reset, verify
from sessions import sql
from stack import PASSWORD, Stack
from waiting import wait_until

pytestmark = pytest.mark.asan
BAD_NAMES = (
    " ",
    "\u200b\u200b",
    "\u3164",
    "Ann\u202etxt",
    "\u2067Ann",
    "a\u0007b",
    "Ann\r\nBcc: all@test.example",
    "a\u2028b",
)


def refused(error):
    return (error.word, error.data.get("rule"))


TOKEN_REFUSED = ("precondition_failed", "token")


# --- registering ---


def test_there_is_no_account_before_its_address_is_verified(stack):
    email = "early@test.example"
    ask(stack, email)
    token = letter_token(stack, email)
    early = stack.error("passport.auth.login", {"email": email, "password": PASSWORD})
    unknown = stack.error("passport.auth.login", {"email": "nobody@test.example", "password": PASSWORD})
    assert (early.code, early.reason, early.message) == (unknown.code, unknown.reason, unknown.message)
    assert count_users(stack, email) == 0
    user = verify(stack, token)["user_id"]
    assert stack.login(email).id == user
    assert outcome(verify, stack, token) == "token"
    assert sql(stack, "SELECT count(*) FROM registration WHERE email = %s", email) == [(0,)]


def test_a_known_address_is_told_by_letter_only(stack):
    user = stack.user("First")
    known, unknown = ask(stack, user.email.upper(), OTHER, "Mallory"), ask(stack, "fresh@test.example")
    assert known.keys() == unknown.keys() and known["status"] == unknown["status"]
    letter = stack.mailbox.wait(user.email, "already_registered")
    assert letter.token is None and "Mallory" not in letter.text
    assert count_users(stack, user.email) == 1
    assert outcome(stack.login, user.email, OTHER) == "credentials" and stack.login(user.email).id == user.id


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE one_time_token SET expires_at = now() WHERE purpose = 'verify_email'",
        "UPDATE registration SET created_at = now() - interval '24 hours'",
        "DELETE FROM registration",
    ],
)
def test_a_registration_dies_after_a_day(stack, spoil):
    email = "late@test.example"
    ask(stack, email)
    token = letter_token(stack, email)
    sql(stack, spoil)
    assert outcome(verify, stack, token) == "token"
    assert count_users(stack, email) == 0


@pytest.mark.parametrize("token", ["x", "A" * 43, "é" * 43, "'; DROP TABLE registration; --", "A" * 200])
@pytest.mark.parametrize("method", ["passport.user.verify_email", "passport.password.reset"])
def test_what_is_no_token(stack, method, token):
    params = {"token": token, "new_password" if method.endswith("reset") else "password": OTHER}
    assert refused(stack.error(method, params)) == TOKEN_REFUSED


def test_tokens_are_good_for_their_purpose_only(stack):
    user, email = stack.user(), "purpose@test.example"
    ask(stack, email)
    registration, forgotten = letter_token(stack, email), request_reset(stack, user.email)
    assert outcome(verify, stack, forgotten) == "token"
    assert outcome(reset, stack, registration) == "token"
    assert verify(stack, registration)["verified"] and reset(stack, forgotten)["changed"]


def test_nothing_that_opens_an_account_is_in_the_database(stack):
    email = "secret@test.example"
    ask(stack, email)
    token = letter_token(stack, email)
    tables = sql(stack, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    text = "".join(str(sql(stack, f'SELECT array_agg(t::text) FROM "{table}" t')) for (table,) in tables)
    assert email in text and token not in text and PASSWORD not in text


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_deceive_are_refused_everywhere(stack, name):
    user = stack.user()
    registration = {"email": "name@test.example", "password": PASSWORD, "name": name}
    for error in (
        stack.error("passport.user.register", registration),
        user.error("passport.user.update", {"version": 1, "name": name}),
    ):
        fields = error.data["fields"]
        assert [(field["path"], field["rule"]) for field in fields] == [("/params/name", "format")]


def test_a_name_cannot_write_into_the_head_of_a_letter(stack):
    for name in (
        'Ann" <all@test.example>, "x',
        "=?utf-8?q?=0D=0ABcc:_all=40test.example?=",
        "Ann <b>&amp;</b>",
        "李 😀 שלום",
    ):
        user = stack.user(name)
        request_reset(stack, user.email)
        letters = stack.mailbox.letters(user.email)
        assert len(letters) == 2
        for letter in letters:
            assert letter.recipients == [user.email] and letter.message["Bcc"] is None and letter.message["Cc"] is None
            assert b"all@test.example" not in letter.raw.split(b"\r\n\r\n")[0]


def test_letters_are_in_the_language_of_the_person(stack):
    ask(stack, "anna@test.example", name="Анна", locale="ru-RU")
    letter = stack.mailbox.wait("anna@test.example", "verify_email")
    assert "Подтвердите" in letter.subject
    verify(stack, letter.token)
    stack.rpc("passport.password.request_reset", {"email": "anna@test.example"})
    assert "Анна" in stack.mailbox.wait("anna@test.example", "password_reset").text


# --- throttles ---


@pytest.fixture(scope="module")
def tight(cluster, templates):
    """A passport that lets a network and an address try three times."""
    limits = {"account_limit": 3, "letter_limit": 2, "login_limit_account": 4}
    with Stack(cluster, {"passport": limits}, templates, names=("passport",)) as running:
        running.gateway = running["passport"]
        yield running


@pytest.fixture
def quiet(tight):
    sql(tight, "DELETE FROM throttle")
    return tight


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("passport.user.register", {"email": "a{}@test.example", "password": PASSWORD, "name": "A"}),
        ("passport.password.request_reset", {"email": "a{}@test.example"}),
        ("passport.user.verify_email", {"token": "a{}", "password": PASSWORD}),
        ("passport.password.reset", {"token": "a{}", "new_password": OTHER}),
    ],
)
def test_a_network_is_told_when_it_asks_too_often(quiet, method, params):
    def call(number):
        return outcome(quiet.rpc, method, {key: value.format(number) for key, value in params.items()})

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(call, range(12)))
    slowed = [one for one in outcomes if one.endswith(".network")]
    assert len(slowed) == 9, outcomes
    error = quiet.error(method, {key: value.format(0) for key, value in params.items()})
    assert error.word == "rate_limited" and 0 < error.data["retry_after_ms"] <= 3_600_000


def test_a_mailbox_is_not_flooded_and_nobody_hears_of_it(quiet):
    answers = []
    for _ in range(4):
        sql(quiet, "DELETE FROM throttle WHERE name LIKE '%.network'")
        answers.append(ask(quiet, "Flood@test.example")["status"])
        sql(quiet, "DELETE FROM throttle WHERE name LIKE '%.network'")
        quiet.rpc("passport.password.request_reset", {"email": "flood@test.example"})
    assert answers == ["verification_sent"] * 4
    wait_until(lambda: sql(quiet, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert len(quiet.mailbox.letters("Flood@test.example")) == 2
    assert sql(quiet, "SELECT count(*) FROM registration WHERE email_folded = 'flood@test.example'") == [(2,)]
    tries = "SELECT tries FROM throttle WHERE name = 'reset.letter'"
    assert sql(quiet, tries) == [(4,)]


def test_guessing_the_current_password_at_speed(quiet):
    quiet.register("guess@test.example")
    user = quiet.login("guess@test.example")

    def change(password):
        return outcome(user.rpc, "passport.password.change", {"current_password": password, "new_password": OTHER})

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(change, [f"wrong {number} indeed" for number in range(12)]))
    assert outcomes == ["wrong_password"] * 12
    assert change(PASSWORD) == "wrong_password", "the account is locked, and does not say so"
    token = request_reset(quiet, user.email)
    assert reset(quiet, token)["changed"]
    assert quiet.login(user.email, OTHER).id == user.id, "whoever has the mailbox gets in again at once"


# --- what people say of themselves ---


def test_a_profile(stack):
    user = stack.user("Ann")
    me = user.rpc("passport.user.me")
    assert (me["locale"], me["time_zone"], me["version"], me["second_factor"]) == ("en", "UTC", 1, False)
    changed = user.rpc(
        "passport.user.update", {"version": 1, "name": " Ann Ø ", "locale": "ru", "time_zone": "Asia/Tokyo"}
    )
    assert changed.pop("seq") >= 0
    me = user.rpc("passport.user.me")
    assert (me["name"], me["locale"], me["time_zone"], me["version"]) == ("Ann Ø", "ru", "Asia/Tokyo", 2)
    assert changed.items() <= me.items()
    stale = user.error("passport.user.update", {"version": 1, "name": "Nobody"})
    assert (stale.word, stale.reason) == ("conflict", "stale_version")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "europe/lisbon", "", "UTC; DROP TABLE x", "posix/UTC"])
def test_a_time_zone_is_one_that_people_live_in(stack, zone):
    user = stack.user()
    params = {"email": "zone@test.example", "password": PASSWORD, "name": "Z", "time_zone": zone}
    for error in (
        user.error("passport.user.update", {"version": 1, "time_zone": zone}),
        stack.error("passport.user.register", params),
    ):
        assert [(one["path"], one["rule"]) for one in error.data["fields"]] == [("/params/time_zone", "format")]


def test_another_address(stack):
    user, new = stack.user("Mover"), "mover.new@test.example"
    missing = user.error("passport.user.update", {"version": 1, "email": new})
    assert [(one["path"], one["rule"]) for one in missing.data["fields"]] == [("/params/current_password", "required")]
    wrong = user.error("passport.user.update", {"version": 1, "email": new, "current_password": OTHER})
    assert (wrong.code, wrong.word, wrong.reason) == (-32003, "forbidden", "wrong_password")
    asked = user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    assert asked["email"] == user.email and stack.login(user.email).id == user.id
    waiting, letter = request_reset(stack, user.email), stack.mailbox.wait(new, "email_change")
    assert verify(stack, letter.token)["user_id"] == user.id
    told = stack.mailbox.wait(user.email, "email_changed")
    assert told.token is None and "127.0.0.1" in told.text, "who did not do it learns from where it was done"
    assert stack.login(new).id == user.id and outcome(stack.login, user.email) == "credentials"
    assert outcome(reset, stack, waiting) == "token", "a letter to the old address is void"
    assert outcome(verify, stack, letter.token) == "token"
    assert user.rpc("passport.user.me")["email"] == new


def test_an_address_that_somebody_else_got_meanwhile(stack):
    user, new = stack.user(), "wanted@test.example"
    user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    token = letter_token(stack, new, "email_change")
    stack.register(new)
    error = stack.error("passport.user.verify_email", {"token": token, "password": PASSWORD})
    assert (error.word, error.reason) == ("conflict", "email_taken")
    assert stack.login(user.email).id == user.id


def test_a_new_password_voids_a_change_of_address_under_way(stack):
    user, new = stack.user(), "thief@test.example"
    user.rpc("passport.user.update", {"version": 1, "email": new, "current_password": PASSWORD})
    token = letter_token(stack, new, "email_change")
    reset(stack, request_reset(stack, user.email))
    assert outcome(verify, stack, token) == "token"


def test_every_change_of_an_account_is_in_the_audit_trail(stack):
    user = stack.user()
    user.rpc("passport.user.update", {"version": 1, "name": "Other"})
    user.rpc("passport.password.change", {"current_password": PASSWORD, "new_password": OTHER})
    reset(stack, request_reset(stack, user.email), PASSWORD)
    rows = sql(stack, "SELECT action, address FROM audit_event WHERE user_id = %s ORDER BY id", user.id)
    wanted = ["user.registered", "user.updated", "password.changed", "password.reset"]
    assert [action for action, _ in rows if action in wanted] == wanted
    assert {address for _, address in rows} == {"127.0.0.1"}
    details = sql(stack, "SELECT details FROM audit_event WHERE user_id = %s AND action = 'user.updated'", user.id)
    assert details == [({"fields": ["name"]},)]


def test_the_administrators_command_obeys_the_rules(stack, tmp_path):
    def create(password, email="boss@test.example"):
        file = tmp_path / "password"
        file.write_text(password + "\n")
        return stack["passport"].command("admin", "create", "--email", email, "--password-file", file, check=False)

    assert create("password1").returncode == 1 and create("boss-12345").returncode == 1
    assert count_users(stack, "boss@test.example") == 0
    assert create(OTHER).returncode == 0
    boss = stack.login("boss@test.example", OTHER)
    assert boss.rpc("passport.user.me")["roles"] == ["user", "admin"]
    assert create(OTHER).returncode == 0
    assert boss.rpc("passport.user.me")["version"] == 1, "the same again changes nothing"
    assert create(PASSWORD).returncode == 0
    assert stack.error("passport.auth.refresh", {"refresh_token": boss.refresh_token}).reason == "revoked"
    wait_until(lambda: outcome(boss.rpc, "passport.user.me") == "revoked", what="tokens of old passwords to be void")
    assert outcome(stack.login, boss.email, OTHER) == "credentials" and stack.login(boss.email, PASSWORD).id == boss.id
