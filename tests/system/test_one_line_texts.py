"""Texts of the staff that others read on one line: reasons, remarks, names of the catalogue."""

import pytest
from sample import Sampler
from stack import NAMES

pytestmark = pytest.mark.asan

BAD = [
    "a\nb",  # another line, in a letter or a list
    "a\r\nb",
    "a\tb",
    "\u001b[31mred",  # what a terminal obeys
    "a\u0085b",  # C1
    "a\u2028b",
    "good \u202egnp.exe",  # the writing direction turned
    "\u2066a",
    "\u200b",  # nothing to be seen
]
GOOD = ["  Ticket 4711: «fraud», 詐欺 ", "הונאה \u200f!", "👩\u200d👧"]


def resolved(document, schema):
    reference = schema.get("$ref", "")
    return document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema


def one_line_params(document, daemon):
    """(method, name of the parameter, its format) of all texts of the staff on one line."""
    for method in document["methods"]:
        for param in method["params"] if method["name"].startswith(f"{daemon}.") else []:
            schema, name = resolved(document, param["schema"]), param["name"]
            a_name = name == "name" and method["x-access"] == ["admin"] and "pattern" not in schema
            if name == "reason" or a_name or schema.get("x-format") == "line":
                yield method, name, schema.get("x-format")


@pytest.mark.parametrize(
    ("daemon", "names"),
    [("passport", {"reason", "description"}), ("events", {"name", "unit", "reason", "override_reason"})],
)
def test_no_text_of_the_staff_breaks_or_turns_a_line(stack, daemon, names):
    document, admin = stack[daemon].rpc("rpc.discover"), stack.admin()
    sampler, found = Sampler(document), list(one_line_params(document, daemon))
    assert {name for _, name, _ in found} == names and len(found) >= 7
    for method, name, rule in found:
        assert rule == ("display-name" if name == "name" else "line"), method["name"]
        wrong = {"path": f"/params/{name}", "rule": "format", "expected": rule}
        for text in BAD:
            error = admin.error(method["name"], sampler.params(method) | {name: text})
            assert error.word == "invalid_params", (method["name"], text)
            assert wrong in error.data["fields"], (method["name"], text)


def test_no_daemon_takes_reasons_of_another_kind(stack):
    for daemon in NAMES:
        found = one_line_params(stack[daemon].rpc("rpc.discover"), daemon)
        assert all(rule for _, _, rule in found), daemon


def test_a_refused_reason_leaves_all_as_it_was(stack):
    user, admin = stack.user(), stack.admin()
    assert admin.error("passport.user.suspend", {"id": user.id, "reason": BAD[0]}).word == "invalid_params"
    assert user.rpc("passport.user.me")["id"] == user.id


@pytest.mark.parametrize("reason", GOOD)
def test_reasons_in_any_writing_come_back(stack, reason):
    user, admin = stack.user(), stack.admin()
    record = admin.rpc("passport.user.suspend", {"id": user.id, "reason": reason})
    assert record["state_reason"] == reason.strip()
    assert admin.rpc("passport.user.restore", {"id": user.id})["state"] == "active"
