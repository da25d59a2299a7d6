"""Logging in with a code: enrolment, challenges, codes that are good once, recovery, and how few may be wrong."""

import base64
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from authenticator import WRONG, App, code, present, refused, wrong_code
from integration import claims
from rpc import RpcError
from sessions import refresh, sql, stale
from stack import PASSWORD

pytestmark = pytest.mark.asan


def all_at_once(calls):
    """The results of calls made at the same moment, errors among them."""

    def outcome(call):
        try:
            return call()
        except RpcError as error:
            return error

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(outcome, calls))


def actions(stack, user):
    rows = sql(stack, "SELECT action FROM audit_event WHERE user_id = %s ORDER BY id", user.id)
    return [action for (action,) in rows if action.startswith(("totp", "second_factor"))]


def test_from_enrolment_to_a_login_with_a_code(stack):
    user = stack.user()
    assert user.rpc("passport.totp.get") == {"enabled": False, "confirmed_at": None, "recovery_codes": 0}
    enrolment = user.rpc("passport.totp.enroll")
    uri = urlsplit(enrolment["uri"])
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", f"/EventLoop:{user.email}")
    said = {name: value for name, (value,) in parse_qs(uri.query).items()}
    assert said["secret"] == enrolment["secret"] and len(base64.b32decode(said["secret"])) == 20
    assert (said["issuer"], said["algorithm"], said["digits"], said["period"]) == ("EventLoop", "SHA1", "6", "30")
    assert stack.login(user.email).token, "nothing is asked for before the app was confirmed"
    confirmed = user.rpc("passport.totp.confirm", {"code": code(enrolment["secret"])})
    assert len(set(confirmed["recovery_codes"])) == 10 and confirmed["seq"] >= 0
    state = user.rpc("passport.totp.get")
    assert state["enabled"] is True and state["confirmed_at"] and state["recovery_codes"] == 10
    answer = stack.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})
    assert set(answer) == {"second_factor"}
    assert answer["second_factor"]["expires_in"] == 300 and answer["second_factor"]["methods"] == ["otp", "recovery"]
    sql(stack, "UPDATE totp SET last_step = 0 WHERE user_id = %s", user.id)
    tokens = present(stack, answer["second_factor"]["challenge"], code(enrolment["secret"]))
    assert tokens["user"]["id"] == user.id and claims(tokens["access_token"])["amr"] == ["pwd", "otp"]
    assert stack.rpc("passport.user.me", token=tokens["access_token"])["second_factor"] is True
    again = refresh(stack, tokens["refresh_token"])
    assert claims(again["access_token"])["amr"] == ["pwd", "otp"]
    assert actions(stack, user) == ["totp.enrolled", "totp.enabled"]
    letter = stack.mailbox.wait(user.email, "second_factor_changed")
    assert "switched on" in letter.text and "127.0.0.1" in letter.text


def test_spaces_in_a_code_do_not_matter(stack):
    app = App(stack, stack.user())
    digits = app.code()
    assert present(stack, app.challenge(), f" {digits[:3]} {digits[3:]}")["access_token"]


def test_the_secret_is_sealed_and_recovery_codes_are_hashed(stack):
    app = App(stack, stack.user())
    sealed = bytes(sql(stack, "SELECT secret_sealed FROM totp WHERE user_id = %s", app.user.id)[0][0])
    assert base64.b32decode(app.secret) not in sealed and app.secret.encode() not in sealed
    hashes = [bytes(row[0]) for row in sql(stack, "SELECT hash FROM recovery_code WHERE user_id = %s", app.user.id)]
    assert len(hashes) == 10 and {len(one) for one in hashes} == {32}


def test_enrolling_again(stack):
    user = stack.user()
    first = user.rpc("passport.totp.enroll")["secret"]
    second = user.rpc("passport.totp.enroll")["secret"]
    assert first != second
    error = user.error("passport.totp.confirm", {"code": code(first)})
    assert (error.code, error.word, error.reason) == (-32003, "forbidden", "wrong_code")
    assert user.rpc("passport.totp.confirm", {"code": code(second)})["recovery_codes"]
    for method, params, rule in (
        ("passport.totp.enroll", {}, "second_factor_off"),
        ("passport.totp.confirm", {"code": code(second)}, "enrolled"),
    ):
        error = user.error(method, params)
        assert (error.word, error.data["rule"]) == ("precondition_failed", rule)


