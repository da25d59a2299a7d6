"""Companies and their members, as users and moderators see them."""

import itertools

import pytest
from companies import actions, all_pages, companies_in, facts, in_parallel, invite, join, refresh
from integration import make_key
from rpc import RpcError
from staff import with_role
from waiting import wait_until

pytestmark = pytest.mark.asan

REASON = {"reason": "for a test"}
_numbers = itertools.count(1)


@pytest.fixture
def company(stack):
    return stack.company()


@pytest.fixture(scope="module")
def moderator(stack):
    return with_role(stack, "moderator")


# --- companies ---


def test_an_update_changes_what_is_given(stack, company):
    company_id, owner = company
    before = stack.rpc("passport.company.get", {"id": company_id})
    assert (before["version"], before["verification"]) == (1, "unverified")
    after = owner.rpc("passport.company.update", {"id": company_id, "version": 1, "country": "NO"})
    assert (after["name"], after["country"], after["version"]) == (before["name"], "NO", 2)
    after = owner.rpc(
        "passport.company.update", {"id": company_id, "version": 2, "name": "Другое имя", "country": None}
    )
    assert (after["name"], after["country"], after["version"]) == ("Другое имя", None, 3)
    stale = owner.error("passport.company.update", {"id": company_id, "version": 2, "name": "Late"})
    assert (stale.word, stale.reason) == ("conflict", "stale_version")
    assert [fact["version"] for fact in facts(stack, company_id, "passport.company.updated")] == [2, 3]
    assert actions(stack, company_id) == ["company.created", "company.updated", "company.updated"]


def test_who_may_update_a_company(stack, company):
    company_id, owner = company
    params = {"id": company_id, "version": 1, "name": "New"}
    staff = join(stack, owner, company_id)
    assert staff.error("passport.company.update", params).reason == "company_right"
    assert stack.user().error("passport.company.update", params).reason == "company_right"
    assert owner.error("passport.company.update", params | {"id": staff.id}).word == "not_found"
    manager = join(stack, owner, company_id, "manager")
    assert manager.rpc("passport.company.update", params)["name"] == "New"


@pytest.mark.parametrize("name", ["", " ", "a\u0007b", "a\u202eb", "x" * 201])
def test_names_that_a_company_cannot_have(stack, company, name):
    company_id, owner = company
    for method, more in (("create", {}), ("update", {"id": company_id, "version": 1})):
        error = owner.error(f"passport.company.{method}", {"name": name} | more)
        assert (error.word, error.data["fields"][0]["path"]) == ("invalid_params", "/params/name")


def test_a_change_of_its_name_takes_the_verification_back(stack, company, moderator):
    company_id, owner = company
    verified = moderator.rpc(
        "passport.company.verify", {"id": company_id, "decision": "verified", "reason": "In the register."}
    )
    assert (verified["verification"], verified["verification_reason"]) == ("verified", "In the register.")
    same = owner.rpc("passport.company.update", {"id": company_id, "version": 2, "name": verified["name"]})
    assert same["verification"] == "verified" and same["verified_at"] == verified["verified_at"]
    other = owner.rpc("passport.company.update", {"id": company_id, "version": 3, "name": "Royal Bank"})
    assert other["verification"] == "unverified"


def test_a_verification_is_decided_once(stack, company, moderator):
    company_id, owner = company
    params = {"id": company_id, "decision": "rejected", "reason": "No such company."}
    first = moderator.rpc("passport.company.verify", params)
    again = moderator.rpc("passport.company.verify", params)
    assert (again["verification"], again["version"]) == (first["verification"], first["version"]) == ("rejected", 2)
    assert len(facts(stack, company_id, "passport.company.verified")) == 1
    assert actions(stack, company_id) == ["company.created", "company.rejected"]
    assert "The reason: No such company." in stack.mailbox.wait(owner.email, "company_rejected").text
    assert owner.rpc("passport.company.get", {"id": company_id})["verification_reason"] == "No such company."
    public = stack.rpc("passport.company.get", {"id": company_id})
    assert public["verification"] == "rejected" and "verification_reason" not in public
    assert moderator.error("passport.company.verify", params | {"reason": " "}).word == "invalid_params"
    assert moderator.error("passport.company.verify", params | {"id": owner.id}).word == "not_found"
    assert owner.error("passport.company.verify", params).word == "forbidden"


