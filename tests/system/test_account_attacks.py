"""What an attacker tried on accounts, letters and sessions, and what has to stop them."""

import ctypes
import http.client
import json
import string
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from authenticator import App
from integration import claims
from sessions import refresh, refused, sql
from stack import PASSWORD
from staff import administrator
from waiting import wait_until

pytestmark = pytest.mark.asan

OTHER = "a staple for the battery"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

TOKENS = "SELECT count(*) FROM one_time_token WHERE subject = %s"


def act_as(admin, user):
    return admin.rpc("passport.auth.impersonate", {"user_id": user.id, "reason": "Ticket 4711"})


def change_password(user):
    user.rpc("passport.password.change", {"current_password": PASSWORD, "new_password": OTHER})


def reset_password(stack, user):
    stack.rpc("passport.password.request_reset", {"email": user.email})
    token = stack.mailbox.wait(user.email, "password_reset").token
    stack.rpc("passport.password.reset", {"token": token, "new_password": OTHER})


# --- acting as somebody else ---


@pytest.mark.parametrize(
    "end",
    [
        lambda stack, admin: change_password(admin),
        reset_password,
        lambda stack, admin: admin.rpc("passport.session.revoke_others"),
        lambda stack, admin: stack.admin().rpc("passport.session.revoke_all", {"user_id": admin.id}),
    ],
    ids=["change", "reset", "revoke_others", "revoke_all"],
)
def test_what_a_thief_opened_as_the_administrator_ends_with_the_thief(stack, end):
    """Whoever had the administrator's session acts as a user: the administrator's way out ends that, too."""
    admin, user = administrator(stack), stack.user()
    answer = act_as(admin, user)
    end(stack, admin)
    assert refused(stack, answer["refresh_token"]) == "revoked"
    error = stack.error("passport.user.me", token=answer["access_token"])
    assert (error.word, error.reason) == ("unauthenticated", "revoked")
    assert user.rpc("passport.user.me")["id"] == user.id, "the user in person is not bothered"


@pytest.mark.parametrize("role", ["moderator", "admin"])
def test_nobody_acts_as_who_has_joined_the_staff(stack, role):
    user = stack.user()
    answer = act_as(stack.admin(), user)
    stack.admin().rpc("passport.user.grant_role", {"id": user.id, "role": role})
    assert refused(stack, answer["refresh_token"]) == "revoked"
    assert role in refresh(stack, user.refresh_token)["user"]["roles"]


def test_who_acts_changes_neither_password_nor_address(stack):
    """Not even with the right password, which would make an oracle of it."""
    user, token = stack.user(), None
    token = act_as(stack.admin(), user)["access_token"]
    for password in (PASSWORD, "not this one"):
        for method, params in (
            ("passport.password.change", {"current_password": password, "new_password": OTHER}),
            (
                "passport.user.update",
                {"version": 1, "email": "new@test.example", "current_password": password},
            ),
        ):
            error = stack.error(method, params, token)
            assert (error.word, error.reason) == ("forbidden", "impersonation"), method
    assert stack.rpc("passport.user.update", {"version": 1, "name": "Helped"}, token)["name"] == "Helped"


# --- the end of a session ---


def test_no_token_outlives_its_session(stack):
    user = stack.user()
    session = claims(user.token)["sid"]
    sql(stack, "UPDATE session SET expires_at = now() + interval '60 seconds' WHERE id = %s", session)
    answer = refresh(stack, user.refresh_token)
    said = claims(answer["access_token"])
    assert 55 <= answer["expires_in"] <= 60 and said["exp"] - said["iat"] == answer["expires_in"]


@pytest.mark.parametrize("column", ["expires_at", "idle_expires_at"])
def test_proving_again_does_not_prolong_a_session_that_is_over(stack, column):
    """The last access token is good for some minutes yet: it buys no other one, or a session would never end."""
    user = stack.user()
    sql(stack, f"UPDATE session SET {column} = now() WHERE id = %s", claims(user.token)["sid"])
    error = user.error("passport.auth.reauthenticate", {"password": PASSWORD})
    assert (error.word, error.reason) == ("unauthenticated", "revoked")


# --- letters ---


def test_a_late_letter_to_another_address_is_void_once_the_password_is_another(stack):
    """The thief asked for their own address; the letter waits (the mail server is down, say) while the owner chooses a
    new password, and is written only then."""
    user, thief = stack.user(), "late.thief@test.example"
    sql(
        stack,
        "CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.next_attempt_at = now() + interval '1 hour'; RETURN NEW; END $$",
    )
    sql(
        stack,
        "CREATE TRIGGER put_off BEFORE INSERT ON mail FOR EACH ROW WHEN (NEW.template = 'email_change') "
        "EXECUTE FUNCTION put_off()",
    )
    try:
        user.rpc("passport.user.update", {"version": 1, "email": thief, "current_password": PASSWORD})
        reset_password(stack, user)
        sql(stack, "UPDATE mail SET next_attempt_at = now() WHERE recipient = %s", thief)
        left = "SELECT count(*) FROM mail WHERE recipient = %s"
        wait_until(lambda: sql(stack, left, thief) == [(0,)], what="the late letter to be done with")
    finally:
        sql(stack, "DROP FUNCTION put_off CASCADE")
    assert stack.mailbox.letters(thief) == []


