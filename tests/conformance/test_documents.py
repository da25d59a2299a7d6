"""What README and docs print can be used as it stands: requests are requests, methods exist and take what is said."""

import json
import re
import shlex

import pytest
from rpc import session
from stack import NAMES, ROOT

PAGES = {path.name: path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
NO_METHODS = {
    "events.booking.created": "a fact",
    "events.listing.submitted": "a fact",
    "rating.summary.changed": "a fact",
    "passport.company.suspended": "a fact",
    "passport.user.erased": "a fact",
    "images.image.create": "what POST /images wants in a scope",
}
NAMED = re.compile(r"`((?:passport|events|rating|images|gateway)\.[a-z_]+\.[a-z_]+)(?: (\{[^}`]*\}))?`")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.M | re.S)


def values(text):
    """The JSON values of a block, one after the other; one that begins with a name shows members of an object."""
    found, place = [], 0
    text = f"{{{text}}}" if text.startswith('"') else text
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        value, place = json.JSONDecoder().raw_decode(text, place)
        found.append(value)
    return found


def requests():
    """(page, text) of all that is printed as the body of a call."""
    for page in PAGES:
        for block in blocks(page, "json"):
            yield from ((page, json.dumps(value)) for value in values(block) if "method" in value or "jsonrpc" in value)
        for block in blocks(page, "sh"):
            words = shlex.split(block, comments=True) if "curl" in block and "$" not in block else []
            yield from ((page, words[at + 1]) for at, word in enumerate(words) if word == "-d")


@pytest.fixture(scope="module")
def methods(stack):
    """All that there are, with those that only daemons may call."""
    return {method["name"]: method for name in NAMES for method in stack[name].rpc("rpc.discover")["methods"]}


def check_params(method, given, whole):
    known = {param["name"]: param for param in method["params"]}
    assert set(given) <= set(known), method["name"]
    if whole:
        required = {name for name, param in known.items() if param.get("required")}
        assert required <= set(given), method["name"]


def test_there_are_some():
    assert len(list(requests())) >= 2


@pytest.mark.parametrize(("page", "text"), list(requests()))
def test_requests_can_be_posted_as_printed(stack, methods, page, text):
    request = json.loads(text)
    assert request["jsonrpc"] == "2.0" and "id" in request, f"{page}: {text}"
    check_params(methods[request["method"]], request["params"], whole=True)
    company, owner = stack.company()
    if "company_id" in request["params"]:
        request["params"]["company_id"] = company
    for body, headers in (
        (text, {}),
        (json.dumps(request), {"Authorization": f"Bearer {owner.token}"}),
    ):
        headers |= {"Content-Type": "application/json"}
        answer = session().post(f"{stack.gateway.base}/rpc", data=body, headers=headers, timeout=30).json()
        assert answer["id"] == request["id"]
        assert "result" in answer or answer["error"]["code"] not in (-32700, -32600, -32601, -32602), answer


@pytest.mark.parametrize("page", PAGES)
def test_what_is_named_exists(methods, page):
    """`passport.auth.refresh {refresh_token}`: the method, and its parameters, with all that must be given."""
    for name, params in NAMED.findall(PAGES[page]):
        if name not in NO_METHODS:
            assert name in methods, f"{page}: {name}"
            given = json.loads(params) if '"' in params else re.findall(r"[a-z_]+", params)
            check_params(methods[name], given, whole=bool(params))


@pytest.mark.parametrize("page", PAGES)
def test_json_is_json(page):
    for block in blocks(page, "json"):
        assert values(block)
