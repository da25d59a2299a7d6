"""One value, one rule: what is the same kind of value is taken, refused and understood alike wherever it is given."""

import json

import pytest
from authenticator import App, code, present
from stack import PASSWORD

HUGE = 2**40
HIDDEN = "Hall \u202ella\u202c"


def field(error):
    first = error.data["fields"][0]
    return first["path"], first["rule"]


def test_a_code_is_taken_with_the_blanks_that_apps_show(stack):
    user = stack.user()
    digits = code(user.rpc("passport.totp.enroll")["secret"])
    assert user.rpc("passport.totp.confirm", {"code": f"{digits[:3]} {digits[3:]}"})["recovery_codes"]
    app = App(stack, stack.user())
    digits, recovery = app.code(), app.recovery_codes[0]
    assert present(stack, app.challenge(), f"{digits[:3]} {digits[3:]}")["user"]["id"] == app.user.id
    longer = {"challenge": app.challenge(), "code": recovery + "AA"}
    assert stack.error("passport.auth.second_factor", longer).word in ("unauthenticated", "forbidden")
    assert present(stack, app.challenge(), f" {recovery.lower().replace('-', ' ')}")["user"]["id"] == app.user.id


@pytest.mark.parametrize("code", ["12345", "1" * 41])
def test_what_is_no_code_is_refused_alike(stack, code):
    user = stack.user()
    for method, params in (
        ("passport.totp.confirm", {}),
        ("passport.auth.second_factor", {"challenge": "x"}),
        ("passport.auth.reauthenticate", {"password": PASSWORD}),
    ):
        assert field(user.error(method, params | {"code": code}))[0] == "/params/code", method


def test_a_version_is_bounded_everywhere(stack):
    company, user = stack.company()
    listing = stack.listing(company, user, type="hall")
    for method, params in (
        ("passport.company.update", {"id": company, "name": "Hall"}),
        ("passport.user.update", {"name": "Ann"}),
        ("events.listing.update", {"id": listing["id"], "title": "Hall"}),
    ):
        assert field(user.error(method, params | {"version": HUGE})) == ("/params/version", "maximum"), method


@pytest.mark.parametrize("text", [HIDDEN, "Hall\nHall", "\u200b", "Hall\x07"])
def test_names_and_titles_are_alike(stack, text):
    company, user = stack.company()
    for method, params in (
        ("passport.company.create", {"name": text}),
        ("passport.user.update", {"name": text, "version": 1}),
        ("passport.api_key.create", {"company_id": company, "name": text, "right": "staff", "scope": "*"}),
        ("events.listing.create", {"company_id": company, "type": "hall", "title": text}),
        ("events.listing.update", {"id": company, "title": text, "version": 1}),
    ):
        path, rule = field(user.error(method, params))
        assert path in ("/params/name", "/params/title") and rule == "format", (method, path, rule)


def test_an_address_has_its_lines(stack):
    """As letters have it, and as cities' own lists of venues do."""
    address = "School of Music\n  Music Building\n  Box 353450\n  Seattle WA 98195"
    assert stack.listing(*stack.company(), type="hall", address=address)["address"] == address


def test_an_address_that_is_none_is_refused_at_every_door_to_an_account(stack):
    for method, params in (
        ("passport.auth.login", {"password": PASSWORD}),
        ("passport.user.register", {"password": PASSWORD, "name": "Ann"}),
        ("passport.password.request_reset", {}),
    ):
        assert field(stack.error(method, params | {"email": "nobody"})) == ("/params/email", "format"), method
    user = stack.user()
    assert stack.login(f" {user.email}\n").id == user.id


def test_an_id_has_one_form(stack):
    """In capitals it is refused wherever it stands, before anything is counted, looked up or compared with it."""
    company, user = stack.company()
    listing = stack.listing(company, user, type="hall")
    invitation = {"company_id": company, "email": "a@example.org", "right": "staff"}
    for method, params, path in (
        ("events.listing.get", {"id": listing["id"]}, "/params/id"),
        ("events.listing.mine", {"company_id": company}, "/params/company_id"),
        ("passport.totp.disable", {"user_id": user.id}, "/params/user_id"),
        ("passport.session.list", {"user_id": user.id}, "/params/user_id"),
        ("passport.member.set_right", {"company_id": company, "user_id": user.id, "right": "staff"}, "/params/user_id"),
        ("passport.invitation.create", invitation, "/params/company_id"),
        ("images.image.list", {"ids": [listing["id"]]}, "/params/ids/0"),
    ):
        name = path.split("/")[2]
        value = params[name]
        capitals = [one.upper() for one in value] if isinstance(value, list) else value.upper()
        refused = user.error(method, params | {name: capitals})
        assert refused.data["fields"] == [{"path": path, "rule": "format", "expected": "uuid"}], method
        assert refused.message == f"{path[1:]}: must be a UUID in lower case"
    assert stack.gateway.get(f"/images/{listing['id'].upper()}").status_code == 404
    assert user.rpc("events.listing.get", {"id": listing["id"]})["id"] == listing["id"]


def test_facts_whose_key_is_in_capitals_are_listed(stack):
    """From before ids had one form."""
    key = "01932B5C-7A10-7000-8000-0000000000AF"
    with stack.database("passport") as database:
        insert = "INSERT INTO outbox (id, topic, key, payload) VALUES (gen_random_uuid(), 'test.made', %s, '{}')"
        for one in (key, key.lower(), "ABC"):
            database.execute(insert, (one,))
        found = stack["passport"].command("check", check=False).stdout.splitlines()
        database.execute("DELETE FROM outbox WHERE topic = 'test.made'")
    rows = [json.loads(line) for line in found]
    assert [(row["check"], row["row"]["key"]) for row in rows] == [("fact_key", key)]


def test_a_key_is_of_the_same_parameters_with_and_without_null(stack):
    company, user = stack.company()
    params = {"company_id": company, "type": "hall", "title": "Hall", "idempotency_key": "one"}
    first = user.rpc("events.listing.create", params)
    assert user.rpc("events.listing.create", params | {"description": None, "address": None}) == first
    page = user.rpc("events.listing.mine", {"company_id": company, "cursor": None, "state": None, "limit": None})
    assert [item["id"] for item in page["items"]] == [first["id"]] and page["next_cursor"] is None
    assert stack.gateway.answer("events.type.list", [])["result"]["items"]
    error = stack.gateway.answer("events.type.get", ["hall"])["error"]
    assert error["data"]["fields"] == [{"path": "/params", "rule": "type", "expected": "object"}]
    assert error["message"] == "params: must be an object"
    listing = user.rpc("events.listing.update", {"id": first["id"], "version": 1, "location": None})
    assert listing["location"] is None
