"""From where a client calls: what the gateway believes and what reaches the daemons behind it."""

import http.client
import json

import pytest
from link import Link
from sessions import sql
from stack import PASSWORD

pytestmark = pytest.mark.asan

# What stands in X-Forwarded-For, line by line, and the address that is believed when 127.0.0.1 is a trusted proxy.
FORWARDED = [
    ([], "127.0.0.1"),
    (["203.0.113.9"], "203.0.113.9"),
    (["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
    (["1.1.1.1", "203.0.113.9, 10.0.0.7"], "203.0.113.9"),  # the first line is the client's own invention
    (["2001:DB8::0005"], "2001:db8::5"),
    (["1.1.1.1, ::ffff:203.0.113.9"], "203.0.113.9"),  # IPv4 mapped into IPv6 is IPv4
    (["203.0.113.9, [::FFFF:0A00:7]:4711"], "203.0.113.9"),
    (["1.1.1.1, unknown"], "127.0.0.1"),
    (["1.1.1.1, '; DROP TABLE session"], "127.0.0.1"),
    (["1.1.1.1," * 500 + "203.0.113.9"], "203.0.113.9"),
]
# User agents that are no UTF-8, or would end a JSON string, or are very long: none of that is the caller's loss.
NO_TEXTS = (b"\xc4pp/1", b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\x80", b'"\\"}', b"x" * 5000)


def seen(stack, email, lines, agent=b"\xc3\x84pp/1"):
    """(address, user agent) of the session that a login with these lines of X-Forwarded-For opened."""
    port = stack.ports["gateway"][0]
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "passport.auth.login",
        "params": {"email": email, "password": PASSWORD},
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest("POST", "/rpc")
    for line in lines:
        connection.putheader("x-forwarded-FOR", line)
    body = json.dumps(call).encode()
    for name, value in {"Content-Type": "application/json", "Content-Length": len(body)}.items():
        connection.putheader(name, str(value))
    connection.putheader("User-Agent", agent)
    connection.endheaders(body)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    with stack.database("passport") as database:
        return database.execute(
            "SELECT address, user_agent FROM session WHERE id = %s", (answer["result"]["session_id"],)
        ).fetchone()


@pytest.mark.parametrize("engine", ["direct", "evhttp"])
def test_a_trusted_proxy_names_the_client(make_stack, engine):
    stack = make_stack({"gateway": {"trusted_proxies": "127.0.0.1, 10.0.0.0/8", "http_engine": engine}})
    user = stack.user()
    for lines, address in FORWARDED:
        assert seen(stack, user.email, lines) == (address, "Äpp/1"), lines
    for agent in NO_TEXTS:
        assert seen(stack, user.email, [], agent)[0] == "127.0.0.1", agent


def test_nobody_is_believed_by_default(stack):
    user = stack.user()
    for lines, _ in FORWARDED:
        assert seen(stack, user.email, lines) == ("127.0.0.1", "Äpp/1"), lines


def login_by_link(stack, email, peer):
    """The result of a login that the gateway passes on, for a client at `peer`."""
    with Link(stack.ports["passport"][1]) as link:
        assert link.prove("gateway", stack.link_secret)
        return link.call("passport.auth.login", {"email": email, "password": PASSWORD}, peer=peer)["result"]


def test_ipv4_mapped_into_ipv6_is_ipv4(stack):
    user, address = stack.user(), "203.0.113.9"
    for peer in (address, f"::ffff:{address}", "::FFFF:CB00:7109"):
        session = login_by_link(stack, user.email, peer)["session_id"]
        assert sql(stack, "SELECT address FROM session WHERE id = %s", session) == [(address,)], peer
    assert {one["address"] for one in user.rpc("passport.session.list")["items"]} == {"127.0.0.1", address}
    networks = "SELECT network FROM known_network WHERE user_id = %s ORDER BY network"
    assert sql(stack, networks, user.id) == [("127.0.0.1",), (address,)]


def test_a_bad_list_stops_the_start(stack):
    gateway = stack["gateway"]
    result = gateway.command("serve", "--trusted-proxies", "10.0.0.0/33", "--port", "0", check=False, timeout=30)
    assert result.returncode != 0
    assert "10.0.0.0/33 is no network" in result.stdout + result.stderr
