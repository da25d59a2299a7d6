"""Revocation reaches access tokens already issued: at both replicas of passport, at every daemon and the gateway."""

import json
import re
import time
import uuid

import pytest
from ports import free_port
from process import Daemon
from rpc import headers, session
from stack import NAMES, program
from waiting import wait_until

pytestmark = pytest.mark.asan

PUSHED = 2.0  # seconds in which a revocation reaches everybody while daemons are connected (docs/identity.md)
POLLED = 15.0  # when the push is broken
# A method of each daemon that wants a user, at its own door; a void token is refused before anything else is looked at.
DOORS = {
    "passport": "passport.user.me",
    "events": "events.listing.mine",
    "rating": "rating.review.create",
    "gateway": "passport.user.me",
}
REVOKE_SUBJECT = """
WITH u AS (UPDATE user_account SET token_epoch = token_epoch + 1 WHERE id = %s RETURNING id, token_epoch),
n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value)
INSERT INTO revocation (seq, kind, id, epoch) SELECT n.value, 'subject', u.id::text, u.token_epoch FROM n, u
"""
REVOKE_MANY = """
WITH n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value)
INSERT INTO revocation (seq, kind, id) SELECT n.value, 'session', gen_random_uuid()::text FROM n, generate_series(1, %s)
"""


def refusal(daemon, token, method=None):
    """The reason of unauthenticated, or None when the token was accepted."""
    before = refused_by_gateway(daemon)
    if daemon.name == "images" and not method:  # no method of it wants a user, but uploading does
        answer = session().post(f"{daemon.base}/images", headers=headers(token), data=b"", timeout=30).json()
    else:
        answer = daemon.answer(method or DOORS[daemon.name], {}, token)
    data = answer.get("error", {}).get("data", {})
    if data.get("code") != "unauthenticated" or (daemon.name == "gateway" and refused_by_gateway(daemon) == before):
        return None
    return data["reason"]


def refused_by_gateway(daemon):
    """How many calls the gateway refused itself, rather than the daemon behind it."""
    return metric(daemon, r'eventloop_gateway_calls_total\{daemon="none",code="unauthenticated"\}')


def refused_after(daemons, token, since, bound):
    """Waits until each of the daemons refuses the token; the seconds it took them, printed."""
    taken = {}
    while len(taken) < len(daemons):
        for name, daemon in daemons.items():
            if name not in taken and refusal(daemon, token) == "revoked":
                taken[name] = time.monotonic() - since
        assert time.monotonic() - since < bound + 5, f"only {taken} refuse the token"
    print("refused after", ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in taken.items()))
    assert max(taken.values()) < bound
    return taken


def metric(daemon, name):
    match = re.search(rf"^{name} (\S+)$", daemon.get("/metrics").text, re.MULTILINE)
    return float(match.group(1)) if match else None


@pytest.fixture
def replicas(fresh_stack):
    """(the stack, all of its processes by name): events and the gateway know only the second passport, `other`.

    These have several threads: what one of them hears, the others must know.
    """
    stack = fresh_stack
    folder = stack.folder / "other"
    folder.mkdir()
    ports = {"port": free_port(), "link_port": free_port()}
    other = Daemon("passport", program("passport"), folder, stack["passport"].settings | ports | {"workers": 3})
    other.start()
    for name in ("events", "gateway"):
        stack[name].write_settings(
            workers=2, passport_link=f"127.0.0.1:{ports['link_port']}", passport_url=f"http://127.0.0.1:{ports['port']}"
        )
        stack[name].restart()
    wait_until(stack.is_connected, what="the gateway to know all daemons")
    yield stack, stack.daemons | {"other": other}
    assert other.process.poll() is not None or other.stop() == 0
    assert not other.findings()


def accepted_by_all(daemons, token):
    return {name: refusal(daemon, token) for name, daemon in daemons.items()} == dict.fromkeys(daemons)


