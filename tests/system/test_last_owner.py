"""Many at once on what must not run out: the owners of a company, the administrators of the platform."""

import pytest
from companies import in_parallel, join, odd
from stack import PASSWORD
from staff import administrator

pytestmark = pytest.mark.asan


def test_thirty_two_changes_of_owners_leave_one(stack):
    company, owner = stack.company()
    owners = [owner, *(join(stack, owner, company, "owner") for _ in range(7))]
    calls = []
    for number, one in enumerate(owners):
        other = owners[(number + 1) % len(owners)]
        for method, user, more in (
            ("passport.member.remove", other, {}),
            ("passport.member.remove", one, {}),
            ("passport.member.set_right", other, {"right": "staff"}),
        ):
            params = {"company_id": company, "user_id": user.id, **more}
            calls.append(lambda o=one, m=method, p=params: o.rpc(m, p))
        calls.append(lambda o=one: o.rpc("passport.user.erase", {"password": PASSWORD}))
    outcomes = in_parallel(calls)
    assert not odd(outcomes), odd(outcomes)
    with stack.database("passport") as database:
        left = database.execute(
            "SELECT c.state, (SELECT count(*) FROM company_member m JOIN user_account u ON u.id = m.user_id WHERE "
            "m.company_id = c.id AND m.\"right\" = 'owner' AND u.state = 'active'), (SELECT count(*) FROM "
            "company_member m WHERE m.company_id = c.id) FROM company c WHERE c.id = %s",
            (company,),
        ).fetchone()
    # Or all of them are gone, the last one by erasure, and the company is suspended.
    assert left[1] >= 1 or (left[0] == "suspended" and left[2] == 0), left


def test_thirty_two_changes_of_administrators_leave_one(fresh_stack):
    stack = fresh_stack
    first = stack.login(stack.admin().email)
    admins = [first, *(administrator(stack) for _ in range(7))]
    calls = []
    for number, one in enumerate(admins):
        other, third = admins[(number + 1) % 8], admins[(number + 3) % 8]
        calls += [
            lambda o=one, u=other: o.rpc("passport.user.revoke_role", {"id": u.id, "role": "admin"}),
            lambda o=one, u=third: o.rpc("passport.user.suspend", {"id": u.id, "reason": "x"}),
            lambda o=one: o.rpc("passport.user.revoke_role", {"id": o.id, "role": "admin"}),
            lambda o=one: o.rpc("passport.user.erase", {"password": PASSWORD}),
        ]
    outcomes = in_parallel(calls)
    assert not odd(outcomes), odd(outcomes)
    with stack.database("passport") as database:
        active = "SELECT count(*) FROM user_account WHERE state = 'active' AND 'admin' = ANY (roles)"
        assert database.execute(active).fetchone()[0] >= 1
