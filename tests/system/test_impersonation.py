"""An administrator who acts as a user: said everywhere, bounded, and never allowed to what is the user's own."""

import pytest
from integration import claims
from sessions import NOBODY, impersonate, refresh, refused, sql
from stack import PASSWORD

pytestmark = pytest.mark.asan


def test_who_acts_is_said_everywhere(stack):
    user, admin = stack.user(), stack.admin()
    answer = impersonate(stack, user)
    act = {"sub": admin.id}
    assert answer["act"] == act and answer["user"]["id"] == user.id and claims(answer["access_token"])["act"] == act
    again = refresh(stack, answer["refresh_token"])
    assert again["act"] == act and claims(again["access_token"])["act"] == act
    assert stack.rpc("passport.user.me", token=again["access_token"])["act"] == act
    assert "act" not in user.rpc("passport.user.me")
    mine = user.rpc("passport.session.list")["items"]
    assert [item.get("act") for item in mine] == [act, None] and mine[0]["methods"] == []
    rows = sql(
        stack, "SELECT actor, details FROM audit_event WHERE action = 'user.impersonated' AND user_id = %s", user.id
    )
    assert rows == [(admin.id, {"reason": "Ticket 4711"})]
    stack.rpc("passport.auth.logout", token=again["access_token"])
    row = "SELECT actor, acting_for::text FROM audit_event WHERE action = 'session.ended' AND user_id = %s"
    assert sql(stack, row, user.id) == [(admin.id, user.id)]


def test_what_nobody_may_do_as_somebody_else(stack):
    user = stack.user()
    token = impersonate(stack, user)["access_token"]
    for method, params in (("passport.totp.enroll", {}), ("passport.auth.reauthenticate", {"password": PASSWORD})):
        error = stack.error(method, params, token)
        assert (error.word, error.reason) == ("forbidden", "impersonation"), method


def test_who_cannot_be_acted_as(stack):
    user, moderator, other = stack.user(), stack.user(), stack.user()
    sql(stack, "UPDATE user_account SET roles = '{user,moderator}' WHERE id = %s", moderator.id)
    sql(stack, "UPDATE user_account SET state = 'suspended' WHERE id = %s", other.id)
    admin, reason = stack.admin(), {"reason": "because"}
    assert user.error("passport.auth.impersonate", {"user_id": other.id} | reason).word == "forbidden"
    for target in (moderator, admin):
        assert admin.error("passport.auth.impersonate", {"user_id": target.id} | reason).reason == "role"
    error = admin.error("passport.auth.impersonate", {"user_id": other.id} | reason)
    assert (error.word, error.data["rule"]) == ("precondition_failed", "active")
    assert admin.error("passport.auth.impersonate", {"user_id": NOBODY} | reason).word == "not_found"
    assert admin.error("passport.auth.impersonate", {"user_id": user.id, "reason": "  "}).word == "invalid_params"


def test_acting_lasts_an_hour_whatever_is_refreshed(stack):
    answer = impersonate(stack, stack.user())
    refresh(stack, answer["refresh_token"])
    life = "SELECT extract(epoch FROM expires_at - started_at)::integer FROM session WHERE id = %s"
    assert sql(stack, life, answer["session_id"]) == [(3600,)]


def test_acting_ends_with_the_rights_of_who_acts(stack):
    helper, user = stack.user(), stack.user()
    sql(stack, "UPDATE user_account SET roles = '{user,admin}' WHERE id = %s", helper.id)
    helper = stack.login(helper.email)
    answer = helper.rpc("passport.auth.impersonate", {"user_id": user.id, "reason": "because"})
    sql(stack, "UPDATE user_account SET roles = '{user}' WHERE id = %s", helper.id)
    assert refused(stack, answer["refresh_token"]) == "revoked"
