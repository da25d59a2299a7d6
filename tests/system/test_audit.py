"""The audit trail: who sees what of it, and that nothing escapes it."""

import itertools
import json
import re
import time
import uuid

import pytest
from stack import ROOT
from staff import administrator, moderator

pytestmark = pytest.mark.asan
_milliseconds = itertools.count(int(time.time() * 1000))


def listed(user, params):
    """All events of a list, page by page."""
    found, cursor = [], None
    while True:
        page = user.rpc("passport.audit.list", params | {"limit": 3} | ({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def events(stack, *rows):
    """Writes events as passport would, a millisecond after another: (action, actor, user, company)."""
    statement = (
        "INSERT INTO audit_event (id, occurred_at, action, actor_kind, actor, user_id, company_id, address, user_agent)"
        " VALUES (%s, to_timestamp(%s), %s, 'user', %s, %s, %s, '203.0.113.7', 'test')"
    )
    with stack.database("passport") as database:
        for row in rows:
            millisecond = next(_milliseconds)
            made = uuid.UUID(int=millisecond << 80 | 7 << 76 | 2 << 62)
            database.execute(statement, (made, millisecond / 1000, *row))


def test_what_the_staff_does_is_in_the_trail(stack):
    admin, user = stack.admin(), stack.user()
    admin.rpc("passport.user.suspend", {"id": user.id, "reason": 'Says "no" \\ ever'})
    admin.rpc("passport.user.restore", {"id": user.id, "reason": "Sorry"})
    admin.rpc("passport.user.grant_role", {"id": user.id, "role": "moderator"})
    admin.rpc("passport.user.revoke_role", {"id": user.id, "role": "moderator"})
    found = [event for event in listed(admin, {"user_id": user.id}) if event["actor_id"] == admin.id]
    assert [(event["action"], event["details"]) for event in reversed(found)] == [
        ("user.suspended", {"reason": 'Says "no" \\ ever'}),
        ("user.restored", {"reason": "Sorry"}),
        ("user.role_granted", {"role": "moderator"}),
        ("user.role_revoked", {"role": "moderator"}),
    ]
    for event in found:
        assert event["actor_kind"] == "user" and event["address"] == "127.0.0.1" and event["user_agent"]
        assert event["request_id"] and event["user_id"] == user.id and event["acting_for"] is None


def test_filters_and_pages(stack):
    staff, user, other = moderator(stack), stack.user(), stack.user()
    before = len(listed(staff, {"user_id": user.id}))
    events(stack, *[("user.updated", user.id, user.id, None)] * 7, ("password.changed", other.id, user.id, None))
    found = listed(staff, {"user_id": user.id})
    assert len(found) == before + 8 == len({event["id"] for event in found})
    assert [event["id"] for event in found] == sorted((event["id"] for event in found), reverse=True)
    assert len(listed(staff, {"user_id": user.id, "action": "user.updated"})) == 7
    assert [event["action"] for event in listed(staff, {"actor_id": other.id, "user_id": user.id})] == [
        "password.changed"
    ]
    assert listed(staff, {"actor_id": other.id, "action": "password.changed"})[0]["user_id"] == user.id
    fourth = found[3]["occurred_at"]
    assert listed(staff, {"user_id": user.id, "from": fourth}) == found[:4]
    assert listed(staff, {"user_id": user.id, "to": fourth}) == found[4:]
    assert listed(staff, {"user_id": user.id, "from": fourth, "to": fourth}) == []
    assert staff.error("passport.audit.list", {"action": "user.sung_to"}).data["fields"][0]["rule"] == "enum"


def test_users_see_what_concerns_themselves(stack):
    user, other = stack.user(), stack.user()
    events(stack, ("user.updated", user.id, user.id, None), ("user.suspended", other.id, user.id, None))
    events(stack, ("user.updated", other.id, other.id, None))
    mine = listed(user, {})
    assert {event["user_id"] for event in mine} == {user.id}
    assert mine == listed(user, {"user_id": user.id})
    origins = {event["action"]: event["address"] for event in mine}
    assert origins["user.updated"] == "203.0.113.7" and origins["user.suspended"] is None
    assert user.error("passport.audit.list", {"user_id": other.id}).word == "forbidden"
    assert listed(user, {"actor_id": other.id}) == [event for event in mine if event["actor_id"] == other.id]
    assert not [event for event in listed(user, {"action": "user.updated"}) if event["user_id"] != user.id]


def test_owners_see_what_concerns_their_company(stack):
    company, owner = stack.company()
    foreign, _ = stack.company()
    staff, member = administrator(stack), stack.user()
    with stack.database("passport") as database:
        statement = "INSERT INTO company_member (company_id, user_id, \"right\") VALUES (%s, %s, 'manager')"
        database.execute(statement, (company, member.id))
    events(stack, ("company.updated", member.id, None, company), ("company.suspended", staff.id, None, company))
    events(stack, ("company.updated", owner.id, None, foreign))
    found = listed(owner, {"company_id": company})
    assert {event["company_id"] for event in found} == {company}
    origins = {event["action"]: event["address"] for event in found}
    assert origins["company.updated"] == "203.0.113.7" and origins["company.suspended"] is None
    for caller, wanted in ((owner, foreign), (stack.login(member.email), company)):
        assert caller.error("passport.audit.list", {"company_id": wanted}).word == "forbidden"
    assert {event["address"] for event in listed(staff, {"company_id": company})} >= {"203.0.113.7"}
    assert listed(stack.login(owner.email), {"company_id": company, "user_id": staff.id}) == []


def test_every_action_of_the_sources_is_documented():
    """Actions are texts in the code; the list in the API file is what clients may count on."""
    documented = json.loads((ROOT / "passport/api/audit.json").read_text())
    documented = documented["components"]["schemas"]["AuditAction"]["enum"]
    sources = "\n".join(path.read_text() for path in sorted((ROOT / "passport").rglob("*.c")))
    used = set(re.findall(r"\.action = \"([a-z_.]+)\"", sources)) | set(
        re.findall(r'record\([^"()]*"([a-z_.]+)"', sources)
    )
    assert used and len(documented) == len(set(documented))
    assert used <= set(documented), f"not in api/audit.json: {sorted(used - set(documented))}"