def test_the_code_that_confirmed_logs_nobody_in(stack):
    user = stack.user()
    secret = user.rpc("passport.totp.enroll")["secret"]
    digits = code(secret)
    user.rpc("passport.totp.confirm", {"code": digits})
    challenge = stack.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})
    assert refused(stack, challenge["second_factor"]["challenge"], digits) == WRONG


def test_codes_of_the_steps_beside_are_good_and_no_others(stack):
    app = App(stack, stack.user())
    step = 30
    now = sql(stack, "SELECT extract(epoch FROM now())::bigint")[0][0] // step * step + step // 2
    for offset in (-3, 3):
        app.code()  # forgets the last one
        assert refused(stack, app.challenge(), code(app.secret, now + offset * step)) == WRONG
    for offset in (0, 1):
        app.code()
        assert present(stack, app.challenge(), code(app.secret, now + offset * step))["access_token"]


def test_a_code_is_good_once(stack):
    app = App(stack, stack.user())
    digits = app.code()
    first, second = app.challenge(), app.challenge()
    assert present(stack, first, digits)["access_token"]
    assert refused(stack, second, digits) == WRONG
    assert refused(stack, first, app.code()) == ("precondition_failed", "token"), "so is a challenge"


def test_32_callers_with_one_code_are_one_login(stack):
    app = App(stack, stack.user())
    challenges = [app.challenge() for _ in range(32)]
    before = len(app.user.rpc("passport.session.list", {"limit": 100})["items"])
    digits = app.code()
    answers = all_at_once([lambda one=one: present(stack, one, digits) for one in challenges])
    good = [answer for answer in answers if isinstance(answer, dict)]
    assert len(good) == 1 and {error.reason for error in answers if error not in good} == {"credentials"}
    assert len(app.user.rpc("passport.session.list", {"limit": 100})["items"]) == before + 1


def test_32_callers_with_one_challenge_are_at_most_one_login(stack):
    app = App(stack, stack.user())
    challenge, digits = app.challenge(), app.code()
    answers = all_at_once([lambda: present(stack, challenge, digits)] * 32)
    assert len([answer for answer in answers if isinstance(answer, dict)]) == 1


def test_a_challenge_is_void_after_five_tries(stack):
    app = App(stack, stack.user())
    challenge = app.challenge()
    for _ in range(5):
        assert refused(stack, challenge, wrong_code(app)) == WRONG
    assert refused(stack, challenge, app.code()) == ("precondition_failed", "token")
    challenge = app.challenge()
    for _ in range(4):
        refused(stack, challenge, wrong_code(app))
    assert present(stack, challenge, app.code())["access_token"], "the fifth may be right"


def test_a_challenge_is_void_in_time_and_when_the_password_changes(stack):
    app = App(stack, stack.user())
    challenge = app.challenge()
    sql(stack, "UPDATE one_time_token SET expires_at = now() WHERE purpose = 'second_factor'")
    assert refused(stack, challenge, app.code()) == ("precondition_failed", "token")
    challenge = app.challenge()
    sql(stack, "UPDATE user_account SET password_changed_at = now() WHERE id = %s", app.user.id)
    assert refused(stack, challenge, app.code()) == WRONG


@pytest.mark.parametrize("challenge", ["x", "A" * 43, "é" * 43])
def test_what_is_no_challenge(stack, challenge):
    assert refused(stack, challenge, "123456") == ("precondition_failed", "token")


def test_nobody_learns_of_the_second_factor_without_the_password(stack):
    app = App(stack, stack.user())
    error = stack.error("passport.auth.login", {"email": app.user.email, "password": "not this one"})
    unknown = stack.error("passport.auth.login", {"email": "nobody@test.example", "password": PASSWORD})
    assert (error.code, error.reason, error.message) == (unknown.code, unknown.reason, unknown.message)


# --- recovery ---


