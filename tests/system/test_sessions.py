"""Sessions: what people see of them, how they are renewed, how they end, and who else may be in one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from integration import claims, exchange, make_key
from sessions import NOBODY, impersonate, refresh, refused, sql, stale
from stack import PASSWORD
from waiting import wait_until

pytestmark = pytest.mark.asan
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"


def age_used(stack, session, seconds=11):
    """As if the grace window of the session's used refresh tokens had passed."""
    statement = "UPDATE refresh_token SET used_at = used_at - %s * interval '1 second' WHERE session_id = %s"
    sql(stack, statement, seconds, session)


def test_people_recognise_their_sessions(stack):
    user = stack.user()
    params = {"email": user.email, "password": PASSWORD}
    door = stack.gateway.seen_from("127.0.0.9")
    browser = door.rpc("passport.auth.login", params, extra={"User-Agent": FIREFOX})
    items = user.rpc("passport.session.list")["items"]
    assert [item["id"] for item in items] == [browser["session_id"], claims(user.token)["sid"]]
    assert items[0]["device"] == "Firefox on Windows" and items[0]["user_agent"] == FIREFOX
    assert items[0]["address"] == "127.0.0.9" and items[1]["address"] == "127.0.0.1"
    assert [item["current"] for item in items] == [False, True]
    assert items[0]["methods"] == ["pwd"] and "act" not in items[0]
    assert items[0]["started_at"] <= items[0]["last_seen_at"] < items[0]["expires_at"]


