"""What programs find at the public door: the key set, the issuer's metadata, documents that they may keep."""

import base64
import gzip
import json
import subprocess
import threading

import loglines
import pytest
from ports import free_port
from rpc import session
from test_keys import SHORT
from waiting import wait_until

KEYS, METADATA = "/.well-known/jwks.json", "/.well-known/oauth-authorization-server"
SOON = {"token_keys_refetch": "1s"}


def keys(daemon):
    return daemon.get(KEYS).json()["keys"]


def part(token, index):
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_the_gateway_shows_what_tokens_are_verified_by(stack):
    user = stack.user()
    metadata, head, claims = stack.gateway.get(METADATA).json(), part(user.token, 0), part(user.token, 1)
    key = next(key for key in keys(stack.gateway) if key["kid"] == head["kid"])
    assert key in keys(stack["passport"]) and "d" not in key
    assert head["alg"] == key["alg"] and head["alg"] in metadata["access_token_signing_alg_values_supported"]
    assert (claims["iss"], claims["aud"]) == (metadata["issuer"], "eventloop")
    assert metadata["issuer"] == stack.gateway.base == stack["passport"].settings["public_url"]
    assert metadata["jwks_uri"] == stack.gateway.base + KEYS
    assert not [name for name in metadata if name.endswith("_endpoint")] and metadata["grant_types_supported"] == []
    assert stack.gateway.get(KEYS).headers["Content-Type"] == "application/jwk-set+json"


def test_keys_outlive_passport_and_rotation_shows_at_once(make_stack):
    stack = make_stack({"passport": SHORT}, ("passport", "gateway"))
    admin = stack.admin()
    before = keys(stack.gateway)
    tag = stack.gateway.get(KEYS).headers["ETag"]
    assert stack.gateway.get(KEYS, headers={"If-None-Match": tag}).status_code == 304
    admin.rpc("passport.key.rotate", {})
    wait_until(lambda: len(keys(stack.gateway)) == len(before) + 1, 5, "the gateway to show the new key")
    assert keys(stack.gateway) == keys(stack["passport"])
    assert stack.gateway.get(KEYS, headers={"If-None-Match": tag}).status_code == 200
    stack["passport"].kill()
    shown = keys(stack.gateway)
    assert len(shown) == len(before) + 1 and stack.gateway.get(METADATA).status_code == 200


def test_passport_is_not_asked_by_every_reader(make_stack):
    """While passport hangs, readers are answered with what is there."""
    stack = make_stack(names=("passport", "gateway"))
    wait_until(lambda: stack.gateway.get(KEYS).status_code == 200, what="the gateway to have the keys")
    shown = keys(stack.gateway)
    stack["passport"].pause()
    assert [keys(stack.gateway) for _ in range(50)] == [shown] * 50
    stack["passport"].resume()


DOCUMENTS = ["/openrpc.json", "/docs", "/docs/docs.js", "/docs/docs.css", "/docs/icon.svg", "/login", KEYS, METADATA]


def plain(daemon, path, method="GET", **headers):
    """Without requests' own Accept-Encoding, and undecoded."""
    wanted = {"Accept-Encoding": None} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = session().request(method, daemon.base + path, headers=wanted, timeout=10, stream=True)
    return answer, answer.raw.read(decode_content=False)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_are_kept_and_compressed(stack, path):
    check_document(stack.gateway, path)


@pytest.mark.parametrize("name", ["passport", "events", "rating", "images"])
def test_so_is_every_daemons_own(stack, name):
    check_document(stack[name], "/openrpc.json")


def stable(answer):
    """Its headers, but for those of the moment."""
    moment = ("Date", "Connection", "Keep-Alive")
    return {name: value for name, value in answer.headers.items() if name not in moment}


def check_document(daemon, path):
    whole, text = plain(daemon, path)
    small, packed = plain(daemon, path, Accept_Encoding="br;q=1.0, gzip;q=0.8, *;q=0.1")
    assert "Content-Encoding" not in whole.headers
    if len(text) > 1000:
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed) == text and len(packed) < len(text) * 2 / 3
        assert small.headers["ETag"] != whole.headers["ETag"]
    for answer, sent, accepted in ((whole, text, None), (small, packed, "gzip")):
        assert answer.status_code == 200 and answer.headers["Content-Length"] == str(len(sent))
        assert answer.headers["ETag"][0] == '"' and "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] in ("no-cache", "public, max-age=60")
        for method in ("GET", "HEAD"):
            known, nothing = plain(
                daemon, path, method, Accept_Encoding=accepted, If_None_Match=f'"x", W/{answer.headers["ETag"]}'
            )
            assert known.status_code == 304 and nothing == b""
            for header in ("ETag", "Cache-Control", "Vary"):
                assert known.headers[header] == answer.headers[header]
        head, nothing = plain(daemon, path, "HEAD", Accept_Encoding=accepted)
        assert head.status_code == 200 and nothing == b""
        assert stable(head) == stable(answer)
    assert "Content-Encoding" not in plain(daemon, path, Accept_Encoding="gzip;q=0")[0].headers
    assert plain(daemon, path, If_None_Match='"other"')[0].status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs/"])