def test_search_finds_by_everything_it_offers(stack, moderator):
    owner, mark = stack.user(), f"Ærfugl{next(_numbers)}"
    made = [
        owner.rpc("passport.company.create", {"name": f"{mark} {letter}", "country": country})
        for letter, country in zip("ABCDE", ["NO", "NO", "SE", "NO", "SE"], strict=True)
    ]
    ids = [company["id"] for company in made]
    moderator.rpc("passport.company.verify", {"id": ids[1], "decision": "verified"} | REASON)
    moderator.rpc("passport.company.suspend", {"id": ids[3]} | REASON)

    def found(**params):
        return [item["id"] for item in all_pages(moderator, "passport.company.search", {"limit": 2} | params)]

    text = {"text": mark.upper()}
    assert found(**text) == ids[::-1]
    assert found(text=ids[2].upper()) == [ids[2]]
    assert found(**text, country="SE") == [ids[4], ids[2]]
    assert found(**text, state="suspended") == [ids[3]]
    assert found(**text, verification="verified") == [ids[1]]
    assert found(**text, created_from=made[3]["created_at"]) == [ids[4], ids[3]]
    assert found(**text, created_to=made[1]["created_at"]) == [ids[0]]
    assert found(text="%") == found(text="_%") == []
    cursor = moderator.rpc("passport.company.search", {"limit": 2} | text)["next_cursor"]
    other = {"limit": 2, "country": "NO", "cursor": cursor} | text
    assert moderator.error("passport.company.search", other).word == "invalid_params"
    assert stack.user().error("passport.company.search").word == "forbidden"


def test_moderators_do_not_decide_about_their_own_company(stack):
    company_id, owner = stack.company(with_role(stack, "moderator"))
    verify = ("passport.company.verify", {"id": company_id, "decision": "verified"} | REASON)
    suspend = ("passport.company.suspend", {"id": company_id} | REASON)
    restore = ("passport.company.restore", {"id": company_id} | REASON)
    for method, params in (verify, suspend, restore):
        assert owner.error(method, params).reason == "own_company"
    assert actions(stack, company_id) == ["company.created"]
    company_id, administrator = stack.company(with_role(stack, "admin"))
    assert administrator.rpc(verify[0], verify[1] | {"id": company_id})["verification"] == "verified"


def test_moderators_do_not_decide_about_a_company_whose_key_they_made(stack):
    """Also after they have left it, for as long as the key is good."""
    company_id, owner = stack.company()
    moderator = join(stack, owner, company_id, right="owner")
    key = {"company_id": company_id, "id": make_key(moderator, company_id)["id"]}
    moderator.rpc("passport.member.remove", {"company_id": company_id, "user_id": moderator.id})
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET roles = '{user,moderator}' WHERE id = %s", (moderator.id,))
    refresh(stack, moderator)
    verify = {"id": company_id, "decision": "verified"} | REASON
    assert moderator.error("passport.company.verify", verify).reason == "own_company"
    # The new secret is its owner's, and the old one ends when the overlap does.
    owner.rpc("passport.api_key.rotate", key | {"overlap_seconds": 3600})
    assert moderator.error("passport.company.verify", verify).reason == "own_company"
    owner.rpc("passport.api_key.rotate", key | {"overlap_seconds": 0})
    assert moderator.rpc("passport.company.verify", verify)["verification"] == "verified"


def test_who_verified_a_company_does_not_join_it(stack):
    company_id, owner = stack.company()
    moderator, another = with_role(stack, "moderator"), with_role(stack, "moderator")
    invitation = {"id": invite(owner, company_id, moderator.email)["id"]}
    verify = {"id": company_id, "decision": "verified"}
    moderator.rpc("passport.company.verify", verify | REASON)
    refused = moderator.error("passport.invitation.accept", invitation)
    assert (refused.word, refused.data["rule"]) == ("precondition_failed", "own_decision")
    another.rpc("passport.company.verify", verify | {"reason": "seen by another one"})
    assert moderator.rpc("passport.invitation.accept", invitation)["state"] == "accepted"


# --- suspension ---


