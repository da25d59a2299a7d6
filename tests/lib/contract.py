"""The contract of errors, held against every answer that a test gets: see Endpoint.post.

An error answer is one that the method's description lists: its code, its reason and its rule; its data and its message
have the form that docs/errors.md promises. The descriptions are those that the daemons serve, read once.
"""

import json
import threading

import requests

# What is found before anybody knows which method it is.
BEFORE = ("parse_error", "invalid_request", "method_not_found")
MESSAGE_BYTES = 199

_lock = threading.Lock()
_methods = {}  # name: {word: properties of its data}
_asked = set()  # addresses


def _properties(error, components):
    """What a listed error says of its data."""
    if "$ref" in error:
        error = components["errors"][error["$ref"].rpartition("/")[2]]
    return next(part["properties"] for part in error["data"]["allOf"] if "properties" in part)


def _read(base):
    """Takes in what an address serves; nothing when it serves nothing now."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            document = session.get(f"{base}/openrpc.json", timeout=10).json()
    except (requests.RequestException, ValueError):
        return
    if "methods" not in document:
        return
    _asked.add(base)
    for method in document["methods"]:
        found = [_properties(error, document["components"]) for error in method["errors"]]
        _methods[method["name"]] = {properties["code"]["enum"][0]: properties for properties in found}


def errors_of(base, method):
    """What a method can answer, by word; None when that is not to be had."""
    with _lock:
        if method not in _methods and base not in _asked:
            _read(base)
        return _methods.get(method)


def fault(listed, error):
    """What is wrong with an error answer, or None."""
    data = error.get("data")
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("code"), str)
        or not isinstance(data.get("request_id"), str)
    ):
        return "data has no code and request_id"
    message, word = error["message"], data["code"]
    if not message or len(message.encode()) > MESSAGE_BYTES or any(ord(one) < 32 or ord(one) == 127 for one in message):
        return "the message is not one short line"
    fields = data.get("fields", [])
    if fields and not message.startswith(fields[0]["path"][1:][:20].split("\\")[0].split("\n")[0]):
        return "the message does not name the first field"
    if listed is None or word in BEFORE:
        return None
    if word not in listed:
        return f"{word} is not listed"
    for name, value in [("reason", data.get("reason")), ("rule", data.get("rule"))]:
        if value is not None and value not in listed[word].get(name, {}).get("enum", []):
            return f"the {name} {value} of {word} is not listed"
    for field in fields:
        if field["rule"] not in listed[word]["fields"]["items"]["properties"]["rule"]["enum"]:
            return f"the rule {field['rule']} of a field is not listed"
    return None


def check(base, request, answer):
    """Raises AssertionError when an error in the answer to a request, or to a batch, breaks the contract."""
    calls = [one for one in (request if isinstance(request, list) else [request]) if isinstance(one, dict)]
    methods = {json.dumps(call.get("id")): call.get("method") for call in calls}
    for one in answer if isinstance(answer, list) else [answer]:
        method = methods.get(json.dumps(one.get("id"))) if isinstance(one, dict) and "error" in one else None
        if isinstance(method, str):
            found = fault(errors_of(base, method), one["error"])
            assert found is None, f"{method} answered what its description does not say: {found}: {one['error']}"
