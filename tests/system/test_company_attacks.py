"""What somebody with bad intentions tries on companies, programs and administration, and what happens at one moment."""

import time

import pytest
from companies import in_parallel, invite, join, odd
from integration import exchange, make_key, wait_revoked
from rpc import RpcError
from stack import PASSWORD
from staff import administrator, with_role
from waiting import wait_until

pytestmark = pytest.mark.asan

DOORS = {"events": "events.listing.mine", "passport": "passport.member.list"}


def waiting(stack):
    """How many backends of passport wait for a lock."""
    with stack.database("passport") as database:
        return database.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()[0]


# --- programs ---


def test_suspending_a_company_while_its_keys_change_never_deadlocks(stack):
    moderator = with_role(stack, "moderator")
    for _ in range(6):
        company, owner = stack.company()
        keys = [make_key(owner, company, name=f"Key {number}") for number in range(8)]
        calls = [lambda c=company: moderator.rpc("passport.company.suspend", {"id": c, "reason": "x"})]
        for number, key in enumerate(keys):
            method = "passport.api_key.disable" if number % 2 else "passport.api_key.rotate"
            params = {"company_id": company, "id": key["id"]}
            calls.append(lambda o=owner, m=method, p=params: o.rpc(m, p))
        outcomes = in_parallel(calls[1:5] + calls[:1] + calls[5:])
        assert not odd(outcomes), odd(outcomes)


def test_the_keys_of_a_company_that_nobody_belongs_to_are_void_at_once(stack):
    company, owner = stack.company()
    token = exchange(stack, make_key(owner, company)["secret"])
    assert stack.rpc("events.listing.mine", {}, token)["items"] == []
    owner.rpc("passport.user.erase", {"password": PASSWORD})
    wait_revoked(stack, DOORS, token)


def test_an_owner_who_is_being_removed_makes_no_more_keys(stack):
    """The right counts as it is when the key is made, not when the call came in."""
    company, owner = stack.company()
    second = join(stack, owner, company, "owner")
    with stack.database("passport") as blocker:
        blocker.autocommit = False
        blocker.execute("SELECT FROM company WHERE id = %s FOR UPDATE", (company,))

        def then(number, call):
            wait_until(lambda: waiting(stack) >= number, what="the calls to wait for the company")
            return call()

        leave = {"company_id": company, "user_id": second.id}
        outcomes = in_parallel(
            [
                lambda: owner.rpc("passport.member.remove", leave),
                lambda: then(1, lambda: make_key(second, company)),
                lambda: then(2, blocker.rollback),
            ]
        )
    assert outcomes[0]["removed"] is True
    assert isinstance(outcomes[1], RpcError) and outcomes[1].word in ("forbidden", "unauthenticated"), outcomes[1]


def test_a_suspended_company_of_any_size_is_told_of_in_small_pages(stack):
    """An answer with forty thousand members at once is too large to be given: nobody heard of anything for an hour."""
    company, owner = stack.company()
    for _ in range(4):
        join(stack, owner, company)
    owner = stack.login(owner.email)
    make_key(owner, company)
    token = stack.service_token("rating")
    page = {"seq": 0, "more": True}
    while page["more"]:
        page = stack["passport"].rpc("passport.revocation.watch", {"after": page["seq"], "limit": 5000}, token)
    with_role(stack, "moderator").rpc("passport.company.suspend", {"id": company, "reason": "x"})
    ids = []
    for more in (True, True, False):
        page = stack["passport"].rpc("passport.revocation.watch", {"after": page["seq"], "limit": 2}, token)
        assert (len(page["revocations"]), page["more"]) == (2, more)
        ids += [one["id"] for one in page["revocations"]]
    assert len(set(ids)) == 6 and owner.id in ids


def test_who_has_missed_many_revocations_is_told_of_them_in_pages(stack):
    """All of an hour's in one answer was more than it may have: a daemon that started then never heard of any."""
    token = stack.service_token("rating")
    with stack.database("passport") as database:
        database.execute(
            "WITH n AS (UPDATE revocation_counter SET value = value + 2500 RETURNING value) INSERT INTO revocation "
            "(seq, kind, id) SELECT n.value - number, 'session', gen_random_uuid() "
            "FROM n, generate_series(0, 2499) number"
        )
    page = stack["passport"].rpc("passport.revocation.watch", {}, token)
    assert (len(page["revocations"]), page["more"]) == (1000, True)


def test_names_that_a_key_cannot_have(stack):
    company, owner = stack.company()
    for name in ("line\nbreak", "\u202etxet", "\x01"):
        params = {"company_id": company, "name": name, "right": "staff", "scope": "*"}
        assert owner.error("passport.api_key.create", params).data["fields"][0]["path"] == "/params/name"


# --- members ---


@pytest.mark.parametrize("way", ["makes", "joins"])
def test_who_goes_for_good_leaves_no_company_behind(stack, way):
    """Whoever comes first, the erasure or the membership, the other sees it."""
    company, owner = stack.company()
    user = stack.user()
    user = stack.login(user.email)
    invitation = invite(owner, company, user.email, "owner")
    calls = {
        "makes": ("passport.company.create", {"name": "Left behind"}),
        "joins": ("passport.invitation.accept", {"id": invitation["id"]}),
    }
    with stack.database("passport") as blocker:
        blocker.autocommit = False
        blocker.execute("SELECT FROM user_account WHERE id = %s FOR NO KEY UPDATE", (user.id,))

        def then(number, call):
            wait_until(lambda: waiting(stack) >= number, what="the calls to wait for the user")
            return call()

        outcomes = in_parallel(
            [
                lambda: user.rpc("passport.user.erase", {"password": PASSWORD}),
                lambda: then(1, lambda: user.rpc(*calls[way])),
                lambda: then(2, blocker.rollback),
            ]
        )
    assert not odd(outcomes), odd(outcomes)
    assert sum(isinstance(one, RpcError) for one in outcomes) == 1
    with stack.database("passport") as database:
        left = "SELECT count(*) FROM company_member m JOIN user_account u ON u.id = m.user_id WHERE u.id = %s"
        assert database.execute(left + " AND u.state = 'erased'", (user.id,)).fetchone()[0] == 0