def test_logout_at_one_replica_reaches_everybody(replicas):
    stack, daemons = replicas
    user, neighbour = stack.user(), stack.user()
    again = stack.login(user.email)
    assert accepted_by_all(daemons, user.token)
    stack["passport"].rpc("passport.auth.logout", {}, user.token)
    since = time.monotonic()
    assert refusal(stack["passport"], user.token) == "revoked"  # in the very next call
    refused_after(daemons, user.token, since, PUSHED)
    assert accepted_by_all(daemons, neighbour.token)
    assert accepted_by_all(daemons, again.token)  # another session of the same user
    daemons["other"].rpc("passport.auth.logout", {}, neighbour.token)
    assert refusal(daemons["other"], neighbour.token) == "revoked"
    refused_after(daemons, neighbour.token, time.monotonic(), PUSHED)


def test_an_epoch_reaches_everybody_without_a_notification(replicas):
    stack, daemons = replicas
    user, neighbour = stack.user(), stack.user()
    assert accepted_by_all(daemons, user.token)
    with stack.database("passport") as connection:
        connection.execute(REVOKE_SUBJECT, (user.id,))
    refused_after(daemons, user.token, time.monotonic(), PUSHED)
    assert accepted_by_all(daemons, neighbour.token)


def test_a_role_taken_counts_everywhere_and_the_session_lives_on(replicas):
    stack, daemons = replicas
    user, admin = stack.user(), stack.admin()
    admin.rpc("passport.user.grant_role", {"id": user.id, "role": "moderator"})
    refused_after(daemons, user.token, time.monotonic(), PUSHED)
    fresh = stack["passport"].rpc("passport.auth.refresh", {"refresh_token": user.refresh_token})
    assert accepted_by_all(daemons, fresh["access_token"])
    admin.rpc("passport.user.revoke_role", {"id": user.id, "role": "moderator"})
    refused_after(daemons, fresh["access_token"], time.monotonic(), PUSHED)
    again = daemons["other"].rpc("passport.auth.refresh", {"refresh_token": fresh["refresh_token"]})
    assert accepted_by_all(daemons, again["access_token"])
    assert accepted_by_all(daemons, admin.token)


def test_logs_say_who_acts_for_whom(stack):
    user, admin = stack.user(), stack.admin()
    tokens = admin.rpc("passport.auth.impersonate", {"user_id": user.id, "reason": "they cannot find their booking"})
    stack.rpc("events.listing.mine", {}, tokens["access_token"])
    for name in ("events", "gateway"):
        lines = [json.loads(line) for line in stack[name].log_text().splitlines() if "events.listing.mine" in line]
        assert [(line["user"], line["actor"]) for line in lines] == [(user.id, admin.id)], name


def test_what_was_missed_is_heard_of_when_passport_is_back(replicas):
    stack, daemons = replicas
    user = stack.user()
    assert accepted_by_all(daemons, user.token)
    daemons["other"].kill()  # with it go the questions of events and the gateway
    stack["passport"].rpc("passport.auth.logout", {}, user.token)
    connected = {name: daemon for name, daemon in daemons.items() if name in ("passport", "rating", "images")}
    refused_after(connected, user.token, time.monotonic(), PUSHED)
    cut_off = {name: daemons[name] for name in ("events", "gateway")}
    assert accepted_by_all(cut_off, user.token)
    wait_until(lambda: "cannot be heard of" in stack["events"].log_text(), what="events to notice")
    daemons["other"].start(wait=False)
    refused_after(cut_off, user.token, time.monotonic(), POLLED)
    wait_until(lambda: "heard of again" in stack["events"].log_text(), what="events to say so")


def test_a_database_that_was_away_changes_nothing(drill_stack):
    stack = drill_stack
    user, late = stack.user(), stack.user()
    user.rpc("passport.auth.logout")
    refused_after(stack.daemons, user.token, time.monotonic(), PUSHED)
    stack.cluster.kill()
    refused_after(stack.daemons, user.token, time.monotonic(), PUSHED)  # what is known stays known
    assert refusal(stack["events"], late.token) is None
    stack.cluster.start()
    wait_until(lambda: late.rpc("passport.auth.logout"), 30, "passport to write again")
    assert refusal(stack["passport"], late.token) == "revoked"
    refused_after(stack.daemons, late.token, time.monotonic(), POLLED)


