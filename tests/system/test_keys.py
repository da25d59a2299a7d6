"""Signing keys and the master key: rotations that nobody notices, and the one that everybody is to notice."""

import base64
import hmac
import itertools
import json
import secrets
import signal
import struct
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import loglines
import pytest
from callers import Callers
from ports import free_port
from process import Daemon
from rpc import RpcError
from sessions import sql
from stack import PASSWORD
from waiting import wait_until

# Minutes in real life.
SHORT = {"key_publish_delay": "3s", "key_reload_interval": "1s", "token_lifetime": "10s"}
EVERYWHERE = {"token_keys_refetch": "1s"}
LEAVES = 10 + 30 + 1  # lifetime, skew, reload interval
ADMIN = "admin@test.example"


def header(token):
    text = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def published(daemon):
    """The kids of the key set."""
    return [key["kid"] for key in daemon.get("/.well-known/jwks.json").json()["keys"]]


def admin(stack):
    """The administrator, logged in just now."""
    stack.admin()
    return stack.login(ADMIN)


def stages(stack):
    return {key["kid"]: key["state"] for key in admin(stack).rpc("passport.key.list")["items"]}


class Load(Callers):
    """Users who call with tokens, refresh and log in."""

    def __init__(self, stack, users=6):
        self.stack = stack
        self.done, self.kids = Counter(), Counter()
        super().__init__([partial(self._step, stack.user()) for _ in range(users)], pause=0.03)

    def _step(self, user, number):
        for method in ("passport.user.me", "events.listing.mine"):
            self.stack.rpc(method, {}, user.token)
            self.done[method] += 1
        if number % 10 == 9:
            tokens = self.stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
            user.token, user.refresh_token = tokens["access_token"], tokens["refresh_token"]
            self.done["refresh"] += 1
        if number % 100 == 50:
            fresh = self.stack.login(user.email)
            user.token, user.refresh_token = fresh.token, fresh.refresh_token
            self.done["login"] += 1
        self.kids[header(user.token)["kid"]] += 1


def test_rotation_is_not_noticed_by_anybody(make_stack):
    stack = make_stack({"passport": SHORT, "*": EVERYWHERE})
    old = admin(stack)  # with a token of the first key, to be used until it expires
    first = header(old.token)
    with Load(stack) as load:
        new = admin(stack).rpc("passport.key.rotate", {"algorithm": "RS256"})
        assert (new["state"], new["algorithm"]) == ("published", "RS256")
        # Published, and not used yet.
        assert set(published(stack["passport"])) == {first["kid"], new["kid"]}
        assert header(admin(stack).token)["kid"] == first["kid"]
        error = admin(stack).error("passport.key.rotate")
        assert (error.word, error.reason) == ("conflict", "rotation_under_way")
        wait_until(lambda: header(admin(stack).token) == {"alg": "RS256", "typ": "at+jwt", "kid": new["kid"]})
        changed = time.monotonic()
        assert stages(stack) == {first["kid"]: "retired", new["kid"]: "signing"}
        back = admin(stack).rpc("passport.key.rotate", {"algorithm": "ES256"})
        wait_until(lambda: header(admin(stack).token)["kid"] == back["kid"])
        wait_until(lambda: load.kids[back["kid"]] > 50, what="load under the third key")
        assert accepted(stack["passport"], "passport.user.me", old.token)
        assert accepted(stack["events"], "events.listing.mine", old.token)
    print(f"calls: {dict(load.done)}; by key: {list(load.kids.values())}")
    assert load.failures == []
    assert len(load.kids) == 3 and min(load.done["refresh"], load.done["login"]) > 0
    left = wait_until(
        lambda: first["kid"] not in published(stack["passport"]) and time.monotonic() - changed,
        LEAVES + 10,
        "the first key to leave the key set",
    )
    print(f"the first key left the key set {left:.1f} s after it was retired")
    assert stack["events"].error("events.listing.mine", {}, old.token).word == "unauthenticated"
    assert left > LEAVES - 2
    with stack.database("passport") as database:
        rows = database.execute("SELECT actor_kind, actor FROM audit_event WHERE action = 'key.rotated'").fetchall()
        assert rows == [("user", old.id)] * 2
        # The private half of a key that signs no more is gone.
        left_over = "SELECT count(*) FROM signing_key WHERE state = 'retired' AND private_sealed IS NOT NULL"
        assert database.execute(left_over).fetchone() == (0,)


