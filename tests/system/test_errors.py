"""The contract of errors: what the document says of them, what messages name, and that answers are held against it."""

import contract
import pytest
from authenticator import App, wrong_code
from stack import PASSWORD

CLIENTS_REFRESH_ON = -32001


@pytest.fixture(scope="module")
def document(stack):
    return stack.document()


def data_of(document, error):
    """A listed error's code and what its data may say."""
    if "$ref" in error:
        error = document["components"]["errors"][error["$ref"].rpartition("/")[2]]
    return error["code"], error["data"]["allOf"][1]["properties"]


def errors_of(document, name):
    method = next(one for one in document["methods"] if one["name"] == name)
    return dict(data_of(document, error) for error in method["errors"])


def test_the_schema_of_data_stands_once(document):
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if "ErrorData" in name] == ["ErrorData"]
    assert set(schemas["ErrorData"]["required"]) == {"code", "request_id"}
    assert {"reason", "rule", "fields", "retry_after_ms"} <= schemas["ErrorData"]["properties"].keys()
    for error in document["components"]["errors"].values():
        assert error["data"]["allOf"][0] == {"$ref": "#/components/schemas/ErrorData"}


def test_every_method_lists_what_follows_from_its_access(document):
    for method in document["methods"]:
        errors = errors_of(document, method["name"])
        assert {-32602, -32603, -32050, -32051, -32052} <= errors.keys(), method["name"]
        closed = "public" not in method["x-access"]
        if closed:
            assert {"missing", "expired", "revoked"} <= set(errors[-32001]["reason"]["enum"]), method["name"]
            assert "access" in errors[-32003]["reason"]["enum"], method["name"]
        if "x-auth-max-age" in method:
            assert "insufficient_user_authentication" in errors[-32001]["reason"]["enum"], method["name"]


def test_reasons_and_rules_of_a_method_stand_at_it(document):
    booking = errors_of(document, "events.booking.create")
    assert "booked" in booking[-32009]["reason"]["enum"]
    assert {"in_past", "max_duration", "min_duration", "horizon", "closed", "hold"} <= set(
        booking[-32012]["rule"]["enum"]
    )
    assert booking[-32012]["maximum_days"] == {"type": "integer"}
    assert "after" in booking[-32602]["fields"]["items"]["properties"]["rule"]["enum"]


def test_messages_name_field_and_rule(stack):
    user = stack.user()
    period = {"from": "2099-01-02T10:00:00Z", "to": "2099-01-01T10:00:00Z"}
    listing = "01932b5c-7a10-7000-8000-000000000030"
    for method, params, message in [
        ("events.listing.search", {"limit": 0}, "params/limit: must be at least 1"),
        ("events.listing.search", {"nope": 1}, "params/nope: is no parameter of this method"),
        ("events.listing.search", {"limit": "x"}, "params/limit: must be an integer"),
        ("events.listing.search", {"sort": "x"}, "params/sort: must be one of "),
        ("events.listing.search", {"sort": "distance"}, "params/near: must be given"),
        ("events.booking.create", {"period": period}, "params/listing_id: must be given"),
        ("events.booking.create", {"listing_id": "x", "period": period}, "params/listing_id: must be a UUID"),
        ("events.booking.create", {"listing_id": listing, "period": period}, "params/period/to: must be after from"),
        ("events.listing.search", {"a\nb": 1}, "params/a\\u000ab: is no parameter of this method"),
    ]:
        error = user.error(method, params)
        assert error.word == "invalid_params" and error.message.startswith(message), error.message
        assert error.data["fields"][0]["path"].startswith("/params/")
    missing = user.error("events.booking.create", {"listing_id": listing})
    assert [(one["path"], one["rule"]) for one in missing.data["fields"]] == [("/params/period", "required")]


def test_a_rule_ends_the_message_of_a_precondition(stack):
    error = stack.user().error("passport.totp.confirm", {"code": "123456"})
    assert (error.data["rule"], error.message[-11:]) == ("enrolled", " (enrolled)")


def test_a_wrong_credential_of_who_is_logged_in_asks_for_no_refresh(stack):
    """At the login it is -32001; later it says what was wrong, by a code on which no client throws its session away."""
    app = App(stack, stack.user())
    user, wrong = app.user, wrong_code(app)
    login = stack.error("passport.auth.login", {"email": user.email, "password": "not this one"})
    assert (login.code, login.reason) == (CLIENTS_REFRESH_ON, "credentials")
    second = stack.error("passport.auth.second_factor", {"challenge": app.challenge(), "code": wrong})
    assert (second.code, second.reason) == (CLIENTS_REFRESH_ON, "credentials")
    given, other = {"password": "not this one"}, {"new_password": "another long one"}
    for method, params, reason in [
        ("passport.auth.reauthenticate", given, "wrong_password"),
        ("passport.auth.reauthenticate", {"password": PASSWORD, "code": wrong}, "wrong_code"),
        ("passport.auth.reauthenticate", {"password": PASSWORD}, "second_factor"),
        ("passport.password.change", {"current_password": "not this one", **other}, "wrong_password"),
        ("passport.user.update", {"version": 1, "email": "n@test.example", "current_password": "no"}, "wrong_password"),
        ("passport.user.erase", given, "wrong_password"),
    ]:
        error = user.error(method, params)
        assert (error.code, error.word, error.reason) == (-32003, "forbidden", reason), method
        assert error.message != login.message
    assert user.rpc("passport.user.me")["id"] == user.id


def answer(**data):
    return {"code": 0, "message": "m", "data": {"request_id": "x", **data}}


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (answer(code="not_found"), None),
        (answer(code="conflict", reason="stale_version"), None),
        (answer(code="precondition_failed", rule="state"), None),
        (answer(code="parse_error"), None),
        (answer(code="rate_limited", reason="write"), None),
        (answer(code="odd"), "odd is not listed"),
        (answer(code="conflict", reason="odd"), "the reason odd of conflict is not listed"),
        (answer(code="precondition_failed", rule="odd"), "the rule odd of precondition_failed is not listed"),
        (
            answer(code="invalid_params", fields=[{"path": "/params/id", "rule": "type"}]),
            "does not name the first field",
        ),
        (answer(code="not_found") | {"message": "two\nlines"}, "not one short line"),
        ({"code": 0, "message": "m"}, "data has no code"),
    ],
)
def test_an_answer_that_is_not_listed_fails_the_test_that_got_it(stack, error, found):
    said = contract.fault(contract.errors_of(stack.gateway.base, "events.booking.cancel"), error)
    assert said is None if found is None else found in said
