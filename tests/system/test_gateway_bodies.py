"""Bodies at the gateway: who may send a long one is asked before it is read; a batch stops when its answer is full."""

import json
import socket
from contextlib import ExitStack

import pytest
from rpc import session

LONG = 100_000  # more than max_body_anonymous
PLAIN = {"Content-Type": "application/json"}


def ask(stack, head, body=b""):
    """Sends a head, and whatever body there is; the status and the JSON of the answer."""
    with socket.create_connection(("127.0.0.1", stack.ports["gateway"][0]), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n" + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)["error"]["data"], head.decode().lower()


def head_of(path, token=None):
    """A head that promises a long body, of which nothing is sent."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {LONG}\r\n"
        + (f"Authorization: Bearer {token}\r\n" if token else "")
        + "Connection: close\r\n"
    )


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_an_upload_without_a_token_is_refused_before_it_is_read(stack, token):
    status, data, head = ask(stack, head_of("/images", token))
    assert (status, data["code"]) == (401, "unauthenticated")
    assert "www-authenticate: bearer" in head and "connection: close" in head


@pytest.mark.asan
def test_a_long_body_takes_a_token(stack):
    status, data, _ = ask(stack, head_of("/rpc"))
    assert (status, data["code"], data["reason"]) == (413, "too_large", "anonymous")
    status, data, _ = ask(stack, head_of("/rpc", "x.y.z"))
    assert (status, data["code"]) == (401, "unauthenticated")
    call = {"jsonrpc": "2.0", "id": 1, "method": "passport.user.me", "params": {}}
    body = json.dumps(call).ljust(LONG).encode()
    user = stack.user()
    assert stack.gateway.post(body, user.token).json()["result"]["id"] == user.id
    assert stack.gateway.post(body).status_code == 413
    for size in (70_000, 130_000):  # the end comes with what is too much
        pieces = (body[at : at + 9000] for at in range(0, size, 9000))
        assert session().post(f"{stack.gateway.base}/rpc", data=pieces, headers=PLAIN, timeout=10).status_code == 413
    pieces = (body[at : at + 9000] for at in range(0, LONG, 9000))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {user.token}"}
    chunked = session().post(f"{stack.gateway.base}/rpc", data=pieces, headers=headers, timeout=10)
    assert chunked.json()["result"]["id"] == user.id


@pytest.mark.parametrize(
    "start", ["POST /nope", "PUT /rpc", "GET /docs", "GET /openrpc.json", "OPTIONS /rpc", "GET /livez"]
)
def test_a_body_that_nobody_wants_is_not_read(stack, start):
    head = f"{start} HTTP/1.1\r\nHost: x\r\nContent-Length: {LONG}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stack.ports["gateway"][0]), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 ")


def test_half_a_head_holds_no_place(make_stack):
    stack = make_stack(
        {"gateway": {"max_connections": 32, "connections_per_address": 16}}, names=("passport", "gateway")
    )
    door = ("127.0.0.1", stack.ports["gateway"][0])
    with ExitStack() as closing:
        for number in range(32):
            source = (f"127.0.0.{2 + number // 16}", 0)
            connection = closing.enter_context(socket.create_connection(door, 10, source))
            connection.sendall(b"POST /rpc HT")
        for number in range(20):
            assert stack.gateway.seen_from(f"127.0.0.{50 + number}").get("/livez").status_code == 200


@pytest.mark.asan
def test_a_batch_stops_when_its_answer_is_full(make_stack):
    stack = make_stack({"gateway": {"max_answer": 1 << 20}})
    calls = [{"jsonrpc": "2.0", "id": number, "method": "rpc.discover", "params": {}} for number in range(100)]
    answers = stack.gateway.post(calls).json()
    assert [answer["id"] for answer in answers] == list(range(100))
    kinds = ["result" if "result" in answer else answer["error"]["message"][:10] for answer in answers]
    assert kinds[0] == "result" and kinds[-1] == "not called"
    full = kinds.index("the batch'")
    assert kinds == ["result"] * full + ["the batch'"] + ["not called"] * (99 - full)
    assert {answer["error"]["data"]["code"] for answer in answers[full:]} == {"too_large"}
