"""Attributes of users that an administrator defines by a JSON Schema."""

import pytest
from staff import moderator

pytestmark = pytest.mark.asan
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "vat_id": {"type": "string", "pattern": "^[A-Z]{2}[0-9A-Z]{2,12}$", "x-trim": True},
        "newsletter": {"type": "boolean"},
        "languages": {"type": "array", "maxItems": 3, "items": {"$ref": "#/definitions/language"}},
    },
    "definitions": {"language": {"type": "string", "minLength": 2, "maxLength": 3}},
}


def set_schema(stack, schema):
    version = stack.admin().rpc("passport.attribute_schema.get")["version"]
    return stack.admin().rpc("passport.attribute_schema.set", {"schema": schema, "version": version})


def test_without_a_schema_there_are_no_attributes(fresh_stack):
    assert fresh_stack.user().rpc("passport.attribute_schema.get") | {"updated_at": ""} == {
        "schema": {"type": "object", "additionalProperties": False},
        "version": 1,
        "updated_at": "",
    }


def test_an_administrator_sets_the_schema(stack):
    first = set_schema(stack, SCHEMA)
    assert first["schema"] == SCHEMA and first["seq"] >= 0
    assert stack.user().rpc("passport.attribute_schema.get")["version"] == first["version"]
    stale = stack.admin().error("passport.attribute_schema.set", {"schema": SCHEMA, "version": first["version"] - 1})
    assert (stale.word, stale.reason) == ("conflict", "stale_version")
    wanted = {"schema": SCHEMA, "version": first["version"]}
    assert moderator(stack).error("passport.attribute_schema.set", wanted).word == "forbidden"
    event = stack.admin().rpc("passport.audit.list", {"action": "attribute_schema.changed"})["items"][0]
    assert event["actor_id"] == stack.admin().id
    assert event["details"] == {"replaced_version": first["version"] - 1}


@pytest.mark.parametrize(
    ("schema", "path", "rule"),
    [
        ({}, "/params/schema/type", "const"),
        ({"type": ["object", "null"]}, "/params/schema/type", "const"),
        (
            {"type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema"},
            "/params/schema/$schema",
            "const",
        ),
        ({"type": "object", "required": "name"}, "/params/schema", "schema"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "/params/schema/properties/a", "schema"),
        ({"type": "object", "properties": {"a": {"pattern": "("}}}, "/params/schema/properties/a", "schema"),
        ({"type": "object", "properties": {"a": {"$ref": "https://x.example/s"}}}, "/params/schema", "schema"),
        ({"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}}, "/params/schema", "schema"),
        ({"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}}, "/params/schema", "schema"),
        ({"type": "object", "description": "x" * 16384}, "/params/schema", "maxBytes"),
    ],
)
def test_what_is_no_schema_is_refused_and_says_why(stack, schema, path, rule):
    before = stack.admin().rpc("passport.attribute_schema.get")
    error = stack.admin().error("passport.attribute_schema.set", {"schema": schema, "version": before["version"]})
    field = error.data["fields"][0]
    assert error.word == "invalid_params" and field["rule"] == rule and field["expected"], error
    assert field["path"].startswith(path), field
    assert stack.admin().rpc("passport.attribute_schema.get") == before


def test_a_user_has_the_attributes_that_fit(stack):
    set_schema(stack, SCHEMA)
    user = stack.user()
    wanted = {"vat_id": "NO123456", "newsletter": True}
    given = wanted | {"vat_id": " NO123456 "}
    assert user.rpc("passport.user.update", {"version": 1, "attributes": given})["attributes"] == wanted
    user.rpc("passport.user.update", {"version": 2, "name": "Same attributes"})
    assert user.rpc("passport.user.me")["attributes"] == wanted
    error = user.error("passport.user.update", {"version": 3, "attributes": {"shoe_size": 43}})
    fields = [(field["path"], field["rule"]) for field in error.data["fields"]]
    assert fields == [("/params/attributes/shoe_size", "additionalProperties")]
    assert user.rpc("passport.user.me")["version"] == 3


def test_attributes_of_a_user_fit_the_schema(stack):
    set_schema(stack, SCHEMA)
    user = stack.user()
    assert user.rpc("passport.user.me")["attributes"] == {}
    attributes = {"vat_id": "  NO123456 ", "newsletter": True, "languages": ["en", "nb"]}
    changed = user.rpc("passport.user.update", {"version": 1, "attributes": attributes})
    assert changed["attributes"] == attributes | {"vat_id": "NO123456"}
    assert user.rpc("passport.user.me")["attributes"] == changed["attributes"]
    assert moderator(stack).rpc("passport.user.get", {"id": user.id})["attributes"] == changed["attributes"]
    bad = {"vat_id": "123", "newsletter": "yes", "languages": ["en", "x"], "age": 5}
    error = user.error("passport.user.update", {"version": changed["version"], "attributes": bad})
    assert {(field["path"], field["rule"]) for field in error.data["fields"]} == {
        ("/params/attributes/vat_id", "pattern"),
        ("/params/attributes/newsletter", "type"),
        ("/params/attributes/languages/1", "minLength"),
        ("/params/attributes/age", "additionalProperties"),
    }
    assert user.rpc("passport.user.me")["attributes"] == changed["attributes"], "nothing half done"


def test_a_later_schema_counts_from_the_next_update(stack):
    set_schema(stack, SCHEMA)
    user = stack.user()
    user.rpc("passport.user.update", {"version": 1, "attributes": {"newsletter": True}})
    set_schema(stack, {"type": "object", "maxProperties": 0})
    renamed = user.rpc("passport.user.update", {"version": 2, "name": "Renamed"})
    assert renamed["attributes"] == {"newsletter": True}
    error = user.error("passport.user.update", {"version": 3, "attributes": {"newsletter": False}})
    assert error.data["fields"][0]["rule"] == "maxProperties"


def test_attributes_have_a_size_limit(stack):
    set_schema(stack, {"type": "object"})
    big = {"version": 1, "attributes": {"text": "x" * 8192}}
    field = stack.user().error("passport.user.update", big).data["fields"][0]
    assert (field["path"], field["rule"], field["expected"]) == ("/params/attributes", "maxBytes", 8192)


def test_a_costly_pattern_is_bounded(stack):
    """A pattern that backtracks for ever costs a bounded time, and the answer names the field."""
    set_schema(stack, {"type": "object", "properties": {"text": {"pattern": "^(a+)+$"}}})
    error = stack.user().error("passport.user.update", {"version": 1, "attributes": {"text": "a" * 60 + "!"}})
    assert error.data["fields"][0]["path"] == "/params/attributes/text"
