"""Invitations into companies, as those see them who invite and who are invited."""

import itertools

import pytest
from companies import actions, all_pages, companies_in, facts, in_parallel, invite, join, refresh
from integration import exchange, make_key
from rpc import RpcError
from staff import with_role

pytestmark = pytest.mark.asan

REASON = {"reason": "for a test"}
_numbers = itertools.count(1)


@pytest.fixture
def company(stack):
    return stack.company()


@pytest.fixture(scope="module")
def moderator(stack):
    return with_role(stack, "moderator")


def test_an_invitation_is_accepted(stack, company):
    company_id, owner = company
    user = stack.user("Bo")
    made = invite(owner, company_id, user.email.upper(), "manager")
    assert (made["state"], made["right"], made["answered_at"]) == ("pending", "manager", None)
    assert made["invited_by"] == {"id": owner.id, "name": "Owner"}
    waiting = user.rpc("passport.invitation.list")["items"]
    assert [(item["id"], item["company"]["id"]) for item in waiting] == [(made["id"], company_id)]
    accepted = user.rpc("passport.invitation.accept", {"id": made["id"]})
    assert accepted["state"] == "accepted" and accepted["answered_at"] and accepted["seq"] > 0
    assert user.error("passport.user.me").reason == "revoked"
    assert companies_in(refresh(stack, user).token) == {company_id: "manager"}
    assert user.error("passport.invitation.accept", {"id": made["id"]}).data["state"] == "accepted"
    assert user.error("passport.invitation.decline", {"id": made["id"]}).data["state"] == "accepted"
    assert facts(stack, company_id, "passport.member.changed")[-1]["right"] == "manager"
    assert actions(stack, company_id)[-2:] == ["invitation.created", "invitation.accepted"]


def test_an_invitation_is_declined_and_revoked(stack, company):
    company_id, owner = company
    user = stack.user()
    declined = invite(owner, company_id, user.email)
    assert user.rpc("passport.invitation.decline", {"id": declined["id"]})["state"] == "declined"
    assert user.error("passport.invitation.accept", {"id": declined["id"]}).data["rule"] == "state"
    revoked = invite(owner, company_id, user.email)
    assert revoked["id"] != declined["id"]
    assert owner.rpc("passport.invitation.revoke", {"id": revoked["id"]})["state"] == "revoked"
    assert owner.error("passport.invitation.revoke", {"id": revoked["id"]}).data["state"] == "revoked"
    assert user.error("passport.invitation.accept", {"id": revoked["id"]}).data["state"] == "revoked"
    assert user.rpc("passport.user.me")["companies"] == []
    assert actions(stack, company_id)[-4:] == [
        "invitation.created",
        "invitation.declined",
        "invitation.created",
        "invitation.revoked",
    ]


def test_an_invitation_is_for_its_address_alone(stack, company):
    company_id, owner = company
    made = invite(owner, company_id, stack.user().email)
    other = stack.user()
    for verb in ("accept", "decline", "revoke"):
        known = other.error(f"passport.invitation.{verb}", {"id": made["id"]})
        unknown = other.error(f"passport.invitation.{verb}", {"id": company_id})
        assert (known.code, known.message) == (unknown.code, unknown.message) == (-32004, "invitation not found")
    assert other.rpc("passport.invitation.list")["items"] == []
    assert owner.rpc("passport.invitation.list", {"company_id": company_id})["items"][0]["state"] == "pending"


def test_an_invitation_expires(stack, company):
    company_id, owner = company
    user = stack.user()
    made = invite(owner, company_id, user.email)
    with stack.database("passport") as database:
        database.execute("UPDATE invitation SET expires_at = now() WHERE id = %s", (made["id"],))
    for verb in ("accept", "decline"):
        assert user.error(f"passport.invitation.{verb}", {"id": made["id"]}).data["state"] == "expired"
    assert owner.error("passport.invitation.revoke", {"id": made["id"]}).data["state"] == "expired"
    fresh = invite(owner, company_id, user.email)
    assert fresh["id"] != made["id"]

    def listed(state):
        params = {"company_id": company_id, "state": state}
        return [item["id"] for item in owner.rpc("passport.invitation.list", params)["items"]]

    assert (listed("expired"), listed("pending")) == ([made["id"]], [fresh["id"]])


def test_inviting_again_renews(stack, company):
    company_id, owner = company
    user = stack.user()
    first = invite(owner, company_id, user.email, "staff")
    again = invite(owner, company_id, user.email, "manager")
    assert again["id"] == first["id"] and again["right"] == "manager"
    assert again["expires_at"] > first["expires_at"]
    assert len(owner.rpc("passport.invitation.list", {"company_id": company_id})["items"]) == 1
    keyed = {"company_id": company_id, "email": "k@test.example", "right": "staff", "idempotency_key": "one"}
    assert owner.rpc("passport.invitation.create", keyed) == owner.rpc("passport.invitation.create", keyed)