def test_the_list_comes_in_pages(stack):
    user = stack.user()
    made = [claims(user.token)["sid"], *(claims(stack.login(user.email).token)["sid"] for _ in range(4))]
    seen, cursor = [], None
    while True:
        page = user.rpc("passport.session.list", {"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    other = stack.user()
    first = user.rpc("passport.session.list", {"limit": 1})["next_cursor"]
    assert other.error("passport.session.list", {"cursor": first}).word == "invalid_params"


def test_sessions_that_are_over_are_not_shown(stack):
    user = stack.user()
    ended, idle, old = (stack.login(user.email) for _ in range(3))
    ended.rpc("passport.auth.logout")
    sql(stack, "UPDATE session SET idle_expires_at = now() WHERE id = %s", claims(idle.token)["sid"])
    sql(stack, "UPDATE session SET expires_at = now() WHERE id = %s", claims(old.token)["sid"])
    assert [item["id"] for item in user.rpc("passport.session.list")["items"]] == [claims(user.token)["sid"]]


def test_one_session_is_ended_and_its_tokens_everywhere(stack):
    user = stack.user()
    lost = stack.login(user.email)
    session = claims(lost.token)["sid"]
    lost.rpc("events.booking.list")
    assert user.rpc("passport.session.revoke", {"id": session})["ended"] == 1
    assert lost.error("passport.user.me").reason == "revoked"
    assert refused(stack, lost.refresh_token) == "revoked"
    wait_until(lambda: lost.error("events.booking.list").reason == "revoked", what="events refuses the token")
    assert user.error("passport.session.revoke", {"id": session}).word == "not_found"
    assert user.rpc("passport.user.me")["id"] == user.id


def test_a_session_of_somebody_else_is_not_found(stack):
    user, other = stack.user(), stack.user()
    for session in (claims(other.token)["sid"], NOBODY):
        assert user.error("passport.session.revoke", {"id": session}).word == "not_found"
    assert other.rpc("passport.user.me")["id"] == other.id


def test_all_others_are_ended(stack):
    user = stack.user()
    others = [stack.login(user.email) for _ in range(3)]
    stranger = stack.user()
    assert user.rpc("passport.session.revoke_others")["ended"] == 3
    assert {other.error("passport.user.me").reason for other in others} == {"revoked"}
    assert user.rpc("passport.user.me")["id"] == user.id and refresh(stack, user.refresh_token)
    assert stranger.rpc("passport.user.me")["id"] == stranger.id
    assert user.rpc("passport.session.revoke_others")["ended"] == 0


def test_administrators_see_and_end_sessions_of_others(stack):
    user, other, admin = stack.user(), stack.user(), stack.admin()
    stack.login(user.email)
    assert len(admin.rpc("passport.session.list", {"user_id": user.id})["items"]) == 2
    assert other.error("passport.session.list", {"user_id": user.id}).word == "forbidden"
    assert other.error("passport.session.revoke_all", {"user_id": user.id}).word == "forbidden"
    assert admin.rpc("passport.session.revoke_all", {"user_id": user.id})["ended"] == 2
    assert user.error("passport.user.me").reason == "revoked"
    assert admin.rpc("passport.session.list", {"user_id": user.id})["items"] == []
    assert admin.error("passport.session.revoke_all", {"user_id": NOBODY}).word == "not_found"


def test_what_happens_to_sessions_is_audited(stack):
    user = stack.user()
    other = stack.login(user.email)
    user.rpc("passport.session.revoke", {"id": claims(other.token)["sid"]})
    user.rpc("passport.session.revoke_others")
    user.rpc("passport.auth.logout")
    rows = sql(stack, "SELECT action, address FROM audit_event WHERE user_id = %s ORDER BY id", user.id)
    actions = [action for action, _ in rows if action.startswith("session.")]
    expected = ["session.started", "session.started", "session.ended", "session.all_ended", "session.ended"]
    assert actions == expected and {address for _, address in rows} == {"127.0.0.1"}


# --- lifetimes ---


def test_rotation_moves_the_idle_end_and_never_the_absolute_one(stack):
    user = stack.user()
    session = claims(user.token)["sid"]
    ends = "SELECT idle_expires_at, expires_at FROM session WHERE id = %s"
    sql(stack, "UPDATE session SET idle_expires_at = now() + interval '1 minute' WHERE id = %s", session)
    before = sql(stack, ends, session)[0]
    token = user.refresh_token
    for _ in range(3):
        token = refresh(stack, token)["refresh_token"]
    after = sql(stack, ends, session)[0]
    assert after[0] > before[0] and after[1] == before[1]
    sql(stack, "UPDATE session SET expires_at = now() WHERE id = %s", session)
    assert refused(stack, token) == "expired"


def test_an_idle_session_is_over(stack):
    user = stack.user()
    sql(stack, "UPDATE session SET idle_expires_at = now() WHERE id = %s", claims(user.token)["sid"])
    assert refused(stack, user.refresh_token) == "expired"


def test_a_session_that_ends_while_a_refresh_waits_for_it_gives_no_token(stack):
    user = stack.user()
    session = claims(user.token)["sid"]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with stack.cluster.connect(stack.databases["passport"]) as database, ThreadPoolExecutor(1) as pool:
        sql(stack, "UPDATE session SET expires_at = now() + interval '1 second' WHERE id = %s", session)
        database.autocommit = False
        database.execute("SELECT FROM session WHERE id = %s FOR NO KEY UPDATE", (session,))
        answer = pool.submit(stack.error, "passport.auth.refresh", {"refresh_token": user.refresh_token})
        wait_until(lambda: sql(stack, waiting)[0][0] > 0, what="the refresh to wait for the lock")
        over = "SELECT expires_at < now() FROM session WHERE id = %s"
        wait_until(lambda: sql(stack, over, session)[0][0], what="the end of the session")
        database.commit()
        assert answer.result().reason == "revoked"


def test_lifetimes_by_setting(make_stack):
    stack = make_stack({"passport": {"session_idle": "2m", "session_lifetime": "5m"}})
    session = claims(stack.user().token)["sid"]
    lives = "SELECT idle_expires_at - started_at, expires_at - started_at FROM session WHERE id = %s"
    idle, whole = (life.total_seconds() for life in sql(stack, lives, session)[0])
    assert (idle, whole) == (120, 300)


# --- rotation of refresh tokens ---


def test_two_tabs_share_a_successor(stack):
    user = stack.user()
    with ThreadPoolExecutor(2) as pool:
        tabs = list(pool.map(lambda _: refresh(stack, user.refresh_token), range(2)))
    assert tabs[0]["refresh_token"] == tabs[1]["refresh_token"]
    again = [refresh(stack, tab["refresh_token"])["refresh_token"] for tab in tabs]
    assert again[0] == again[1]
    assert all(stack.rpc("passport.user.me", token=tab["access_token"])["id"] == user.id for tab in tabs)


def test_a_lost_answer_is_given_again_even_when_the_successor_was_used_too(stack):
    user = stack.user()
    first = refresh(stack, user.refresh_token)["refresh_token"]
    second = refresh(stack, first)["refresh_token"]
    assert refresh(stack, user.refresh_token)["refresh_token"] == first
    assert refresh(stack, first)["refresh_token"] == second
    assert refresh(stack, second)["refresh_token"] not in (first, second, user.refresh_token)


@pytest.mark.parametrize("first", ["thief", "victim"])
def test_after_the_grace_a_stolen_token_ends_the_family_whoever_comes_first(stack, first):
    user = stack.user()
    session = claims(user.token)["sid"]
    stolen = user.refresh_token
    fresh = refresh(stack, stolen)
    if first == "victim":
        fresh = refresh(stack, fresh["refresh_token"])
    age_used(stack, session)
    assert refused(stack, stolen) == "reused"
    assert refused(stack, fresh["refresh_token"]) == "revoked"
    assert stack.error("passport.user.me", token=fresh["access_token"]).reason == "revoked"
    assert sql(stack, "SELECT end_reason FROM session WHERE id = %s", session) == [("refresh_reused",)]
    events = (
        "SELECT user_id::text, action FROM audit_event WHERE details ->> 'session_id' = %s ORDER BY id DESC LIMIT 1"
    )
    assert sql(stack, events, session) == [(user.id, "session.refresh_reused")]
    assert stack.login(user.email).rpc("passport.user.me")["id"] == user.id


def test_the_thief_who_rotates_first_is_found_by_the_victim(stack):
    user = stack.user()
    loot = refresh(stack, user.refresh_token)
    age_used(stack, claims(user.token)["sid"])
    assert refused(stack, user.refresh_token) == "reused"
    assert refused(stack, loot["refresh_token"]) == "revoked"
    wait_until(
        lambda: stack.error("events.booking.list", token=loot["access_token"]).reason == "revoked",
        what="events refuses the thief",
    )


def test_32_callers_at_the_same_moment_make_one_successor(stack):
    user = stack.user()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: refresh(stack, user.refresh_token)["refresh_token"], range(32)))
    assert len(set(answers)) == 1
    rows = sql(stack, "SELECT count(*) FROM refresh_token WHERE session_id = %s", claims(user.token)["sid"])
    assert rows == [(2,)]