def test_a_recovery_code_is_good_once_however_it_is_written(stack):
    app = App(stack, stack.user())
    written = app.recovery_codes[0]
    tokens = present(stack, app.challenge(), f" {written.replace('-', ' ').lower()} ")
    assert claims(tokens["access_token"])["amr"] == ["pwd", "recovery"]
    assert refused(stack, app.challenge(), written) == WRONG
    assert app.user.rpc("passport.totp.get")["recovery_codes"] == 9
    assert "second_factor.recovered" in actions(stack, app.user)
    stack.mailbox.wait(app.user.email, "second_factor_changed")
    assert "recovery code" in stack.mailbox.wait(app.user.email, "second_factor_changed").text


def test_one_recovery_code_by_many_callers_is_one_login(stack):
    app = App(stack, stack.user())
    challenges = [app.challenge() for _ in range(16)]
    answers = all_at_once([lambda one=one: present(stack, one, app.recovery_codes[3]) for one in challenges])
    assert len([answer for answer in answers if isinstance(answer, dict)]) == 1


def test_new_recovery_codes_void_the_old(stack):
    app = App(stack, stack.user())
    fresh = app.user.rpc("passport.totp.recovery_codes")["recovery_codes"]
    assert len(fresh) == 10 and not set(fresh) & set(app.recovery_codes)
    assert refused(stack, app.challenge(), app.recovery_codes[0]) == WRONG
    assert present(stack, app.challenge(), fresh[0])["access_token"]


def test_a_recovery_code_of_somebody_else(stack):
    app, other = App(stack, stack.user()), App(stack, stack.user())
    assert refused(stack, app.challenge(), other.recovery_codes[0]) == WRONG


# --- switching it off ---


def test_switching_it_off(stack):
    app = App(stack, stack.user())
    stack.mailbox.wait(app.user.email, "second_factor_changed")
    assert app.user.rpc("passport.totp.disable")["enabled"] is False
    assert stack.login(app.user.email).token
    assert sql(stack, "SELECT count(*) FROM recovery_code WHERE user_id = %s", app.user.id) == [(0,)]
    for method in ("passport.totp.disable", "passport.totp.recovery_codes"):
        assert app.user.error(method).data["rule"] == "second_factor_on"
    assert "switched off" in stack.mailbox.wait(app.user.email, "second_factor_changed").text
    assert actions(stack, app.user)[-1] == "totp.disabled"


def test_an_administrator_helps_who_has_lost_both(stack):
    app, other = App(stack, stack.user()), stack.user()
    params = {"user_id": app.user.id}
    assert other.error("passport.totp.disable", params).word == "forbidden"
    assert stack.admin().rpc("passport.totp.disable", params)["enabled"] is False
    assert stack.login(app.user.email).token
    row = "SELECT actor FROM audit_event WHERE action = 'totp.disabled' AND user_id = %s"
    assert sql(stack, row, app.user.id) == [(stack.admin().id,)]


@pytest.mark.parametrize("method", ["enroll", "confirm", "disable", "recovery_codes"])
def test_all_of_it_asks_for_a_fresh_authentication(stack, method):
    user = stale(stack, stack.user())
    error = user.error(f"passport.totp.{method}", {"code": "123456"} if method == "confirm" else {})
    assert error.reason == "insufficient_user_authentication"


def test_reauthentication_takes_a_code_too(stack):
    app = App(stack, stack.user())
    user = stale(stack, app.user)
    error = user.error("passport.auth.reauthenticate", {"password": PASSWORD})
    assert (error.word, error.reason) == ("forbidden", "second_factor")
    params = {"password": PASSWORD, "code": wrong_code(app)}
    assert user.error("passport.auth.reauthenticate", params).reason == "wrong_code"
    wrong = user.error("passport.auth.reauthenticate", {"password": "not this one", "code": app.code()})
    assert (wrong.word, wrong.reason) == ("forbidden", "wrong_password")
    params["code"] = app.code()
    answer = user.rpc("passport.auth.reauthenticate", params)
    assert claims(answer["access_token"])["amr"] == ["pwd", "otp"]
    assert user.error("passport.auth.reauthenticate", params).reason == "wrong_code", "the code was used"
    assert stack.rpc("passport.totp.disable", token=answer["access_token"])["enabled"] is False