def test_who_may_invite_whom(stack, company):
    company_id, owner = company
    manager, staff = join(stack, owner, company_id, "manager"), join(stack, owner, company_id)
    params = {"company_id": company_id, "email": "new@test.example", "right": "staff"}
    for right in ("manager", "owner"):
        assert manager.error("passport.invitation.create", params | {"right": right}).reason == "company_right"
    made = manager.rpc("passport.invitation.create", params)
    assert staff.error("passport.invitation.create", params).reason == "company_right"
    assert stack.user().error("passport.invitation.create", params).reason == "company_right"
    assert staff.error("passport.invitation.list", {"company_id": company_id}).reason == "company_right"
    assert staff.error("passport.invitation.revoke", {"id": made["id"]}).reason == "company_right"
    renewed = owner.rpc("passport.invitation.create", params | {"right": "owner"})
    assert renewed["id"] == made["id"]
    # What an owner offered is no manager's to lower or take back.
    assert manager.error("passport.invitation.create", params).reason == "company_right"
    assert manager.error("passport.invitation.revoke", {"id": made["id"]}).reason == "company_right"


def test_members_are_not_invited(stack, company):
    company_id, owner = company
    staff = join(stack, owner, company_id)
    for email in (owner.email, staff.email.upper()):
        params = {"company_id": company_id, "email": email, "right": "staff"}
        error = owner.error("passport.invitation.create", params)
        assert (error.word, error.reason) == ("conflict", "already_member")


def test_who_joined_meanwhile_cannot_accept_again(stack, company):
    company_id, owner = company
    user = stack.user()
    made = invite(owner, company_id, user.email, "owner")
    with stack.database("passport") as database:
        statement = "INSERT INTO company_member (company_id, user_id, \"right\") VALUES (%s, %s, 'staff')"
        database.execute(statement, (company_id, user.id))
    error = user.error("passport.invitation.accept", {"id": made["id"]})
    assert (error.word, error.reason) == ("conflict", "already_member")


def test_nothing_tells_whether_an_address_has_an_account(stack, company):
    company_id, owner = company
    known, unknown = stack.user().email, f"nobody{next(_numbers)}@test.example"
    answers = [invite(owner, company_id, email) for email in (known, unknown)]
    listed = owner.rpc("passport.invitation.list", {"company_id": company_id})["items"]
    for found in (answers, listed):
        shapes = [
            {key: value for key, value in item.items() if key not in ("id", "email", "created_at", "expires_at", "seq")}
            for item in found
        ]
        assert shapes[0] == shapes[1]


def test_many_acceptances_make_one_membership(stack, company):
    company_id, owner = company
    user = stack.user()
    made = invite(owner, company_id, user.email)
    sessions = [stack.login(user.email) for _ in range(4)]
    outcomes = in_parallel(
        [lambda s=sessions[i % 4]: s.rpc("passport.invitation.accept", {"id": made["id"]}) for i in range(32)]
    )
    accepted = [outcome for outcome in outcomes if not isinstance(outcome, RpcError)]
    refused = {(error.word, error.reason or error.data.get("rule")) for error in outcomes if error not in accepted}
    assert len(accepted) == 1 and refused <= {("precondition_failed", "state"), ("unauthenticated", "revoked")}
    with stack.database("passport") as database:
        members = database.execute("SELECT count(*) FROM company_member WHERE user_id = %s", (user.id,)).fetchone()
    assert members[0] == 1 and len(facts(stack, company_id, "passport.member.changed")) == 1


def test_a_suspended_company_takes_nobody_in(stack, company, moderator):
    company_id, owner = company
    user = stack.user()
    made = invite(owner, company_id, user.email)
    moderator.rpc("passport.company.suspend", {"id": company_id} | REASON)
    error = user.error("passport.invitation.accept", {"id": made["id"]})
    assert (error.word, error.data["rule"], error.data["state"]) == (
        "precondition_failed",
        "company_state",
        "suspended",
    )
    assert user.rpc("passport.invitation.list")["items"][0]["company"]["state"] == "suspended"
    moderator.rpc("passport.company.restore", {"id": company_id} | REASON)
    assert user.rpc("passport.invitation.accept", {"id": made["id"]})["state"] == "accepted"


def test_an_account_that_is_not_active_answers_no_invitation(stack, company):
    company_id, owner = company
    user = stack.user()
    made = invite(owner, company_id, user.email)
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET state = 'suspended' WHERE id = %s", (user.id,))
    assert user.error("passport.invitation.accept", {"id": made["id"]}).word in ("not_found", "unauthenticated")
    assert user.id not in [
        item["user_id"] for item in owner.rpc("passport.member.list", {"company_id": company_id})["items"]
    ]


