"""Every parameter of every method with values that nobody should send: each is an answer, none a fault of ours."""

import pytest
from sample import Sampler
from stack import NAMES

pytestmark = pytest.mark.asan
BATCH = 10  # some check a password each, and all have the deadline of one call
FAULTS = ("internal", "unavailable", "overloaded", "deadline_exceeded")
ODD = [
    *(None, True, 0, -1, 2**31, 2**63 - 1, -(2**63), 1.5, 1e300, [], {}, [None], [[]], [1, "a"], {"a": {"b": []}}),
    *("", " ", "a", "A" * 5000, "\u202e\u200b", "💩" * 300, "e\u0301", "%", "_%\\", "' OR 1=1 --", "$1", "\\x00", "{}"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-23:59"),
    *(
        "infinity",
        "now",
        "2027-02-30T00:00:00Z",
        "00000000-0000-0000-0000-000000000000",
        "A" * 43,
        "*",
        "evl_key_" + "A" * 43,
    ),
    *("Europe/../../etc/passwd", "a@b", "x" * 250 + "@test.example", "{1,2}", "1e400", "NaN"),
]

# Watches wait for as long as they are told to.
LEFT_OUT = {"passport.revocation.watch"}


def variants(sampler, method):
    """The method's parameters with one of them odd, for each and each odd value."""
    usual = sampler.params(method)
    for param in method["params"]:
        for value in ODD:
            yield usual | {param["name"]: value}


def token_for(stack, method, admin):
    """A token that gets as far as the handler."""
    return stack.service_token("rating") if method["x-access"] == ["service"] else stack.login(admin.email).token


def faults(stack, daemon, method, batch, token):
    requests = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number, params in enumerate(batch)
    ]
    for answer in stack[daemon].post(requests, token, timeout=60).json():
        word = answer.get("error", {}).get("data", {}).get("code")
        if word in FAULTS:
            yield f"{method} {str(batch[answer['id']])[:200]}: {answer['error']}"


@pytest.mark.parametrize("daemon", NAMES)
def test_no_value_of_any_parameter_is_a_fault_of_ours(stack, daemon):
    document = stack[daemon].rpc("rpc.discover")
    sampler, found, admin = Sampler(document), [], stack.admin()
    own = [method for method in document["methods"] if method["name"].startswith(f"{daemon}.")]
    assert own
    for method in own:
        calls = [] if method["name"] in LEFT_OUT else list(variants(sampler, method))
        token = token_for(stack, method, admin)
        for start in range(0, len(calls), BATCH):
            found += faults(stack, daemon, method["name"], calls[start : start + BATCH], token)
    assert not found, "\n".join(found)
    assert stack[daemon].is_running()


def test_what_is_left_out_is_there(stack):
    names = {method["name"] for name in NAMES for method in stack[name].rpc("rpc.discover")["methods"]}
    assert names >= LEFT_OUT
