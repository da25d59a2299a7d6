"""CORS: which pages may call, that they can read every answer and refusal, and that nothing rests on credentials."""

import functools
import http.server
import json
import re
import socket
import threading

import pytest
from ports import free_port
from rpc import session
from test_images import picture, upload
from waiting import wait_until

SHOP, OFFICE, STRANGER = "https://shop.example", "https://office.example:8443", "https://stranger.example"
CALL = b'{"jsonrpc":"2.0","id":1,"method":"gateway.status"}'
JSON = "Content-Type: application/json\r\n"

# Each is refused before a handler sees it, by the engine or by the routes: (name, head without Origin, body, status).
REFUSED = [
    ("no such path", "GET /nothing HTTP/1.1\r\nHost: x\r\n", b"", 404),
    ("no such method", "DELETE /rpc HTTP/1.1\r\nHost: x\r\n", b"", 405),
    ("announced too large", f"POST /rpc HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 1500000\r\n", b"", 413),
    ("announced far too large", f"POST /rpc HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 99000000\r\n", b"", 413),
    ("never whole", f"POST /rpc HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 10\r\n", b"12345", 408),
    ("two lengths", "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n", b"xx", 400),
    ("no Host", "GET /docs HTTP/1.1\r\n", b"", 400),
    ("headers too large", "GET /docs HTTP/1.1\r\nHost: x\r\nA: " + "a" * 20000 + "\r\n", b"", 431),
    ("no content type", "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n", b"{}", 415),
    ("no JSON", f"POST /rpc HTTP/1.1\r\nHost: x\r\n{JSON}Content-Length: 1\r\n", b"{", 400),
    ("no such image", "GET /images/x HTTP/1.1\r\nHost: x\r\n", b"", 404),
    ("images away", "GET /images/01932b5c-7a10-7000-8000-000000000001 HTTP/1.1\r\nHost: x\r\n", b"", 503),
]


def with_origin(head, origin=SHOP):
    """Origin goes where browsers put it: before the long ones."""
    line, rest = head.split("\r\n", 1)
    return f"{line}\r\nOrigin: {origin}\r\n{rest}\r\n".encode()


def send_raw(daemon, data):
    """The whole answer to the bytes: (status, {header in lower case: [values]}, body)."""
    host, port = re.fullmatch(r"http://(.*):(\d+)", daemon.base).groups()
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(data)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65536)
            assert part, f"cut off after {answer!r}"
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, value = line.split(": ", 1)
        headers.setdefault(name.lower(), []).append(value)
    return int(lines[0].split()[1]), headers, body


def vary(headers):
    return {name.strip().lower() for value in headers.get("vary", []) for name in value.split(",")}


@pytest.fixture(scope="module", params=["direct", "evhttp"])
def door(request, cluster, templates):
    """A gateway of each engine, for two origins; images is away."""
    from stack import Stack

    settings = {"cors_origins": f"{SHOP}, {OFFICE}", "http_engine": request.param, "read_timeout": "500ms"}
    with Stack(cluster, {"gateway": settings}, templates, ("passport", "gateway")) as stack:
        yield stack.gateway


@pytest.mark.parametrize(("head", "body", "status"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_refusals_can_be_read_by_the_page(door, head, body, status):
    found, headers, _ = send_raw(door, with_origin(head) + body)
    assert found == status
    assert headers["access-control-allow-origin"] == [SHOP]
    exposed = {name.strip() for name in headers["access-control-expose-headers"][0].split(",")}
    assert exposed >= {"Content-Range", "Retry-After", "WWW-Authenticate", "X-Request-Id", "ETag", "Content-Length"}
    assert "origin" in vary(headers)
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        STRANGER,
        f"{SHOP}/",
        f"{SHOP}:443",
        "https://SHOP.example",
        "http://shop.example",
        f"{SHOP} {OFFICE}",
        f"{SHOP}, {OFFICE}",
        f"{SHOP}.stranger.example",
        "shop.example",
        "*",
        "",
        "\xe9",
    ],
)
def test_other_origins_read_nothing(door, origin):
    for path in ("/rpc", "/nothing"):
        data = f"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n{JSON}Content-Length: {len(CALL)}\r\n\r\n"
        _, headers, _ = send_raw(door, data.encode("latin-1") + CALL)
        assert "access-control-allow-origin" not in headers, (path, origin)
        assert "origin" in vary(headers)


def test_two_origin_lines_are_no_origin(door):
    data = f"GET /openrpc.json HTTP/1.1\r\nHost: x\r\nOrigin: {SHOP}\r\nOrigin: {SHOP}\r\n\r\n"
    assert "access-control-allow-origin" not in send_raw(door, data.encode())[1]