def test_a_new_process_knows_what_was_revoked_before(fresh_stack):
    user = fresh_stack.user()
    user.rpc("passport.auth.logout")
    for name in NAMES:
        fresh_stack[name].restart()
        refused_after({name: fresh_stack[name]}, user.token, time.monotonic(), PUSHED)


def test_a_stop_waits_for_no_long_poll(fresh_stack):
    passport = fresh_stack["passport"]
    token = fresh_stack.service_token("events")
    seq = passport.rpc("passport.revocation.watch", {}, token)["seq"]
    since = time.monotonic()
    assert passport.rpc("passport.revocation.watch", {"after": seq}, token)["revocations"] == []
    waited = time.monotonic() - since
    assert 5 < waited < 11  # so the polls of the four daemons are under way now, too
    since = time.monotonic()
    assert passport.stop() == 0
    assert time.monotonic() - since < 3
    assert "the grace is over" not in passport.log_text()
    passport.start()


def test_pages_tear_nothing_apart(fresh_stack):
    passport, token = fresh_stack["passport"], fresh_stack.service_token("rating")
    with fresh_stack.database("passport") as connection:
        for count in (3, 2, 2500):
            connection.execute(REVOKE_MANY, (count,))
    first = passport.rpc("passport.revocation.watch", {"limit": 1}, token)
    assert (len(first["revocations"]), first["more"]) == (3, True)
    second = passport.rpc("passport.revocation.watch", {"limit": 2, "after": first["seq"]}, token)
    assert (len(second["revocations"]), second["more"]) == (2, True)
    third = passport.rpc("passport.revocation.watch", {"after": second["seq"]}, token)
    assert (len(third["revocations"]), third["more"]) == (2500, False)
    everything = passport.rpc("passport.revocation.watch", {"limit": 5000, "after": third["seq"] + 1000}, token)
    assert (len(everything["revocations"]), everything["seq"]) == (2505, third["seq"])
    for name in NAMES:
        daemon = fresh_stack[name]
        wait_until(lambda d=daemon: metric(d, "eventloop_revocation_entries") == 2505, what=f"all of them at {name}")
        assert metric(daemon, "eventloop_revocation_age_seconds") < POLLED
    text = passport.get("/metrics").text
    assert 'method="passport.revocation.watch"' in text  # it is counted, but how long it waited says nothing
    assert not re.search(r'duration\w*\{[^}]*method="passport.revocation.watch"', text)


def test_old_revocations_are_no_longer_told(fresh_stack):
    passport, token = fresh_stack["passport"], fresh_stack.service_token("rating")
    with fresh_stack.database("passport") as connection:
        connection.execute(REVOKE_MANY, (2,))
        connection.execute("UPDATE revocation SET created_at = now() - interval '62 minutes'")
        connection.execute(REVOKE_MANY, (1,))
    answer = passport.rpc("passport.revocation.watch", {}, token)
    assert (len(answer["revocations"]), answer["more"]) == (1, False)


def test_the_watch_is_for_daemons(stack):
    user = stack.user()
    assert stack["passport"].error("passport.revocation.watch", {}, user.token).word == "forbidden"
    assert stack["passport"].error("passport.revocation.watch").word == "unauthenticated"
    assert stack.error("passport.revocation.watch", {}, stack.service_token()).word == "method_not_found"
    bad = stack["passport"].error("passport.revocation.watch", {"after": -1}, stack.service_token())
    assert bad.data["fields"][0]["path"] == "/params/after"


def test_a_token_of_a_session_that_never_was(stack):
    """An entry concerns the session it names, nobody else."""
    user = stack.user()
    with stack.database("passport") as connection:
        statement = (
            "WITH n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value) "
            "INSERT INTO revocation (seq, kind, id) SELECT n.value, 'session', %s FROM n"
        )
        connection.execute(statement, (str(uuid.uuid4()),))
        connection.execute(statement, (user.id,))  # a session of that id, not the user
    wait_until(lambda: metric(stack["events"], "eventloop_revocation_entries") >= 2, what="events to hear")
    assert refusal(stack["events"], user.token) is None
