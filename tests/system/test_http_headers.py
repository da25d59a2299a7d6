"""What requests say of themselves at each door: types, codings, credentials and the rest, right, wrong and odd."""

import io
import json

import pytest
from PIL import Image
from raw_http import converse
from stack import NAMES

pytestmark = pytest.mark.asan

CALL = b'{"jsonrpc":"2.0","id":1,"method":"no.such.method"}'
JSON = b"Content-Type: application/json"


def post(door, *lines, body=CALL, path=b"/rpc"):
    """The answer to one POST with those header lines, as they are."""
    head = [b"POST " + path + b" HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Length: %d" % len(body), *lines]
    answers, closed = converse(int(door.base.rsplit(":", 1)[1]), b"\r\n".join(head) + b"\r\n\r\n" + body)
    assert len(answers) == 1 and closed
    return answers[0]


def error(answer):
    document = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/json" and document["jsonrpc"] == "2.0", answer
    return document["error"]


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def token(stack):
    return stack.user().token


@pytest.fixture(params=NAMES)
def door(stack, request):
    return stack[request.param]


@pytest.fixture(params=("gateway", "images"))
def image_door(stack, request):
    return stack[request.param]


# --- what every answer says of itself ---


def test_nobody_keeps_or_sniffs_an_answer(door):
    """Whatever /rpc answers is for one caller, and is the JSON that its type says: results, errors, and refusals of the
    server itself."""
    port = int(door.base.rsplit(":", 1)[1])
    notification = b'{"jsonrpc":"2.0","method":"rpc.discover"}'
    answers = [
        post(door, JSON),
        post(door, JSON, body=b"[" + CALL + b"," + CALL + b"]"),
        post(door, JSON, body=notification),
        post(door, JSON, body=b"{"),
        post(door, b"Content-Type: text/plain"),
        post(door, JSON, path=b"/nothing"),
    ]
    for method in (b"GET", b"NONSENSE"):
        answers += converse(port, method + b" /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0]
    assert [answer.status for answer in answers] == [200, 200, 204, 400, 415, 404, 405, 501]
    for answer in answers:
        said = (answer.headers.get("cache-control"), answer.headers.get("x-content-type-options"))
        assert said == ("no-store", "nosniff"), answer


# --- content ---


def test_content_types(door):
    for kind in (
        b"application/json",
        b"application/json-rpc",
        b"application/jsonrequest",
        b"Application/JSON-RPC; charset=UTF-8",
        b'application/json;charset="utf-8"',
    ):
        assert post(door, b"Content-Type: " + kind).status == 200, kind
    for lines in (
        (),
        (b"Content-Type:",),
        (b"Content-Type: text/plain",),
        (b"Content-Type: application/x-www-form-urlencoded",),
        (b"Content-Type: multipart/form-data; boundary=x",),
        (b"Content-Type: application/jsonp",),
        (b"Content-Type: application/json; charset=utf-16",),
        (b"Content-Type: application/json; charset",),
        (b"Content-Type: application/json, text/plain",),
        (JSON, JSON),
        (JSON, b"Content-Type: text/plain"),
        (b"Content-Type: \xff\xfe",),
    ):
        answer = post(door, *lines)
        assert answer.status == 415 and error(answer)["data"]["reason"] == "content_type", lines


PLAIN = ((), (b"Content-Encoding: identity",), (b"Content-Encoding:",), (b"Content-Encoding: Identity, identity",))
ENCODED = (
    (b"Content-Encoding: gzip",),
    (b"Content-Encoding: br",),
    (b"Content-Encoding: rubbish",),
    (b"Content-Encoding: identity, gzip",),
    (b"Content-Encoding: identity", b"Content-Encoding: deflate"),
)


def test_content_encodings(door):
    for lines in PLAIN:
        assert post(door, JSON, *lines).status == 200, lines
    for lines in ENCODED:
        answer = post(door, JSON, *lines)
        assert answer.status == 415 and error(answer)["data"]["reason"] == "content_encoding", lines
        assert answer.headers["accept-encoding"] == "identity"


def test_content_encodings_of_images(image_door, token):
    token = b"Authorization: Bearer " + token.encode()
    data = picture()
    for lines in PLAIN:
        assert post(image_door, token, *lines, body=data, path=b"/images").status == 201, lines
    for lines in ENCODED:
        answer = post(image_door, token, *lines, body=data, path=b"/images")
        assert answer.status == 415 and error(answer)["data"]["reason"] == "content_encoding", lines
        assert answer.headers["accept-encoding"] == "identity"


def test_what_does_not_matter(door):
    """There is one kind of answer, so nothing that a client says of its wishes or of itself is in the way."""
    for line in (
        b"Accept: text/html",
        b"Accept: application/json;q=0",
        b"Accept: */*;q=x, ,;",
        b"Accept: \xff",
        b"Accept-Encoding: gzip, br",
        b"Accept-Encoding: identity;q=0",
        b"Accept-Charset: utf-16",
        b"Accept-Language: tlh",
        b"Origin: null",
        b"Origin:",
        b"Origin: https://a.example, https://b.example",
        b"Origin: javascript:alert(1)",
        b"Origin: \xc3\xa4",
        b"Referer: ://",
        b"Cookie: =;=;" + b"a" * 4000,
        b"User-Agent: \xff\xfe",
        b"X-Request-Id: <script>",
        b"X-Deadline-Ms: soon",
        b"X-Forwarded-For: 999.1.1.1, ;",
        b"traceparent: 00-0-0-0",
        b"Content-MD5: x",
        b"TE: gzip, trailers;q=2",
        b"Content-Language: \x80",
    ):
        answer = post(door, JSON, line)
        assert answer.status == 200 and error(answer)["code"] in (-32601, -32001), line
        assert "access-control-allow-origin" not in answer.headers


# --- credentials ---


def with_token(token, *, good):
    """Headers that carry the token in a way that is to be read, or in one that is not."""
    token = token.encode()
    if good:
        schemes = (b"Bearer ", b"bearer ", b"BEARER ", b"Bearer   ", b"   Bearer ")
        return [(b"Authorization: " + scheme + token,) for scheme in schemes] + [
            (b"authorization:Bearer " + token + b"  ",)
        ]
    return [
        (b"Authorization: " + value,)
        for value in (
            token,
            b"",
            b"Bearer",
            b"Bearer\t" + token,
            b"Bearer:" + token,
            b"Bearer=" + token,
            b"Bearer," + token,
            b"Bearer" + token,
            b'Bearer "' + token + b'"',
            b"Bearer <" + token + b">",
            b"Bearer token=" + token,
            b"Bearer Bearer " + token,
            b"Bearer " + token + b", x",
            b"Bearer " + token + b" x",
            b"Bearer " + token + b"=",
            b"Bearer \xff\xfe",
            b"Token " + token,
            b"JWT " + token,
            b"Basic " + token,
            b"Basic dXNlcjpwYXNzd29yZA==",
            b"Digest username=x",
            b"Negotiate YII=",
            b"Basic x, Bearer " + token,
        )
    ] + [
        (b"Authorization: Bearer " + token, b"Authorization: Bearer " + token),
        (b"Authorization: Basic x", b"Authorization: Bearer " + token),
        (b"Authorization: Bearer " + token, b"Authorization: Basic x"),
    ]


NOBODY = "01932b5c-7a10-7000-8000-000000000001"
# A call of each daemon for which one has to be somebody; images has none.
CALLS = {
    "passport": ("passport.user.me", {}),
    "events": ("events.listing.mine", {}),
    "rating": ("rating.review.create", {"booking_id": NOBODY, "score": 4}),
    "gateway": ("passport.user.me", {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_credentials_of_calls(stack, token, name):
    """HTTP status 200 and no challenge: what is refused is a call, of which a request may hold many."""
    method, params = CALLS[name]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    for lines in with_token(token, good=True):
        answer = post(stack[name], JSON, *lines, body=body)
        assert answer.status == 200 and b"unauthenticated" not in answer.body, (lines, answer.body)
    for lines in with_token(token, good=False):
        answer = post(stack[name], JSON, *lines, body=body)
        data = error(answer)["data"]
        assert (answer.status, data["code"], data["reason"]) == (200, "unauthenticated", "malformed"), (lines, data)
        assert "www-authenticate" not in answer.headers
    assert error(post(stack[name], JSON, body=body))["data"]["reason"] == "missing"


def test_credentials_of_uploads(image_door, token):
    """HTTP status 401 has its challenge: RFC 6750 section 3."""
    data = picture()
    for lines in with_token(token, good=True):
        assert post(image_door, *lines, body=data, path=b"/images").status == 201, lines
    for lines in with_token(token, good=False):
        answer = post(image_door, *lines, body=data, path=b"/images")
        assert answer.status == 401 and error(answer)["data"]["reason"] == "malformed", (lines, answer)
        assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", error_description="')
    answer = post(image_door, body=data, path=b"/images")
    assert answer.status == 401 and error(answer)["data"]["reason"] == "missing"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_credentials_do_not_matter_to_images(image_door, token):
    """Who looks at a picture is not asked."""
    token = b"Authorization: Bearer " + token.encode()
    url = json.loads(post(image_door, token, body=picture(), path=b"/images").body)["url"]
    for value in ("Bearer x", "Basic x", ""):
        assert image_door.get(url, headers={"Authorization": value}).status_code == 200