def test_what_is_no_refresh_token_of_ours(stack, make_stack):
    user = stack.user()
    other = make_stack(names=("passport", "gateway")).user()
    whole = user.refresh_token
    for token in (whole[:-1], whole[1:], whole + "A", whole[:20], "=" * 43, user.token[:200]):
        assert refused(stack, token) == "malformed" or len(token) == 43
    swapped = whole[:-1] + ("A" if whole[-1] != "A" else "Q")
    for token in (other.refresh_token, swapped, "=" * 43):
        assert refused(stack, token) == "unknown"
    assert refresh(stack, whole)["user"]["id"] == user.id


def test_what_cannot_be_a_refresh_token_takes_no_connection(make_stack):
    stack = make_stack({"passport": {"database_lease_connections": 1}}, names=("passport", "gateway"))
    user = stack.user()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with stack.cluster.connect(stack.databases["passport"]) as database, ThreadPoolExecutor(1) as pool:
        database.autocommit = False
        database.execute("SELECT FROM user_account WHERE id = %s FOR NO KEY UPDATE", (user.id,))
        login = pool.submit(stack.login, user.email)
        wait_until(lambda: sql(stack, waiting)[0][0] > 0, what="the login to wait for the lock")
        assert refused(stack, user.refresh_token[:-1]) == "malformed"
        database.commit()
        assert login.result().id == user.id


def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(stack):
    user = stack.user()
    assert stack.error("passport.user.me", token=user.refresh_token).word == "unauthenticated"
    assert stack.error("passport.auth.refresh", {"refresh_token": user.token}).word in (
        "unauthenticated",
        "invalid_params",
    )


# --- what tokens say ---


def test_tokens_name_epoch_and_methods_and_leave_out_suspended_companies(stack):
    company, owner = stack.company()
    said = claims(owner.token)
    assert said["epoch"] == sql(stack, "SELECT token_epoch FROM user_account WHERE id = %s", owner.id)[0][0]
    assert said["amr"] == ["pwd"] and said["companies"] == {company: "owner"} and "act" not in said
    sql(stack, "UPDATE company SET state = 'suspended' WHERE id = %s", company)
    assert claims(refresh(stack, owner.refresh_token)["access_token"])["companies"] == {}


def test_old_rights_never_come_with_a_new_epoch(stack):
    """Rights and epoch change together, over and over, while tokens are made: each token has a pair that there was."""
    user = stack.user()
    start = sql(stack, "SELECT token_epoch FROM user_account WHERE id = %s", user.id)[0][0]
    change = "UPDATE user_account SET roles = %s, token_epoch = token_epoch + 1 WHERE id = %s"
    tokens, changes = [], 0

    def keep_refreshing(_):
        mine = stack.login(user.email).refresh_token
        for _ in range(30):
            answer = refresh(stack, mine)
            mine = answer["refresh_token"]
            tokens.append(claims(answer["access_token"]))

    with ThreadPoolExecutor(4) as pool, stack.database("passport") as database:
        done = [pool.submit(keep_refreshing, number) for number in range(4)]
        while not all(one.done() for one in done):
            changes += 1
            database.execute(change, ("{user,moderator}" if changes % 2 else "{user}", user.id))
        for one in done:
            one.result()
    assert len(tokens) == 120 and len({said["epoch"] for said in tokens}) > 3
    for said in tokens:
        assert ("moderator" in said["roles"]) == ((said["epoch"] - start) % 2 == 1)