def test_suspension_takes_the_rights_out_of_all_tokens(stack, company, moderator):
    company_id, owner = company
    staff = join(stack, owner, company_id)
    own = {"company_id": company_id}
    suspended = moderator.rpc("passport.company.suspend", {"id": company_id} | REASON)
    assert (suspended["state"], suspended["state_reason"]) == ("suspended", REASON["reason"])
    for member in (owner, staff):
        assert member.error("passport.member.list", own).reason == "revoked"
        wait_until(lambda m=member: m.error("events.listing.mine", own).reason == "revoked", what="events refuses")
        refresh(stack, member)
        assert companies_in(member.token) == {}
        assert member.error("passport.member.list", own).reason == "company_right"
        assert member.error("events.listing.mine", own).reason == "company_right"
        assert [item["state"] for item in member.rpc("passport.user.me")["companies"]] == ["suspended"]
    service = stack.service_token("events")
    right = {"user_id": owner.id, "company_id": company_id}
    assert stack["passport"].rpc("passport.member.right", right, service) == {"right": None, "member": True}
    assert owner.rpc("passport.company.get", {"id": company_id})["state_reason"] == REASON["reason"]
    assert stack.rpc("passport.company.get", {"id": company_id})["state"] == "suspended"
    restored = moderator.rpc("passport.company.restore", {"id": company_id} | REASON)
    assert restored["state"] == "active"
    assert owner.rpc("passport.member.list", own)["items"]
    assert stack["passport"].rpc("passport.member.right", right, service) == {"right": "owner", "member": True}
    assert companies_in(refresh(stack, owner).token) == {company_id: "owner"}


def test_suspending_twice_is_suspending_once(stack, company, moderator):
    company_id, owner = company
    first = moderator.rpc("passport.company.suspend", {"id": company_id} | REASON)
    again = moderator.rpc("passport.company.suspend", {"id": company_id, "reason": "another"})
    assert (again["version"], again["state_reason"]) == (first["version"], first["state_reason"])
    moderator.rpc("passport.company.restore", {"id": company_id} | REASON)
    moderator.rpc("passport.company.restore", {"id": company_id} | REASON)
    assert len(facts(stack, company_id, "passport.company.suspended")) == 1
    assert len(facts(stack, company_id, "passport.company.restored")) == 1
    assert actions(stack, company_id) == ["company.created", "company.suspended", "company.restored"]
    refresh(stack, owner)
    assert owner.error("passport.company.suspend", {"id": company_id} | REASON).word == "forbidden"


def test_nothing_but_leaving_works_in_a_suspended_company(stack, company, moderator):
    company_id, owner = company
    staff = join(stack, owner, company_id)
    moderator.rpc("passport.company.suspend", {"id": company_id} | REASON)
    refresh(stack, owner)
    update = {"id": company_id, "version": 2, "name": "New"}
    assert owner.error("passport.company.update", update).data["rule"] == "company_state"
    other = {"company_id": company_id, "user_id": staff.id}
    assert owner.error("passport.member.remove", other).data["rule"] == "company_state"
    assert refresh(stack, staff).rpc("passport.member.remove", other)["removed"] is True
    leaving = {"company_id": company_id, "user_id": owner.id}
    assert owner.error("passport.member.remove", leaving).data["rule"] == "last_owner"


# --- members ---


def test_members_are_listed_for_those_who_may_know(stack, company, moderator):
    company_id, owner = company
    manager = join(stack, owner, company_id, "manager", "Anna Große")
    staff = join(stack, owner, company_id, "staff", "Bo")
    own = {"company_id": company_id}
    for caller in (owner, manager, moderator):
        items = all_pages(caller, "passport.member.list", own | {"limit": 1})
        assert [item["user_id"] for item in items] == [owner.id, manager.id, staff.id]
        assert [item["email"] for item in items] == [owner.email, manager.email, staff.email]
        assert [item["right"] for item in items] == ["owner", "manager", "staff"]
    assert all("email" not in item for item in staff.rpc("passport.member.list", own)["items"])

    def found(caller, **params):
        return [item["user_id"] for item in caller.rpc("passport.member.list", own | params)["items"]]

    assert found(owner, right="manager") == [manager.id]
    assert found(owner, text="anna gro") == found(owner, text=manager.email.upper()) == [manager.id]
    assert found(staff, text=manager.email) == []
    assert stack.user().error("passport.member.list", own).reason == "company_right"
    assert moderator.error("passport.member.list", {"company_id": staff.id}).word == "not_found"


