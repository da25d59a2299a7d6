"""Bad input is normal input: nothing crashes, leaks, hangs or answers in HTML; errors name field and rule."""

import json
import os
import socket
import time
from pathlib import Path

import pytest
from stack import ROOT
from waiting import wait_until

pytestmark = pytest.mark.asan
SHARED = Path(os.environ.get("EVENTLOOP_SHARED", ROOT.parent / "shared"))
DOORS = ("gateway", "events")


@pytest.fixture(params=DOORS)
def door(stack, request):
    return stack[request.param]


def search(params):
    return '{"jsonrpc":"2.0","id":1,"method":"events.listing.search","params":' + params + "}"


@pytest.fixture(autouse=True)
def still_serving(stack):
    """Whatever a test sent, the daemons serve the next caller."""
    yield
    for name in DOORS:
        assert stack[name].rpc("events.type.get", {"key": "hall"})["key"] == "hall"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (search('{"capacity":{"from":NaN}}'), -32700),
        (search('{"capacity":{"from":1e999}}'), -32602),
        (search('{"capacity":{"from":-1}}'), -32602),
        (search('{"capacity":{"from":1.5}}'), -32602),
        (search('{"capacity":{"from":"1"}}'), -32602),
        (search('{"capacity":{"from":99999999999999999999}}'), -32602),
        (search('{"box":{"south":91,"west":0,"north":92,"east":1}}'), -32602),
        (search('{"limit":1,"limit":2}'), -32602),
        (search('{"a":{"b":1,"b":2}}'), -32602),
        (search('{"text":"\\ud800"}'), -32602),
        (search('{"text":"\\udc00\\ud800"}'), -32602),
        (search('{"text":"a\\u0000b"}'), -32602),
        (search('{"text":"a\tb"}'), -32700),
        (search('{"text":""}'), -32602),
        (search('{"nobody":1}'), -32602),
        (search('{"period":{"from":"2027-01-01T00:00:00Z"}}'), -32602),
        (search('{"period":{"from":"yesterday","to":"2027-01-01T00:00:00Z"}}'), -32602),
        (search("{}") + "x", -32700),
        (search('{"x":' + "[" * 10000 + "]" * 10000 + "}"), -32013),
        ("[" * 10000, -32013),
        (b'{"jsonrpc":"2.0","id":1,"method":"events.listing.search","params":{"text":"\xff\xfe"}}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"events.listing.search","params":{"text":"\xed\xa0\x80"}}', -32700),
        (b"\x00" * 100, -32700),
    ],
)
def test_malformed_parameters(door, body, code):
    response = door.post(body)
    assert response.headers["Content-Type"].startswith("application/json")
    error = response.json()["error"]
    assert error["code"] == code, error
    if code == -32602:
        field = error["data"]["fields"][0]
        assert field["path"].startswith("/params/") and field["rule"]


def naughty_strings():
    path = SHARED / "data/naughty-strings.json"
    return json.loads(path.read_text()) if path.exists() else []


def test_naughty_strings_in_every_text_field(stack):
    """Stored texts come back as they are (NFC, trimmed), or are refused by the rule of their field; nothing else."""
    strings = naughty_strings()
    if not strings:
        pytest.skip("naughty-strings.json is absent")
    company, user = stack.company()
    listing = stack.listing(company, user, type="hall")
    period = {"from": "2027-06-01T00:00:00Z", "to": "2027-06-01T00:00:01Z"}
    for text in strings:
        calls = [
            ("passport.company.create", {"name": text}),
            ("events.listing.create", {"company_id": company, "type": "hall", "title": text, "description": text,
                                       "address": text, "properties": {"house_rules": text}}),
            ("events.listing.search", {"text": text, "company_id": company}),
            ("events.listing.search", {"properties": {"house_rules": {"contains": text}}, "company_id": company}),
            (
                "events.booking.create",
                {"listing_id": listing["id"], "period": period, "note": text, "idempotency_key": text},
            ),
            ("passport.user.register", {"email": text, "password": text, "name": text}),
            ("passport.auth.login", {"email": text, "password": text}),
            ("passport.auth.refresh", {"refresh_token": text}),
            ("events.type.get", {"key": text}),
            ("events.listing.mine", {"cursor": text}),
            (text, {}),
        ]  # fmt: skip
        batch = [{"jsonrpc": "2.0", "id": text, "method": method, "params": params} for method, params in calls]
        response = stack.gateway.post(batch, user.token)
        assert response.headers["Content-Type"].startswith("application/json"), text
        answers = response.json()
        answers = answers if isinstance(answers, list) else [answers]
        for answer in answers:
            assert answer.get("error", {}).get("code", 0) not in (-32603, -32050, -32051, -32052), (text, answer)