def test_a_letter_written_in_the_moment_of_the_change_is_void_too(stack):
    """Its token is made while the new password is being set, after the tokens under way were voided."""
    user, thief = stack.user(), "quick.thief@test.example"
    user.rpc("passport.user.update", {"version": 1, "email": thief, "current_password": PASSWORD})
    token = stack.mailbox.wait(thief, "email_change").token
    sql(stack, "UPDATE user_account SET password_changed_at = clock_timestamp() WHERE id = %s", user.id)
    error = stack.error("passport.user.verify_email", {"token": token, "password": PASSWORD})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "token")
    assert stack.login(user.email).id == user.id


def test_letters_go_to_the_address_that_was_proved_however_it_is_spelt(stack):
    """Providers that tell upper from lower case give JOE@ and joe@ to different people."""
    user = stack.user()
    stack.rpc("passport.password.request_reset", {"email": user.email.upper()})
    assert stack.mailbox.wait(user.email, "password_reset").recipients == [user.email]
    stack.rpc("passport.user.register", {"email": user.email.title(), "password": OTHER, "name": "Mallory"})
    assert stack.mailbox.wait(user.email, "already_registered").recipients == [user.email]
    assert not stack.mailbox.letters(user.email.upper()) and not stack.mailbox.letters(user.email.title())