def test_a_changed_right_counts_at_once(stack, company):
    company_id, owner = company
    staff = join(stack, owner, company_id)
    own = {"company_id": company_id}
    params = own | {"user_id": staff.id, "right": "manager"}
    member = owner.rpc("passport.member.set_right", params)
    assert (member["right"], member["email"]) == ("manager", staff.email)
    assert staff.error("passport.user.me").reason == "revoked"
    wait_until(lambda: staff.error("events.listing.mine", own).reason == "revoked", what="events refuses the token")
    assert companies_in(refresh(stack, staff).token) == {company_id: "manager"}
    assert owner.rpc("passport.member.set_right", params)["right"] == "manager"
    assert staff.rpc("passport.user.me")["id"] == staff.id
    changed = facts(stack, company_id, "passport.member.changed")
    assert changed[-1] == {"company_id": company_id, "user_id": staff.id, "right": "manager"} and len(changed) == 2
    assert staff.error("passport.member.set_right", params).reason == "company_right"
    stranger = stack.user()
    assert owner.error("passport.member.set_right", params | {"user_id": stranger.id}).word == "not_found"
    assert actions(stack, company_id)[-1] == "member.right_changed"


def test_a_removed_member_is_out_at_once(stack, company):
    company_id, owner = company
    staff, manager = join(stack, owner, company_id), join(stack, owner, company_id, "manager")
    params = {"company_id": company_id, "user_id": staff.id}
    assert manager.error("passport.member.remove", params).reason == "company_right"
    assert stack.user().error("passport.member.remove", params).reason == "company_right"
    assert owner.rpc("passport.member.remove", params)["removed"] is True
    assert staff.error("passport.user.me").reason == "revoked"
    assert companies_in(refresh(stack, staff).token) == {}
    assert staff.rpc("passport.user.me")["companies"] == []
    assert owner.error("passport.member.remove", params).word == "not_found"
    assert facts(stack, company_id, "passport.member.changed")[-1]["right"] is None
    leaving = {"company_id": company_id, "user_id": manager.id}
    assert manager.rpc("passport.member.remove", leaving)["removed"] is True
    assert actions(stack, company_id)[-2:] == ["member.removed", "member.left"]


def test_the_last_owner_stays(stack, company):
    company_id, owner = company
    own = {"company_id": company_id, "user_id": owner.id}
    down = own | {"right": "staff"}
    assert owner.error("passport.member.remove", own).data["rule"] == "last_owner"
    assert owner.error("passport.member.set_right", down).data["rule"] == "last_owner"
    second = join(stack, owner, company_id, "owner")
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET state = 'suspended' WHERE id = %s", (second.id,))
    assert owner.error("passport.member.remove", own).data["rule"] == "last_owner"
    with stack.database("passport") as database:
        database.execute("UPDATE user_account SET state = 'active' WHERE id = %s", (second.id,))
    assert owner.rpc("passport.member.set_right", down)["right"] == "staff"
    assert second.error("passport.member.remove", {**own, "user_id": second.id}).data["rule"] == "last_owner"


def test_of_two_owners_leaving_at_once_one_stays(stack):
    for _ in range(8):
        company_id, owner = stack.company()
        owners = [owner, join(stack, owner, company_id, "owner")]
        outcomes = in_parallel(
            [
                lambda o=one, c=company_id: o.rpc("passport.member.remove", {"company_id": c, "user_id": o.id})
                for one in owners
            ]
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, RpcError)]
        assert [error.data["rule"] for error in refused] == ["last_owner"]
        with stack.database("passport") as database:
            left = database.execute("SELECT count(*) FROM company_member WHERE company_id = %s", (company_id,))
            assert left.fetchone()[0] == 1


def test_two_owners_who_downgrade_each_other_leave_one(stack):
    for _ in range(8):
        company_id, owner = stack.company()
        second = join(stack, owner, company_id, "owner")
        pairs = ((owner, second), (second, owner))
        in_parallel(
            [
                lambda a=actor, u=user, c=company_id: a.rpc(
                    "passport.member.set_right", {"company_id": c, "user_id": u.id, "right": "staff"}
                )
                for actor, user in pairs
            ]
        )
        with stack.database("passport") as database:
            owners = database.execute(
                "SELECT count(*) FROM company_member WHERE company_id = %s AND \"right\" = 'owner'", (company_id,)
            )
            assert owners.fetchone()[0] == 1