def test_texts_come_back_whole(stack):
    company, user = stack.company()
    text = "Ω≈ç√ 社會科學院 👩🏽 ﷽ \" \\ / <script>alert(1)</script> ' OR 1=1 -- %s {0} \u202e\ufeff end"
    title = text.replace("\u202e", "")  # a title is one line that reads as it is written, as names are
    params = {"company_id": company, "type": "hall", "title": title, "description": f"\n{text}\t"}
    listing = user.rpc("events.listing.create", params)
    assert listing["title"] == title and listing["description"] == text
    decomposed = user.rpc("events.listing.create", params | {"title": "Cafe\u0301"})
    assert decomposed["title"] == "Caf\u00e9"


# --- transport ---


def talk(port, data, wait=5.0):
    """Sends bytes to a port and returns all that comes back until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        try:
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def port_of(door):
    return int(door.base.rsplit(":", 1)[1])


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {404}),
        (b"DELETE /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {404, 405, 501}),
        (b"rubbish\r\n\r\n", {400, 501, None}),
        (b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\nConnection: close\r\n\r\n", {400, 413}),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\nConnection: close\r\n\r\n", {400, 413, 431}),
        (b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\nConnection: close\r\n\r\n", {413}),
        (
            b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
            b"Connection: close\r\n\r\n{}",
            {415},
        ),
    ],
)
def test_malformed_http(door, data, statuses):
    answer = talk(port_of(door), data)
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else None
    assert status in statuses, answer[:300]
    assert b"<html" not in answer.lower()
    if body:
        document = json.loads(body)
        assert document["jsonrpc"] == "2.0" and document["error"]["data"]["code"]


def test_a_body_of_100_mib_is_refused(door):
    head = b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n"
    answer = talk(port_of(door), head + b" " * (1 << 22))
    assert b" 413 " in answer.split(b"\r\n")[0]


def test_slow_and_silent_clients_are_cut_off(make_stack):
    stack = make_stack({"*": {"read_timeout": "1s", "idle_timeout": "2s"}}, names=("events",))
    door = stack["events"]
    started = time.monotonic()
    body = b"GET / HTTP/1.1\r\nHost: x\r\n"
    answers = [talk(port_of(door), data, wait=20) for data in (b"", body)]
    assert time.monotonic() - started < 15
    assert all(b"<html" not in answer.lower() for answer in answers)
    with socket.create_connection(("127.0.0.1", port_of(door)), timeout=20) as dripping:
        head = b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        dripping.sendall(head)
        begun, closed = time.monotonic(), False
        dripping.settimeout(0.2)
        while not closed and time.monotonic() - begun < 20:
            try:
                dripping.sendall(b" ")
                closed = dripping.recv(1000) == b""
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
    assert door.rpc("events.type.get", {"key": "hall"})


def test_connections_over_the_cap_do_no_harm(make_stack):
    stack = make_stack({"events": {"max_connections": 20}}, names=("events",))
    door = stack["events"]
    held = [socket.create_connection(("127.0.0.1", port_of(door)), timeout=5) for _ in range(60)]
    for connection in held:
        connection.close()
    # Until the daemon has seen them close, one more is one too many.
    asked = lambda: door.rpc("events.type.get", {"key": "hall"})["key"] == "hall"
    wait_until(asked, 5, "the daemon to have seen connections close")