def test_a_key_grows_old_by_itself(make_stack):
    stack = make_stack({"passport": SHORT | {"key_rotation": "2s", "key_publish_delay": "1s"}}, ("passport",))
    (first,) = published(stack["passport"])
    wait_until(lambda: len(published(stack["passport"])) >= 3, what="two rotations")
    with stack.database("passport") as database:
        states = database.execute("SELECT state FROM signing_key WHERE kid = %s", (first,)).fetchone()
        assert states == ("retired",)
        event = "SELECT actor_kind, details ->> 'state' FROM audit_event WHERE action = 'key.rotated' LIMIT 1"
        assert database.execute(event).fetchone() == ("system", "published")
        # What began by itself ends by itself: there is a bound on what others must fetch.
        wait_until(lambda: len(published(stack["passport"])) == 8, 40, "as many keys as there may be")
        time_of_last = database.execute("SELECT max(created_at) FROM signing_key").fetchone()
        wait_until(lambda: database.execute("SELECT now() > %s + interval '4 s'", time_of_last).fetchone()[0])
        assert len(published(stack["passport"])) <= 8


def replica(stack):
    """A second passport on the same database."""
    passport = stack["passport"]
    settings = passport.settings | {"port": free_port(), "link_port": free_port()}
    folder = Path(passport.config).parent / "replica"
    folder.mkdir()
    return Daemon("passport", passport.program, folder, settings)


def accepted(daemon, method, token):
    try:
        daemon.rpc(method, {}, token)
    except RpcError as error:
        assert error.word == "unauthenticated", error
        return False
    return True


def test_an_emergency_voids_every_token(fresh_stack):
    stack, other = fresh_stack, replica(fresh_stack)
    other.start()
    try:
        user = stack.user()
        assert accepted(stack["events"], "events.listing.mine", user.token)
        new = admin(stack).rpc("passport.key.rotate", {"immediate": True})
        assert new["state"] == "signing" and published(stack["passport"]) == [new["kid"]]
        # The other replica is told, long before it would look by itself.
        wait_until(lambda: published(other) == [new["kid"]], 5, "the other replica's key set")
        assert not accepted(stack["passport"], "passport.user.me", user.token)
        assert not accepted(other, "passport.user.me", user.token)
        # The session lives on, and its new token is what makes the others fetch the new keys.
        refreshed = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})["access_token"]
        assert header(refreshed)["kid"] == new["kid"]
        started = time.monotonic()
        wait_until(lambda: accepted(stack["events"], "events.listing.mine", refreshed), 20)
        assert not accepted(stack["events"], "events.listing.mine", user.token)
        print(f"events refused the old key's tokens {time.monotonic() - started:.1f} s after it met the new one")
    finally:
        assert other.stop() == 0


def test_who_may_rotate(stack):
    user = stack.user()
    for method in ("passport.key.list", "passport.key.rotate"):
        assert stack.error(method).word == "unauthenticated"
        assert user.error(method).word == "forbidden"
    error = admin(stack).error("passport.key.rotate", {"algorithm": "HS256"})
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [("/params/algorithm", "enum")]
    (key,) = admin(stack).rpc("passport.key.list")["items"]
    assert key["state"] == "signing" and "private" not in json.dumps(key)
    first = admin(stack).rpc("passport.key.rotate", {"idempotency_key": "autumn"})
    assert admin(stack).rpc("passport.key.rotate", {"idempotency_key": "autumn"}) == first


# --- the master key ---


def fresh_master_key():
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


class Balancer:
    """Calls one of several replicas, as a load balancer does: another one when the first is not there."""

    def __init__(self, replicas):
        self.replicas = replicas
        self.turn = itertools.count()

    def rpc(self, method, params, token=None):
        last = None
        for _ in range(40):
            daemon = self.replicas[next(self.turn) % len(self.replicas)]
            try:
                return daemon.rpc(method, params, token)
            except (OSError, ValueError) as error:  # not listening, or ended in the middle
                last = error
            except RpcError as error:
                if error.word != "unavailable":
                    raise
                last = error
            time.sleep(0.05)
        raise AssertionError(f"{method}: no replica answered") from last