def test_a_stranger_who_asks_without_end_does_not_keep_the_owner_from_asking(make_stack):
    """The owner has forgotten the password; somebody asks all day for letters that the owner has no use for."""
    limits = {"letter_limit": 2, "mailbox_limit": 4}
    stack = make_stack({"passport": limits}, names=("passport", "gateway"))
    user, fresh = stack.user(), "newcomer@test.example"
    register = {"email": fresh, "password": PASSWORD, "name": "Newcomer"}
    for stranger in ("127.0.0.71", "127.0.0.72", "127.0.0.73"):
        door = stack.gateway.seen_from(stranger)
        for _ in range(4):
            assert door.rpc("passport.password.request_reset", {"email": user.email})["status"]
        if stranger == "127.0.0.71":
            for _ in range(4):
                assert door.rpc("passport.user.register", register)["status"]
    wait_until(lambda: sql(stack, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert len(stack.mailbox.letters(user.email, "password_reset")) == 4, "a botnet has its limit"
    assert len(stack.mailbox.letters(fresh, "verify_email")) == 2
    stack.rpc("passport.password.request_reset", {"email": user.email})
    stack.rpc("passport.user.register", register)
    for address, template, number in ((user.email, "password_reset", 5), (fresh, "verify_email", 3)):
        wait_until(
            lambda a=address, t=template, n=number: len(stack.mailbox.letters(a, t)) == n, what="the owner's letter"
        )


def test_company_after_company_does_not_fill_a_mailbox(make_stack):
    stack = make_stack({"passport": {"letter_limit": 3}}, names=("passport", "gateway"))
    sender, target = stack.user("Spammer"), "target@test.example"
    made = []
    for number in range(6):
        company = sender.rpc("passport.company.create", {"name": f"Buy now {number}"})["id"]
        params = {"company_id": company, "email": target, "right": "staff"}
        made.append(sender.rpc("passport.invitation.create", params)["id"])
    wait_until(lambda: sql(stack, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert len(stack.mailbox.letters(target, "invitation")) == 3
    stack.register(target)
    waiting = stack.login(target).rpc("passport.invitation.list")["items"]
    assert {item["id"] for item in waiting} == set(made), "nothing is lost but the letter"


def test_lock_after_lock_does_not_fill_a_mailbox(make_stack):
    stack = make_stack({"passport": {"letter_limit": 2, "login_limit_account": 1}}, names=("passport", "gateway"))
    user, stranger = stack.user(), stack.gateway.seen_from("127.0.0.77")
    for _ in range(4):
        for _ in range(2):
            stranger.error("passport.auth.login", {"email": user.email, "password": "not this one"})
        sql(stack, "UPDATE throttle SET ends_at = now() WHERE name = 'login.account'")
    locked = "SELECT count(*) FROM audit_event WHERE action = 'auth.locked' AND user_id = %s"
    assert sql(stack, locked, user.id) == [(4,)]
    wait_until(lambda: sql(stack, "SELECT count(*) FROM mail") == [(0,)], what="the queue of letters to be empty")
    assert len(stack.mailbox.letters(user.email, "account_locked")) == 2


def test_the_letter_of_a_registration_says_from_where_it_was_asked_for(stack):
    """Of two letters, the stranger's and one's own, people can tell which is which: the stranger chose the password."""
    email, door = "victim@test.example", stack.gateway.seen_from("127.0.0.66")
    params = {"email": email, "password": OTHER, "name": "Mallory"}
    door.rpc("passport.user.register", params, extra={"User-Agent": "curl/8.5.0"})
    letter = stack.mailbox.wait(email, "verify_email")
    assert "From: 127.0.0.66\nWith: curl\n" in letter.text and "127.0.0.66<br>" in letter.html
    assert "register anew" in letter.text and "register anew" in letter.html


def test_a_user_does_not_learn_from_where_the_staff_acts(stack):
    user, admin = stack.user(), stack.admin()
    session = act_as(admin, user)["session_id"]
    shown = {item["id"]: item for item in user.rpc("passport.session.list")["items"]}
    assert len(shown) == 2
    acted, own = shown.pop(session), shown.popitem()[1]
    assert (acted["address"], acted["user_agent"], acted["device"]) == ("", "", "Unknown device")
    assert acted["act"] == {"sub": admin.id} and own["address"] == "127.0.0.1"
    seen = admin.rpc("passport.session.list", {"user_id": user.id})["items"]
    assert {item["address"] for item in seen} == {"127.0.0.1"}


# --- what is checked before a lock ---


def while_locked(stack, user, change, call):
    """What call() returns when the account, locked by another transaction, changes while the call waits for it."""
    with stack.cluster.connect(stack.databases["passport"]) as database, ThreadPoolExecutor(1) as pool:
        database.autocommit = False
        database.execute("SELECT FROM user_account WHERE id = %s FOR NO KEY UPDATE", (user.id,))
        answer = pool.submit(call)
        wait_until(lambda: sql(stack, WAITING)[0][0] > 0, what="the call to wait for the lock")
        database.execute(change, (user.id,))
        database.commit()
        return answer.result()


def test_a_second_factor_confirmed_while_the_password_is_hashed_is_asked_for(stack):
    user = stack.user()
    App(stack, user)
    sql(stack, "UPDATE totp SET confirmed_at = NULL WHERE user_id = %s", user.id)
    confirm = "UPDATE totp SET confirmed_at = now() WHERE user_id = %s"
    params = {"email": user.email, "password": PASSWORD}
    answer = while_locked(stack, user, confirm, lambda: stack.rpc("passport.auth.login", params))
    assert "second_factor" in answer and "access_token" not in answer
    sql(stack, "UPDATE totp SET confirmed_at = NULL WHERE user_id = %s", user.id)
    call = {"password": PASSWORD}
    error = while_locked(stack, user, confirm, lambda: user.error("passport.auth.reauthenticate", call))
    assert (error.word, error.reason) == ("forbidden", "second_factor")


def confirm_new_address(stack, user):
    token = stack.mailbox.wait(f"new.{user.email}", "email_change").token
    answer = {"token": token, "password": PASSWORD}
    return lambda: stack.gateway.answer("passport.user.verify_email", answer)


def reset(stack, user):
    token = stack.mailbox.wait(user.email, "password_reset").token
    return lambda: stack.gateway.answer("passport.password.reset", {"token": token, "new_password": OTHER})


def change(stack, user):
    params = {"current_password": PASSWORD, "new_password": OTHER}
    return lambda: stack.gateway.answer("passport.password.change", params, user.token)


def erase(stack, user):
    return lambda: stack.gateway.answer("passport.user.erase", {"password": PASSWORD}, user.token)


@pytest.mark.parametrize(("first", "second"), [(reset, confirm_new_address), (change, erase)])
def test_who_takes_letters_of_an_account_at_once_waits_in_no_circle(stack, first, second):
    user = stack.user()
    new = {"version": 1, "email": f"new.{user.email}", "current_password": PASSWORD}
    user.rpc("passport.user.update", new)
    stack.rpc("passport.password.request_reset", {"email": user.email})
    calls = [make(stack, user) for make in (first, second)]
    wait_until(lambda: sql(stack, TOKENS, user.id) == [(2,)], what="both letters")
    with stack.cluster.connect(stack.databases["passport"]) as database, ThreadPoolExecutor(2) as pool:
        database.autocommit = False
        held = "SELECT FROM one_time_token WHERE purpose = 'password_reset' AND subject = %s FOR UPDATE"
        database.execute(held, (user.id,))
        answers = []
        for number, call in enumerate(calls, 1):
            answers.append(pool.submit(call))
            wait_until(lambda n=number: sql(stack, WAITING) == [(n,)], what="the call to wait for a lock")
        database.commit()
        won, lost = (answer.result() for answer in answers)
    assert "result" in won and lost["error"]["data"]["code"] in ("precondition_failed", "unauthenticated", "forbidden")
    assert sql(stack, TOKENS, user.id) == [(0,)]


def test_who_is_suspended_while_a_new_address_is_confirmed_keeps_the_old_one(stack):
    user = stack.user()
    params = {"version": 1, "email": f"new.{user.email}", "current_password": PASSWORD}
    user.rpc("passport.user.update", params)
    suspend = "UPDATE user_account SET state = 'suspended' WHERE id = %s"
    answer = while_locked(stack, user, suspend, confirm_new_address(stack, user))
    assert answer["error"]["data"]["rule"] == "token"
    assert sql(stack, "SELECT email FROM user_account WHERE id = %s", user.id) == [(user.email,)]


# --- throttles ---


def test_a_login_that_was_put_off_for_load_counts_against_nobody(stack):
    """Who comes back as told would otherwise be locked out, by the load that a stranger makes."""

    def batch(letter):
        emails = [f"{letter}{number}@load.example" for number in range(10)]
        call = {"jsonrpc": "2.0", "method": "passport.auth.login"}
        calls = [
            call | {"id": number, "params": {"email": email, "password": "not this one"}}
            for number, email in enumerate(emails)
        ]
        return [(emails[answer["id"]], answer["error"]["data"]["code"]) for answer in stack.gateway.post(calls).json()]

    with ThreadPoolExecutor(26) as pool:
        answers = [answer for answers in pool.map(batch, string.ascii_lowercase) for answer in answers]
    put_off = [email for email, word in answers if word == "overloaded"]
    assert put_off and len(put_off) < len(answers), "some of each"
    tries = (
        "SELECT DISTINCT t.tries FROM throttle t JOIN unnest(%s::text[]) e ON t.key = sha256(convert_to(e, 'UTF8')) "
        "WHERE t.name = 'login.account'"
    )
    assert sql(stack, tries, put_off) == [(0,)]
    assert sql(stack, tries, [email for email, word in answers if word == "unauthenticated"]) == [(1,)]


def old_hash(password):
    """What a release with other parameters kept."""
    text, secret, salt = ctypes.create_string_buffer(200), password.encode(), b"saltsaltsaltsalt"
    hash_it = ctypes.CDLL("libargon2.so.1").argon2id_hash_encoded
    assert hash_it(1, 64, 1, secret, len(secret), salt, len(salt), ctypes.c_size_t(32), text, len(text)) == 0
    return text.value.decode()


def test_a_right_password_whose_new_hash_was_put_off_counts_against_nobody(make_stack):
    stack = make_stack({"passport": {"offload_threads": 1, "offload_queue": 1}}, names=("passport", "gateway"))
    emails, outcomes, done = [f"old{number}@load.example" for number in range(1000)], [], threading.Event()
    sql(
        stack,
        "INSERT INTO user_account (id, email, email_folded, password_hash, name) "
        "SELECT gen_random_uuid(), e, e, %s, 'Old' FROM unnest(%s::text[]) e",
        old_hash(PASSWORD),
        emails,
    )

    def login(email):
        return stack.gateway.answer("passport.auth.login", {"email": email, "password": PASSWORD}).get("error")

    def press():
        while not done.is_set():
            login("nobody@load.example")

    with ThreadPoolExecutor(3) as pool:
        pressing = [pool.submit(press) for _ in range(3)]
        outcomes = [login(email) for email in emails]
        done.set()
    assert all(one.result() is None for one in pressing)
    assert {error["data"]["code"] for error in outcomes if error} == {"overloaded"} and None in outcomes, "some of each"
    tries = (
        "SELECT count(*) FROM throttle t JOIN unnest(%s::text[]) e ON t.key = sha256(convert_to(e, 'UTF8')) "
        "WHERE t.name = 'login.account' AND t.tries > 0"
    )
    assert sql(stack, tries, emails) == [(0,)]


# --- what a client says of itself ---


@pytest.mark.parametrize("agent", [b"\xff\xfe\x80", b"Mozilla/5.0 \xc3", "\u00e4".encode() * 300])
@pytest.mark.parametrize("daemon", ["gateway", "passport"])
def test_a_client_with_a_broken_name_is_served(stack, daemon, agent):
    user = stack.user()
    params = {"email": user.email, "password": PASSWORD}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "passport.auth.login", "params": params}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", stack.ports[daemon][0], timeout=30)
    headers = {"Content-Type": "application/json", "User-Agent": agent.decode("latin-1")}
    connection.request("POST", "/rpc", body, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer.get("result", {}).get("access_token"), answer