def test_a_company_has_a_hundred_open_invitations(stack, company):
    company_id, owner = company
    with stack.database("passport") as database:
        database.execute(
            'INSERT INTO invitation (id, company_id, email, email_folded, "right", expires_at) '
            "SELECT gen_random_uuid(), %s, n || '@test.example', n || '@test.example', 'staff', "
            "now() + interval '1 day' FROM generate_series(1, 100) n",
            (company_id,),
        )
    params = {"company_id": company_id, "email": "more@test.example", "right": "staff"}
    error = owner.error("passport.invitation.create", params)
    assert (error.data["rule"], error.data["maximum"]) == ("max_invitations", 100)
    assert invite(owner, company_id, "7@test.example", "manager")["right"] == "manager"
    with stack.database("passport") as database:
        database.execute("UPDATE invitation SET expires_at = now() WHERE company_id = %s", (company_id,))
    assert owner.rpc("passport.invitation.create", params)["state"] == "pending"
    listed = all_pages(owner, "passport.invitation.list", {"company_id": company_id, "limit": 30})
    assert len(listed) == len({item["id"] for item in listed}) == 101


def test_one_address_gets_five_letters_a_day(stack, company):
    company_id, owner = company
    params = {"company_id": company_id, "email": "often@test.example", "right": "staff"}
    for _ in range(5):
        owner.rpc("passport.invitation.create", params)
    error = owner.error("passport.invitation.create", params | {"email": "OFTEN@test.example"})
    assert error.word == "rate_limited" and error.data["retry_after_ms"] > 0
    assert owner.rpc("passport.invitation.create", params | {"email": "other@test.example"})["state"] == "pending"


def test_a_company_sends_so_many_an_hour(make_stack):
    stack = make_stack({"passport": {"invitation_limit": 2}}, names=("passport", "gateway"))
    company_id, owner = stack.company()
    for number in range(2):
        invite(owner, company_id, f"{number}@test.example")
    params = {"company_id": company_id, "email": "third@test.example", "right": "staff"}
    error = owner.error("passport.invitation.create", params)
    assert (error.word, error.reason) == ("rate_limited", "invitation.company")
    assert 0 < error.data["retry_after_ms"] <= 3_600_001
    other_company, other_owner = stack.company()
    # Those who may not invite do not use up what others may send.
    for _ in range(3):
        stack.user().error("passport.invitation.create", params | {"company_id": other_company})
    assert invite(other_owner, other_company, "third@test.example")["state"] == "pending"


def test_the_letter_says_who_invites_whereto(stack, company):
    company_id, owner = company
    made = invite(owner, company_id, "letter@test.example", "manager")
    letter = stack.mailbox.wait("letter@test.example", "invitation")
    assert letter.subject == f"Invitation to join {made['company']['name']}"
    for said in ("Owner invites you", "as a manager", made["expires_at"][:10], made["id"]):
        assert said in letter.text, said
    assert letter.token is None


def test_the_letter_speaks_the_language_of_the_invited_account(stack, company):
    company_id, owner = company
    users = [stack.user() for _ in range(2)]
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET locale = 'ru-RU' WHERE id = %s", (users[0].id,))
    for user in users:
        invite(owner, company_id, user.email)
    letters = [stack.mailbox.wait(user.email, "invitation") for user in users]
    assert letters[0].subject.startswith("Приглашение") and "сотрудник" in letters[0].text
    assert letters[1].subject.startswith("Invitation") and "as staff" in letters[1].text
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET locale = 'ru' WHERE id = %s", (owner.id,))
    invite(owner, company_id, "stranger@test.example")
    assert stack.mailbox.wait("stranger@test.example", "invitation").subject.startswith("Приглашение")


def test_an_account_sends_so_many_letters_for_all_its_companies(make_stack):
    """By whichever spelling of a company's id, by whichever of its companies, and by the API keys that it made."""
    stack = make_stack({"passport": {"invitation_account_limit": 6}}, names=("passport", "gateway"))
    first, owner = stack.company()
    second, third = (owner.rpc("passport.company.create", {"name": f"Company {n}"})["id"] for n in (2, 3))
    refresh(stack, owner)
    key = exchange(stack, make_key(owner, third, "passport.invitation.*", right="manager")["secret"])
    letters = itertools.count(1)

    def outcome(company, token=owner.token):
        params = {"company_id": company, "email": f"guest{next(letters)}@example.org", "right": "staff"}
        answer = stack.gateway.answer("passport.invitation.create", params, token)
        data = answer["error"]["data"] if "error" in answer else {}
        return data.get("reason") or data.get("code") or "sent"

    assert outcome(first.upper()) == "invalid_params"
    assert [outcome(company) for company in (first, second) for _ in range(2)] == ["sent"] * 4
    assert [outcome(third, key) for _ in range(3)] == ["sent", "sent", "invitation.account"]
    assert [outcome(company) for company in (first, second, third)] == ["invitation.account"] * 3
    other, stranger = stack.company()
    assert outcome(other, stranger.token) == "sent"