def roll(replicas, done, **settings):
    """Restarts one after the other with the settings; sessions go on meanwhile and between."""
    for daemon in replicas:
        daemon.write_settings(**settings)
        daemon.restart()
        seen = done["refresh"]
        wait_until(lambda: done["refresh"] > seen + 10, what="sessions to go on")  # noqa: B023 -- asked at once


def app_code(secret, ahead=0):
    """The code of an authenticator app (RFC 6238), `ahead` steps from now."""
    step = int(time.time()) // 30 + ahead
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    (number,) = struct.unpack(">I", digest[digest[-1] & 15 :][:4])
    return f"{(number & 0x7FFFFFFF) % 1000000:06}"


def test_the_master_key_is_changed_while_replicas_run(make_stack):
    stack = make_stack(names=("passport", "gateway"))
    user, careful = stack.user(), stack.user("Careful")
    app = careful.rpc("passport.totp.enroll")["secret"]
    careful.rpc("passport.totp.confirm", {"code": app_code(app)})
    replicas = [stack["passport"], replica(stack)]
    replicas[1].start()
    doors, done = Balancer(replicas), Counter()

    def live(_):
        token, refresh = user.token, user.refresh_token
        doors.rpc("passport.user.me", {}, token)
        tokens = doors.rpc("passport.auth.refresh", {"refresh_token": refresh})
        # The same token again, wherever: within the grace window it is answered alike.
        again = doors.rpc("passport.auth.refresh", {"refresh_token": refresh})
        assert again["refresh_token"] == tokens["refresh_token"]
        user.token, user.refresh_token = tokens["access_token"], tokens["refresh_token"]
        done["refresh"] += 1
        if done["refresh"] % 20 == 0:
            doors.rpc("passport.auth.login", {"email": user.email, "password": PASSWORD})
            done["login"] += 1

    old, new = stack.master_key, fresh_master_key()
    try:
        with Callers([live], pause=0.02) as callers:
            roll(replicas, done, master_key_previous=new)  # everybody can open what the new key sealed
            roll(replicas, done, master_key=new, master_key_previous=old)
            assert resealed(replicas[0].command("master-key", "reseal")) == [("signing_key", 1), ("totp", 1)]
            roll(replicas, done, master_key_previous=None)
    finally:
        status = replicas[1].stop()
    print(dict(done))
    assert callers.failures == [] and status == 0
    assert done["refresh"] > 50 and done["login"] > 0
    asked = stack.rpc("passport.auth.login", {"email": careful.email, "password": PASSWORD})["second_factor"]
    answer = {"challenge": asked["challenge"], "code": app_code(app, ahead=1)}
    assert stack.rpc("passport.auth.second_factor", answer)["user"]["id"] == careful.id
    # The old key opens nothing any more, and whoever comes with it is told so.
    replicas[1].write_settings(master_key=old)
    result = replicas[1].command("master-key", "reseal", check=False)
    assert result.returncode != 0 and "another master key" in result.stdout + result.stderr


PAGE = 500  # rows that are sealed anew in one transaction
APPS = 2 * PAGE + 200


@pytest.fixture
def many_apps(make_stack):
    """A stack whose master key has just been changed, with several pages of authenticator apps sealed under the old."""
    stack = make_stack(names=("passport", "gateway"))
    stack.user().rpc("passport.totp.enroll")
    sql(
        stack,
        "INSERT INTO user_account (id, email, email_folded, password_hash, name) "
        "SELECT gen_random_uuid(), n || '@apps.example', n || '@apps.example', '', 'App' FROM generate_series(2, %s) n",
        APPS,
    )
    sql(
        stack,
        "INSERT INTO totp (user_id, secret_sealed) SELECT u.id, t.secret_sealed FROM user_account u, totp t "
        "WHERE u.email LIKE '%%@apps.example'",
    )
    assert sql(stack, "SELECT count(*) FROM totp") == [(APPS,)]
    stack["passport"].write_settings(master_key=fresh_master_key(), master_key_previous=stack.master_key)
    return stack