def test_without_an_origin_the_answer_says_that_it_would_matter(door):
    response = door.get("/openrpc.json")
    assert "Access-Control-Allow-Origin" not in response.headers and "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path",
    ["/rpc", "/images", "/images/01932b5c-7a10-7000-8000-000000000001", "/openrpc.json", "/docs", "/docs/api.js"],
)
def test_browsers_may_ask_first_about_every_path(door, path):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,if-match"}
    response = session().options(door.base + path, headers={"Origin": OFFICE} | asked, timeout=10)
    assert response.status_code == 204 and response.content == b""
    assert response.headers["Access-Control-Allow-Origin"] == OFFICE
    allowed = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed >= {"authorization", "content-type", "range", "if-match", "if-range", "if-none-match"}
    assert allowed >= {"idempotency-key", "x-request-id", "x-deadline-ms", "traceparent"}
    assert {"GET", "HEAD", "POST"} <= {
        name.strip() for name in response.headers["Access-Control-Allow-Methods"].split(",")
    }
    assert "Access-Control-Allow-Credentials" not in response.headers
    vary_names = {name.strip() for name in response.headers["Vary"].split(",")}
    assert vary_names == {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}
    refused = session().options(door.base + path, headers={"Origin": STRANGER} | asked, timeout=10)
    assert not any(name.startswith("Access-Control-") for name in refused.headers)


@pytest.mark.parametrize("engine", ["direct", "evhttp"])
def test_what_is_refused_before_it_is_read(make_stack, engine):
    """Over the cap of connections nobody knows the origin; when only one may call, that one reads why."""
    settings = {"cors_origins": SHOP, "http_engine": engine, "max_connections": 1}
    stack = make_stack({"gateway": settings}, ("passport", "gateway"))
    session().close()

    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "passport.key.list", "params": {}})
    request = f"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"

    def refusal():
        with socket.create_connection(("127.0.0.1", stack.ports["gateway"][0]), timeout=20) as held:
            held.sendall((request + body).encode())  # answered once passport goes on
            status, headers, _ = send_raw(stack.gateway, with_origin("GET /docs HTTP/1.1\r\nHost: x\r\n"))
            return headers if status == 503 else None

    stack["passport"].pause()
    try:
        headers = wait_until(refusal, 20, "a connection over the cap")
    finally:
        stack["passport"].resume()
    assert headers["retry-after"] == ["1"] and headers["access-control-allow-origin"] == [SHOP]


@pytest.mark.parametrize(
    "origins",
    [
        "shop.example",
        f"{SHOP}/",
        "https://Shop.example",
        f"{SHOP}:443",
        "null",
        f"*,{SHOP}",
        "https://",
        "ftp://a.example",
    ],
)
def test_what_is_no_origin_stops_the_start(stack, origins):
    result = stack.gateway.command("serve", f"--cors-origins={origins}", "--port=0", check=False)
    assert result.returncode == 1
    assert "cors_origins" in result.stdout + result.stderr


def test_everybody_may_call_with_a_star(make_stack):
    stack = make_stack({"gateway": {"cors_origins": "*"}}, ("passport", "gateway"))
    for origin in (STRANGER, "null"):
        status, headers, _ = send_raw(stack.gateway, with_origin("GET /nothing HTTP/1.1\r\nHost: x\r\n", origin))
        assert status == 404 and headers["access-control-allow-origin"] == ["*"] and "origin" not in vary(headers)


# --- a real browser ---

SCRIPT = """async ([method, url, headers, size, body]) => {
  const response = await fetch(url, { method, headers, body: size ? "x".repeat(size) : body });
  const text = await response.text();
  return { status: response.status, text, range: response.headers.get("Content-Range"),
    tag: response.headers.get("ETag"), login: response.headers.get("WWW-Authenticate") };
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page of another origin."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>a shop</title>")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_page_of_another_origin_works_in_a_browser(browser, site, make_stack):
    stack = make_stack({"gateway": {"cors_origins": f"{site},{SHOP}"}}, ("passport", "images", "gateway"))
    base, user, data = stack.gateway.base, stack.user(), picture()
    image = upload(stack, user, data).json()
    tab = browser.new_page()
    tab.goto(site)
    fetch = lambda method, path, headers=None, size=0, body=None: tab.evaluate(
        SCRIPT, [method, base + path, headers or {}, size, body]
    )
    json_type = {"Content-Type": "application/json"}
    me = '{"jsonrpc":"2.0","id":1,"method":"passport.user.me","params":{}}'
    answer = fetch(
        "POST", "/rpc", json_type | {"Authorization": f"Bearer {user.token}", "Idempotency-Key": "a"}, body=me
    )
    assert answer["status"] == 200 and user.email in answer["text"]
    large = fetch("POST", "/rpc", json_type, size=2 << 20)
    assert large["status"] == 413 and '"too_large"' in large["text"]
    part = fetch("GET", image["url"], {"Range": "bytes=0-9", "If-Range": f'"{image["sha256"]}"'})
    assert (part["status"], part["range"]) == (206, f"bytes 0-9/{len(data)}")
    assert part["tag"] == f'"{image["sha256"]}"'
    assert fetch("POST", "/images", {"Content-Type": "image/png"}, body="x")["status"] == 401
    assert fetch("GET", "/nothing")["status"] == 404
    assert fetch("GET", "/openrpc.json")["status"] == 200
    tab.goto(site.replace("127.0.0.1", "localhost"))
    assert tab.evaluate(f"fetch('{base}/openrpc.json').then(() => 'read', () => 'refused')") == "refused"
    tab.close()