# --- who may have one ---


def test_a_suspended_user_learns_it_only_with_the_right_password(stack):
    user = stack.user()
    sql(stack, "UPDATE user_account SET state = 'suspended' WHERE id = %s", user.id)
    right = stack.error("passport.auth.login", {"email": user.email, "password": PASSWORD})
    wrong = stack.error("passport.auth.login", {"email": user.email, "password": "not this one"})
    assert (right.word, right.reason) == ("forbidden", "suspended")
    assert (wrong.word, wrong.reason) == ("unauthenticated", "credentials")
    assert refused(stack, user.refresh_token) == "revoked"


def test_an_erased_user_is_unknown(stack):
    user = stack.user()
    sql(stack, "UPDATE user_account SET state = 'erased' WHERE id = %s", user.id)
    error = stack.error("passport.auth.login", {"email": user.email, "password": PASSWORD})
    unknown = stack.error("passport.auth.login", {"email": "nobody@test.example", "password": PASSWORD})
    assert (error.code, error.reason, error.message) == (unknown.code, unknown.reason, unknown.message)


@pytest.mark.parametrize("change", ["state = 'suspended'", "password_changed_at = now()"])
def test_what_changes_while_the_password_is_hashed_counts(stack, change):
    """The login has read the account and hashes, or waits for its lock, when the change commits: no session opens."""
    user = stack.user()
    count = "SELECT count(*) FROM session WHERE user_id = %s"
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    before = sql(stack, count, user.id)
    with stack.cluster.connect(stack.databases["passport"]) as database, ThreadPoolExecutor(1) as pool:
        database.autocommit = False
        database.execute(f"UPDATE user_account SET {change} WHERE id = %s", (user.id,))
        params = {"email": user.email, "password": PASSWORD}
        login = pool.submit(stack.error, "passport.auth.login", params)
        wait_until(lambda: sql(stack, waiting)[0][0] > 0, what="the login to wait for the lock")
        database.commit()
        assert login.result().reason == "credentials"
    assert sql(stack, count, user.id) == before


# --- proving again ---


def test_reauthentication_opens_what_asks_for_it(stack):
    user = stale(stack, stack.user())
    error = user.error("passport.totp.enroll")
    assert (error.word, error.reason) == ("unauthenticated", "insufficient_user_authentication")
    assert error.data["max_age"] == 600
    wrong = user.error("passport.auth.reauthenticate", {"password": "not this one"})
    assert (wrong.code, wrong.word, wrong.reason) == (-32003, "forbidden", "wrong_password")
    answer = user.rpc("passport.auth.reauthenticate", {"password": PASSWORD})
    assert "refresh_token" not in answer and answer["session_id"] == claims(user.token)["sid"]
    assert claims(answer["access_token"])["auth_time"] > claims(user.token)["auth_time"]
    user.token = answer["access_token"]
    assert user.rpc("passport.totp.enroll")["secret"]
    assert claims(refresh(stack, user.refresh_token)["access_token"])["auth_time"] == claims(user.token)["auth_time"]


# --- introspection ---


def introspect(stack, token):
    return stack["passport"].rpc("passport.auth.introspect", {"token": token}, stack.service_token("events"))


def test_introspection_agrees_with_the_token_field_by_field(stack):
    company, owner = stack.company()
    acting = impersonate(stack, stack.user())["access_token"]
    key = make_key(owner, company, scope="events.booking.*")
    client = exchange(stack, key["secret"])
    for token in (owner.token, acting, client, stack.service_token("rating")):
        answer = introspect(stack, token)
        assert answer.pop("active") is True and answer.pop("token_type") == "Bearer"
        assert answer == claims(token)


def test_what_is_not_good_is_only_inactive(stack):
    user = stack.user()
    ended = stack.login(user.email)
    ended.rpc("passport.auth.logout")
    tampered = user.token[:-6] + ("AAAAAA" if not user.token.endswith("AAAAAA") else "BBBBBB")
    for token in (ended.token, tampered, user.refresh_token, "", "rubbish", "a.b.c"):
        assert introspect(stack, token) == {"active": False}, token
    sql(stack, "UPDATE session SET ended_at = now() WHERE id = %s", claims(user.token)["sid"])
    assert introspect(stack, user.token) == {"active": False}
    company, owner = stack.company()
    key = make_key(owner, company)
    client = exchange(stack, key["secret"])
    owner.rpc("passport.api_key.disable", {"company_id": company, "id": key["id"]})
    assert introspect(stack, client) == {"active": False}
    assert stack["passport"].error("passport.auth.introspect", {"token": user.token}, user.token).word == "forbidden"