def sealed_anew(stack):
    """How many apps are: the sealed bytes of all were the same, and no two seals are alike."""
    return sql(stack, "SELECT count(*) FROM (SELECT FROM totp GROUP BY secret_sealed HAVING count(*) = 1) fresh")[0][0]


def reseal(stack, check=True):
    return stack["passport"].command("master-key", "reseal", check=check)


def resealed(result):
    """What a run said that it did: (table, rows) in order."""
    return [(event["table"], event["count"]) for event in loglines.events(result.stderr, "sealed anew")]


def assert_sealed_anew(stack, result):
    """The run did all, and the new key alone opens all."""
    assert resealed(result) == [("signing_key", 1), ("totp", APPS)], result.stderr
    assert sealed_anew(stack) == APPS
    stack["passport"].write_settings(master_key_previous=None)
    assert resealed(reseal(stack)) == resealed(result)


def app_of(database, place):
    """The user whose app is at this place, from 0, in the order in which they are sealed anew; locked."""
    nth = "SELECT user_id FROM totp ORDER BY user_id OFFSET %s LIMIT 1"
    return database.execute(f"SELECT user_id FROM totp WHERE user_id = ({nth}) FOR UPDATE", (place,)).fetchone()[0]


def test_apps_are_sealed_anew_page_by_page_and_an_interruption_does_no_harm(many_apps):
    stack, passport = many_apps, many_apps["passport"]
    command = [str(passport.program), "master-key", "reseal", "--config", str(passport.config)]
    with stack.database("passport") as holder, holder.transaction():
        app_of(holder, PAGE + 10)
        run = subprocess.Popen(command)
        try:
            wait_until(lambda: sealed_anew(stack) > 0, what="the first page")
            assert sealed_anew(stack) == PAGE, "the second waits for the row that is held"
            with stack.database("passport") as other, other.transaction():
                other.execute("SET LOCAL lock_timeout = '5s'")
                app_of(other, 0)  # nobody holds the first page any more
        finally:
            run.kill()
        assert run.wait(30) == -signal.SIGKILL
    assert sealed_anew(stack) == PAGE
    assert_sealed_anew(stack, reseal(stack))


def test_two_that_seal_anew_at_once_do_not_meet(many_apps):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(reseal, [many_apps, many_apps])
    assert resealed(first) == resealed(second)
    assert_sealed_anew(many_apps, first)


def test_a_value_that_no_key_opens_is_named_and_nothing_is_lost(many_apps):
    stack = many_apps
    with stack.database("passport") as database, database.transaction():
        broken = app_of(database, PAGE + 10)
        whole = database.execute("SELECT secret_sealed FROM totp WHERE user_id = %s", (broken,)).fetchone()[0]
    change = "UPDATE totp SET secret_sealed = %s WHERE user_id = %s"
    sql(stack, change, b"x" * len(whole), broken)
    result = reseal(stack, check=False)
    assert result.returncode == 1 and f"totp: {broken}: cannot open" in result.stderr
    assert resealed(result) == [("signing_key", 1), ("totp", PAGE)]
    sql(stack, change, whole, broken)
    assert_sealed_anew(stack, reseal(stack))


def test_a_successor_given_away_under_the_old_master_key_is_answered_again(make_stack):
    stack = make_stack(names=("passport", "gateway"))
    user, passport = stack.user(), stack["passport"]
    first = stack.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})["refresh_token"]
    passport.write_settings(master_key=fresh_master_key(), master_key_previous=stack.master_key)
    passport.restart()
    again = passport.rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})["refresh_token"]
    assert again == first
    assert passport.rpc("passport.auth.refresh", {"refresh_token": first})["refresh_token"] != first


def test_a_bad_master_key_stops_the_start(stack):
    passport = stack["passport"]
    other = Daemon(
        "passport", passport.program, stack.folder, passport.settings | {"master_key_previous": "x" * 42 + "!"}
    )
    result = other.command("master-key", "reseal", check=False)
    passport.write_settings()
    assert result.returncode != 0
    assert "master_key_previous is not 32 bytes of base64url" in result.stdout + result.stderr