def test_the_ways_to_the_docs(stack, path):
    for method in ("GET", "HEAD"):
        answer = session().request(method, stack.gateway.base + path, timeout=10, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"], answer.content) == (308, "/docs", b"")
    assert stack.gateway.get(path).text == stack.gateway.get("/docs").text


# --- a new issuer ---


def issuer_of(token):
    return part(token, 1)["iss"]


def live(stack, user, stop, seen, refused):
    """A user who goes on working until told: the issuers of the tokens, and what was refused."""
    mine = stack.login(user.email)
    while not stop.is_set():
        answer = stack.rpc("passport.auth.refresh", {"refresh_token": mine.refresh_token})
        mine.token, mine.refresh_token = answer["access_token"], answer["refresh_token"]
        seen.add(issuer_of(mine.token))
        for method, params in (("passport.user.me", {}), ("events.booking.list", {})):
            try:
                mine.rpc(method, params)
            except Exception as problem:
                refused.append((issuer_of(mine.token), problem))


def test_a_change_of_the_issuer_is_not_noticed_by_anybody(make_stack):
    settings = {"key_publish_delay": "3s", "key_reload_interval": "1s"}
    stack = make_stack({"passport": settings, "*": SOON})
    user = stack.user()
    old, new = stack.gateway.base, "https://venues.example"
    assert issuer_of(user.token) == old
    # Gateway and events, which may have started before passport, have its keys from here on.
    assert user.rpc("passport.user.me", {}) and "items" in user.rpc("events.booking.list", {})
    refused, stop, seen = [], threading.Event(), set()

    worker = threading.Thread(target=live, args=(stack, user, stop, seen, refused))
    worker.start()
    try:
        passport = stack["passport"]
        last_old = stack.login(user.email).token
        passport.stop()
        passport.write_settings(public_url=new)
        passport.start()
        login = lambda: stack.login(user.email).token
        assert issuer_of(login()) == old, "used before anybody can have heard of it"
        assert passport.get(KEYS).json()["issuers"] == [old, new]
        fresh = wait_until(
            lambda: (token := login()) and issuer_of(token) == new and token, 20, "tokens of the new issuer"
        )
        assert stack.rpc("events.booking.list", {}, fresh)["items"] == []
        assert wait_until(lambda: stack.gateway.get(METADATA).json()["issuer"] == new, 5, "the metadata to say so")
        assert stack.rpc("events.booking.list", {}, last_old)["items"] == []
        assert passport.get(KEYS).json()["issuers"] == [new, old]
        with stack.database("passport") as database:  # its last token has expired
            database.execute("UPDATE token_issuer SET used_at = now() - interval '12 minutes' WHERE issuer = %s", [old])
        refusal = lambda: stack["events"].error("events.booking.list", {}, last_old)
        wait_until(lambda: passport.get(KEYS).json()["issuers"] == [new], 10, "the old issuer to be forgotten")
        wait_until(lambda: refusal().reason == "issuer", 10, "its tokens to be refused")
    finally:
        stop.set()
        worker.join()
    assert refused == [] and seen == {old, new}


# --- what leaves the public port ---


@pytest.mark.parametrize("workers", [1, 3])
def test_health_and_metrics_have_an_address_of_their_own(make_stack, workers):
    port = free_port()
    own = {"internal_listen": f"127.0.0.1:{port}", "workers": workers}
    stack = make_stack(
        {"gateway": own, "events": {"internal_listen": f"[::1]:{port}"}}, ("passport", "events", "gateway")
    )
    for path in ("/livez", "/readyz", "/metrics"):
        for _ in range(2 * workers):
            with session().get(f"http://127.0.0.1:{port}{path}", timeout=10, headers={"Connection": "close"}) as answer:
                assert answer.status_code == 200
            assert stack.gateway.get(path, headers={"Connection": "close"}).status_code == 404
            assert stack["events"].get(path).status_code == 404
    text = session().get(f"http://[::1]:{port}/metrics", timeout=10).text
    assert "rpc_requests_total" in text
    assert session().post(f"http://127.0.0.1:{port}/rpc", json={}, timeout=10).status_code == 404


def test_all_threads_listen_on_the_port_that_the_kernel_gave_the_first(stack):
    own = ["--port=0", "--internal-listen=127.0.0.1:0", "--workers=3"]
    line = [stack.gateway.program, "serve", "--config", stack.gateway.config, *own]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as daemon:
        try:
            serving = []
            while len(serving) < 3:
                serving += loglines.events(daemon.stdout.readline(), "serving")
            (port,) = {event["internal_port"] for event in serving}
            assert session().get(f"http://127.0.0.1:{port}/livez", timeout=10).status_code == 200
        finally:
            daemon.terminate()


@pytest.mark.parametrize(
    "value", ["8081", "localhost:8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "1.2.3:80", "::1:99999"]
)
def test_an_internal_address_that_is_none_stops_the_start(stack, value):
    result = stack.gateway.command("serve", f"--internal-listen={value}", "--port=0", check=False)
    assert result.returncode == 1 and "internal_listen" in result.stdout + result.stderr


@pytest.mark.parametrize(
    "name, shared",
    [
        ("gateway", "--internal-listen=127.0.0.1:{}"),
        ("events", "--link-port=0 --internal-listen=127.0.0.1:{}"),
        ("events", "--link-port={}"),
        ("events", "--link-port={} --link-address=127.0.0.2"),
    ],
)
def test_two_listeners_on_one_port_stop_the_start(stack, name, shared):
    port = free_port()
    arguments = shared.format(port).split()
    result = stack[name].command("serve", f"--port={port}", *arguments, check=False)
    assert result.returncode == 1 and "must differ" in result.stdout + result.stderr


def test_a_taken_internal_port_stops_the_start(stack):
    taken = stack.gateway.base.rsplit(":", 1)[1]
    arguments = (f"--internal-listen=127.0.0.1:{taken}", "--port=0")
    result = stack.gateway.command("serve", *arguments, check=False)
    assert result.returncode == 1 and taken in result.stdout + result.stderr