def test_a_removed_owner_comes_back_by_no_invitation_of_his_own(stack):
    company, owner = stack.company()
    second = join(stack, owner, company, "owner")
    accomplice = stack.user()
    invitation = invite(second, company, accomplice.email, "owner")
    owner.rpc("passport.member.remove", {"company_id": company, "user_id": second.id})
    error = accomplice.error("passport.invitation.accept", {"id": invitation["id"]})
    assert (error.word, error.data["state"]) == ("precondition_failed", "revoked")


@pytest.mark.parametrize("right, kept", [("manager", ["staff"]), ("staff", [])])
def test_who_is_given_a_lower_right_keeps_no_invitation_that_it_does_not_allow(stack, right, kept):
    company, owner = stack.company()
    second = join(stack, owner, company, "owner")
    for offered in ("staff", "manager", "owner"):
        invite(second, company, f"{offered}.{right}@test.example", offered)
    invite(owner, company, f"other.{right}@test.example", "owner")
    owner.rpc("passport.member.set_right", {"company_id": company, "user_id": second.id, "right": right})
    pending = owner.rpc("passport.invitation.list", {"company_id": company, "state": "pending"})["items"]
    assert sorted(invitation["right"] for invitation in pending) == sorted(["owner", *kept])


def test_nobody_owns_more_companies_than_allowed(stack):
    _, owner = stack.company()
    with stack.database("passport") as database:
        database.execute(
            "WITH c AS (INSERT INTO company (id, name) SELECT gen_random_uuid(), 'Many' FROM generate_series(1, 97) "
            "RETURNING id) INSERT INTO company_member (company_id, user_id, \"right\") SELECT id, %s, 'owner' FROM c",
            (owner.id,),
        )
    outcomes = in_parallel([lambda: owner.rpc("passport.company.create", {"name": "One too many"})] * 16)
    errors = [one for one in outcomes if isinstance(one, RpcError)]
    assert len(outcomes) - len(errors) == 2 and {one.data["rule"] for one in errors} == {"max_companies"}


# --- administration ---


def test_moderators_do_not_restore_administrators(stack):
    admin, moderator = administrator(stack), with_role(stack, "moderator")
    stack.admin().rpc("passport.user.suspend", {"id": admin.id, "reason": "does harm"})
    assert moderator.error("passport.user.restore", {"id": admin.id}).word == "forbidden"
    assert stack.admin().rpc("passport.user.restore", {"id": admin.id})["state"] == "active"


COSTLY = {
    "many patterns": {"type": "object", "patternProperties": {f"^(a+)+{number}$": {} for number in range(100)}},
    "a tree of references": {
        "type": "object",
        "definitions": {f"d{number}": {"allOf": [{"$ref": f"#/definitions/d{number + 1}"}] * 2} for number in range(60)}
        | {"d60": {}},
        "allOf": [{"$ref": "#/definitions/d0"}],
    },
    "a loop": {"type": "object", "anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
}


@pytest.mark.parametrize("schema", COSTLY.values(), ids=COSTLY)
def test_no_schema_of_attributes_keeps_passport_busy(fresh_stack, schema):
    stack = fresh_stack
    admin, user = stack.login(stack.admin().email), stack.user()
    version = admin.rpc("passport.attribute_schema.get")["version"]
    answer = stack["passport"].answer(
        "passport.attribute_schema.set", {"schema": schema, "version": version}, admin.token
    )
    if "error" in answer:
        assert answer["error"]["data"]["fields"][0]["rule"] == "schema"
        return
    attributes = {"a" * 40 + f"{number}!": 1 for number in range(120)}
    started = time.monotonic()
    stack["passport"].answer("passport.user.update", {"version": 1, "attributes": attributes}, user.token)
    assert time.monotonic() - started < 5
    assert user.rpc("passport.user.me")["id"] == user.id


def test_what_the_staff_writes_about_a_user_is_for_the_staff(stack):
    moderator, user = with_role(stack, "moderator"), stack.user()
    moderator.rpc("passport.user.suspend", {"id": user.id, "reason": "reported by a neighbour"})
    moderator.rpc("passport.user.restore", {"id": user.id, "reason": "the neighbour was wrong"})
    user = stack.login(user.email)
    assert "neighbour" in str(moderator.rpc("passport.audit.list", {"user_id": user.id}))
    for answer in (user.rpc("passport.audit.list"), user.rpc("passport.user.export")):
        assert "user.suspended" in str(answer) and "user.restored" in str(answer)
        assert "neighbour" not in str(answer)


def test_numbers_of_attributes_stay_small(stack):
    """A number of six characters must not become one of three hundred in every answer."""
    admin, user = stack.login(stack.admin().email), stack.user()
    version = admin.rpc("passport.attribute_schema.get")["version"]
    admin.rpc("passport.attribute_schema.set", {"schema": {"type": "object"}, "version": version})
    answer = stack["passport"].answer(
        "passport.user.update", {"version": 1, "attributes": {"numbers": [1e308] * 1000}}, user.token
    )
    assert answer["error"]["data"]["fields"][0]["path"] == "/params/attributes"
    assert user.rpc("passport.user.me")["version"] == 1
