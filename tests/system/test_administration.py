"""Users as the staff of the platform finds, suspends, restores and promotes them."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
from companies import invite, join
from rpc import RpcError
from stack import PASSWORD
from staff import administrator, moderator, with_role
from waiting import wait_until

pytestmark = pytest.mark.asan


def pages(user, params):
    """All items of a search, page by page."""
    found, cursor = [], None
    while True:
        page = user.rpc("passport.user.search", params | {"limit": 2} | ({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def ids(items):
    return [item["id"] for item in items]


def test_a_search_finds_by_the_beginnings_of_words(stack):
    staff, word = moderator(stack), f"Qz{secrets.token_hex(4)}"
    users = [stack.user(f"{word} O'Håkansson-Müller"), stack.user(f"Anna {word}"), stack.user("Nobody")]
    newest_first = [users[1].id, users[0].id]
    assert ids(pages(staff, {"text": word})) == newest_first
    assert ids(pages(staff, {"text": word[:-3].upper()})) == newest_first
    assert ids(pages(staff, {"text": f"håk {word}"})) == [users[0].id]
    assert ids(pages(staff, {"text": "müll " + word})) == [users[0].id]
    assert pages(staff, {"text": word[1:]}) == []
    assert ids(pages(staff, {"text": users[2].email})) == [users[2].id]
    assert ids(pages(staff, {"text": users[2].id})) == [users[2].id]
    assert ids(pages(staff, {"text": users[2].email.split("@")[0][:-1]})) == [users[2].id]


@pytest.mark.parametrize(
    "text", ["'", "\\", "a' | 'b", "&", "!!", "%", ":*", "💩", "\u202e", "' OR 1=1 --", "<->", "(("]
)
def test_a_search_for_odd_texts_is_a_search(stack, text):
    page = moderator(stack).rpc("passport.user.search", {"text": text})
    assert isinstance(page["items"], list)


def test_a_search_filters_and_pages(stack):
    staff = moderator(stack)
    word = f"Filter{secrets.token_hex(4)}"
    users = [stack.user(f"{word} {number}") for number in range(5)]
    assert ids(pages(staff, {"text": word})) == [user.id for user in reversed(users)]
    staff.rpc("passport.user.suspend", {"id": users[0].id, "reason": "test"})
    assert ids(pages(staff, {"text": word, "state": "suspended"})) == [users[0].id]
    assert users[0].id not in ids(pages(staff, {"text": word, "state": "active"}))
    assert users[0].id in ids(pages(staff, {"state": "suspended"}))
    assert staff.id in ids(pages(staff, {"role": "moderator"}))
    assert users[1].id not in ids(pages(staff, {"role": "moderator"}))
    created = staff.rpc("passport.user.get", {"id": users[2].id})["created_at"]
    assert ids(pages(staff, {"text": word, "created_from": created})) == [user.id for user in reversed(users[2:])]
    assert ids(pages(staff, {"text": word, "created_to": created})) == [users[1].id, users[0].id]
    page = staff.rpc("passport.user.search", {"text": word, "limit": 1})
    other = staff.error("passport.user.search", {"text": "else", "limit": 1, "cursor": page["next_cursor"]})
    assert other.data["fields"][0]["path"] == "/params/cursor"
    # PostgreSQL cannot hold this year, our clock neither: an error of the field, not of the server.
    early = staff.error("passport.user.search", {"created_from": "0000-01-01T00:00:00Z"})
    assert early.data["fields"][0]["path"] == "/params/created_from"


def test_a_user_as_the_staff_sees_one(stack):
    company, user = stack.company()
    record = moderator(stack).rpc("passport.user.get", {"id": user.id})
    assert (record["email"], record["state"], record["roles"]) == (user.email, "active", ["user"])
    assert [(one["id"], one["right"]) for one in record["companies"]] == [(company, "owner")]
    assert record["last_seen_at"] and record["attributes"] == {}
    unknown = "01932b5c-7a10-7000-8000-00000000dead"
    assert moderator(stack).error("passport.user.get", {"id": unknown}).word == "not_found"


def refused(door, method, token):
    try:
        door.rpc(method, {}, token)
    except RpcError as error:
        return error.word == "unauthenticated"
    return False


def test_a_suspended_user_is_out_until_restored(stack):
    staff, user = moderator(stack), stack.user()
    record = staff.rpc("passport.user.suspend", {"id": user.id, "reason": "  Payment fraud "})
    assert (record["state"], record["state_reason"]) == ("suspended", "Payment fraud") and record["seq"] > 0
    assert refused(stack["passport"], "passport.user.me", user.token)
    wait_until(lambda: refused(stack["events"], "events.listing.mine", user.token), what="events refuses the token")
    assert stack.error("passport.auth.refresh", {"refresh_token": user.refresh_token}).reason == "revoked"
    with pytest.raises(RpcError) as error:
        stack.login(user.email)
    assert (error.value.word, error.value.reason) == ("forbidden", "suspended")
    wrong = stack.error("passport.auth.login", {"email": user.email, "password": "not this one"})
    assert (wrong.word, wrong.reason) == ("unauthenticated", "credentials"), "a stranger does not learn it"
    again = staff.error("passport.user.suspend", {"id": user.id, "reason": "twice"})
    assert (again.word, again.data["rule"], again.data["state"]) == ("precondition_failed", "state", "suspended")
    record = staff.rpc("passport.user.restore", {"id": user.id})
    assert (record["state"], record["state_reason"]) == ("active", "")
    assert stack.login(user.email).rpc("passport.user.me")["id"] == user.id
    assert refused(stack["passport"], "passport.user.me", user.token), "the old session stays ended"
    assert staff.error("passport.user.restore", {"id": user.id}).data["rule"] == "state"
    with stack.database("passport") as database:
        facts = "SELECT topic FROM outbox WHERE key = %s AND topic LIKE 'passport.user.%%ed' ORDER BY seq"
        topics = [topic for (topic,) in database.execute(facts, (user.id,))]
    assert topics[-2:] == ["passport.user.suspended", "passport.user.restored"]


def test_whom_moderators_cannot_suspend(stack):
    staff, admin = moderator(stack), administrator(stack)
    assert staff.error("passport.user.suspend", {"id": staff.id, "reason": "x"}).data["rule"] == "oneself"
    other = moderator(stack)
    for protected in (admin, other):
        assert staff.error("passport.user.suspend", {"id": protected.id, "reason": "x"}).word == "forbidden"
    assert admin.error("passport.user.suspend", {"id": admin.id, "reason": "x"}).data["rule"] == "oneself"
    assert admin.rpc("passport.user.suspend", {"id": other.id, "reason": "x"})["state"] == "suspended"
    assert staff.error("passport.user.restore", {"id": other.id, "reason": "x"}).word == "forbidden"
    assert admin.rpc("passport.user.restore", {"id": other.id, "reason": "x"})["state"] == "active"
    stack.admin()
    assert admin.rpc("passport.user.suspend", {"id": administrator(stack).id, "reason": "x"})["state"] == "suspended"


def test_roles_reach_tokens(stack):
    admin, user = stack.admin(), stack.user()
    record = admin.rpc("passport.user.grant_role", {"id": user.id, "role": "moderator"})
    assert record["roles"] == ["user", "moderator"]
    same = admin.rpc("passport.user.grant_role", {"id": user.id, "role": "moderator"})
    assert same["version"] == record["version"]
    promoted = stack.login(user.email)
    assert promoted.rpc("passport.user.get", {"id": user.id})["roles"] == ["user", "moderator"]
    assert admin.rpc("passport.user.grant_role", {"id": user.id, "role": "admin"})["roles"][-1] == "admin"
    assert admin.rpc("passport.user.revoke_role", {"id": user.id, "role": "admin"})["roles"] == ["user", "moderator"]
    assert admin.rpc("passport.user.revoke_role", {"id": user.id, "role": "moderator"})["roles"] == ["user"]
    assert stack.login(user.email).error("passport.user.get", {"id": user.id}).word == "forbidden"
    with stack.database("passport") as database:
        epoch = database.execute("SELECT token_epoch FROM user_account WHERE id = %s", (user.id,)).fetchone()[0]
    assert epoch >= 4, "each change voids the tokens issued before"
    bad = admin.error("passport.user.grant_role", {"id": user.id, "role": "user"})
    assert bad.data["fields"][0] == {"path": "/params/role", "rule": "enum", "expected": ["moderator", "admin"]}


def test_the_last_administrator_stays(fresh_stack):
    stack, admin = fresh_stack, fresh_stack.admin()
    alone = admin.error("passport.user.revoke_role", {"id": admin.id, "role": "admin"})
    assert (alone.word, alone.data["rule"]) == ("precondition_failed", "last_admin")
    other = administrator(stack)
    both = [(admin, other), (other, admin)]

    def depose(pair):
        one, another = pair
        try:
            return one.rpc("passport.user.revoke_role", {"id": another.id, "role": "admin"})
        except RpcError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(depose, both))
    with stack.database("passport") as database:
        statement = "SELECT count(*) FROM user_account WHERE roles @> '{admin}' AND state = 'active'"
        assert database.execute(statement).fetchone()[0] == 1


def test_a_suspended_administrator_does_not_count(fresh_stack):
    stack, admin = fresh_stack, fresh_stack.admin()
    other = administrator(stack)
    admin.rpc("passport.user.suspend", {"id": other.id, "reason": "x"})
    assert admin.error("passport.user.revoke_role", {"id": admin.id, "role": "admin"}).data["rule"] == "last_admin"


def test_roles_of_erased_and_suspended_users_stay_as_they_are(stack):
    admin, user = stack.admin(), with_role(stack, "moderator")
    admin.rpc("passport.user.suspend", {"id": user.id, "reason": "x"})
    error = admin.error("passport.user.grant_role", {"id": user.id, "role": "admin"})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "state")
    assert admin.rpc("passport.user.revoke_role", {"id": user.id, "role": "moderator"})["roles"] == ["user"]


def test_who_acts_for_a_user_stops_when_no_administrator_any_more(stack):
    helper, user = administrator(stack), stack.user()
    params = {"user_id": user.id, "reason": "Ticket 1"}
    acting = [helper.rpc("passport.auth.impersonate", params)["access_token"] for _ in range(2)]
    assert all(stack.rpc("passport.user.me", token=token)["id"] == user.id for token in acting)
    stack.admin().rpc("passport.user.revoke_role", {"id": helper.id, "role": "admin"})
    assert all(refused(stack["passport"], "passport.user.me", token) for token in acting)
    assert user.rpc("passport.user.me")["id"] == user.id


def attempt(function, *arguments):
    """The result, or the error."""
    try:
        return function(*arguments)
    except RpcError as error:
        return error


def test_no_login_slips_past_a_suspension(stack):
    staff, user = moderator(stack), stack.user()
    with ThreadPoolExecutor(8) as pool:
        logins = [pool.submit(attempt, stack.login, user.email) for _ in range(4)]
        suspension = pool.submit(attempt, staff.rpc, "passport.user.suspend", {"id": user.id, "reason": "x"})
        logins += [pool.submit(attempt, stack.login, user.email) for _ in range(4)]
        assert suspension.result()["state"] == "suspended"
        results = [login.result() for login in logins]
    with stack.database("passport") as database:
        live = "SELECT count(*) FROM session WHERE user_id = %s AND ended_at IS NULL"
        assert database.execute(live, (user.id,)).fetchone()[0] == 0
    for login in results:
        assert isinstance(login, RpcError) or refused(stack["passport"], "passport.user.me", login.token)


def test_changes_of_the_same_people_at_once_never_deadlock(stack):
    """Suspensions, removals, changes of rights, logouts and erasures of the members of two companies, all at once."""
    owner, admin = stack.user("Owner"), stack.admin()
    companies = [stack.company(owner)[0] for _ in range(2)]
    owner = stack.login(owner.email)
    members = [join(stack, owner, companies[0]) for _ in range(6)]
    for member in members:
        invitation = invite(owner, companies[1], member.email)
        member.rpc("passport.invitation.accept", {"id": invitation["id"]})
    calls = []
    for number, old in enumerate(members):
        member = stack.login(old.email)
        calls += [
            (owner.rpc, "passport.member.set_right", right_of(companies[0], member, "manager")),
            (owner.rpc, "passport.member.remove", {"company_id": companies[1], "user_id": member.id}),
            (admin.rpc, "passport.user.suspend", {"id": member.id, "reason": "x"}),
            (member.rpc, "passport.auth.logout", {}),
            (admin.rpc, "passport.user.grant_role", {"id": member.id, "role": "moderator"}),
        ]
        calls += [(member.rpc, "passport.user.erase", {"password": PASSWORD})] if number % 2 else []
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda call: attempt(*call), calls))
    errors = [error for error in outcomes if isinstance(error, RpcError)]
    odd = [error for error in errors if error.word in ("conflict", "internal", "unavailable", "deadline_exceeded")]
    assert not odd, odd
    assert len(errors) < len(outcomes)


def right_of(company, user, right):
    return {"company_id": company, "user_id": user.id, "right": right}
