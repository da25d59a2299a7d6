"""JSON-RPC 2.0 to the letter, through the gateway and at a daemon's own door: both must behave alike."""

import json

import pytest

pytestmark = pytest.mark.asan


@pytest.fixture(params=["gateway", "events"])
def door(stack, request):
    return stack[request.param]


def call(method="events.type.get", params=None, **more):
    return {"jsonrpc": "2.0", "method": method, "params": {"key": "venue"} if params is None else params, **more}


@pytest.mark.parametrize("id_", [1, 0, -7, 1.5, "", "a", 'é\n"\\', None, 2**53 + 1, 10**18, "x" * 200])
def test_ids_of_any_legal_kind_come_back(door, id_):
    response = door.post(call(id=id_))
    assert response.status_code == 200
    document = response.json()
    assert document["id"] == id_ and type(document["id"]) is type(id_)
    assert document["result"]["key"] == "venue"


@pytest.mark.parametrize("id_", [True, False, [], {}, [1]])
def test_ids_of_illegal_kinds_are_refused(door, id_):
    document = door.post(call(id=id_)).json()
    assert document["error"]["code"] == -32600 and document["id"] is None


def test_ids_are_echoed_byte_for_byte(door):
    body = '{"jsonrpc":"2.0","method":"events.type.get","params":{"key":"venue"},"id":1.50e1}'
    assert '"id":1.50e1' in door.post(body).text.replace(" ", "")


def test_a_notification_is_not_answered(door):
    response = door.post(call())
    assert response.status_code == 204 and response.content == b""


def test_a_notification_with_a_fault_is_not_answered_either(door):
    assert door.post(call("events.nope")).status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700),
        ('[{"jsonrpc": "2.0", "method": "sum", "id": 1}, {"jsonrpc": "2.0", "method"', -32700),
        ("1", -32600),
        ('"text"', -32600),
        ("null", -32600),
        ("[]", -32600),
        ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', -32600),
        ('{"jsonrpc": "1.0", "method": "events.type.list", "id": 1}', -32600),
        ('{"method": "events.type.list", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "method": "events.type.list", "params": 1, "id": 1}', -32600),
    ],
)
def test_what_is_no_request(door, body, code):
    document = door.post(body).json()
    assert document["error"]["code"] == code, document
    assert document["jsonrpc"] == "2.0" and "request_id" in document["error"]["data"]


def test_unknown_methods(door):
    for name in ("foobar", "events.nope", "nobody.type.list", "", "events.", "rpc.nope", "x" * 128):
        document = door.post(call(name, id=1)).json()
        assert document["error"]["code"] in (-32601, -32600), (name, document)


def test_parameters_by_position_are_refused_by_name(door):
    document = door.post(call(params=["venue"], id=1)).json()
    assert document["error"]["code"] == -32602


def test_a_batch_is_answered_whole(door):
    batch = [call(id=1), call(), 1, call("events.nope", id="2"), {}, call(params={"key": "nope"}, id=3), []]
    answers = door.post(batch).json()
    assert len(answers) == 6
    by_id = {json.dumps(answer["id"]): answer for answer in answers}
    assert by_id["1"]["result"]["key"] == "venue"
    assert by_id['"2"']["error"]["code"] == -32601
    assert by_id["3"]["error"]["code"] == -32004
    assert [answer["error"]["code"] for answer in answers if answer["id"] is None] == [-32600] * 3


def test_a_batch_of_rubbish(door):
    answers = door.post("[1,2,3]").json()
    assert [answer["error"]["code"] for answer in answers] == [-32600] * 3


def test_a_batch_of_notifications_is_not_answered(door):
    assert door.post([call(), call()]).status_code == 204


def test_a_batch_of_one_is_an_array(door):
    assert isinstance(door.post([call(id=1)]).json(), list)


def test_a_batch_over_the_limit_is_too_large(door):
    document = door.post([call(id=i) for i in range(101)]).json()
    assert document["error"]["code"] == -32013
    assert door.post(json.dumps([1] * 10000)).json()["error"]["code"] == -32013
    assert len(door.post([call(id=i) for i in range(100)]).json()) == 100


def test_calls_of_a_batch_run_side_by_side(stack):
    user = stack.user()
    batch = [call("passport.user.me", {}, id=i) for i in range(50)]
    answers = stack.gateway.post(batch, user.token).json()
    assert sorted(answer["id"] for answer in answers) == list(range(50))
    assert {answer["result"]["id"] for answer in answers} == {user.id}


def test_both_doors_answer_alike(stack):
    for request in (call(id=1), call("events.nope", id=2), call(params={"key": 5}, id=3), call(params={}, id=4)):
        answers = [stack[name].post(request).json() for name in ("gateway", "events")]
        for answer in answers:
            answer.get("error", {}).get("data", {}).pop("request_id", None)
        assert answers[0] == answers[1]
