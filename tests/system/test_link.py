"""The link: only daemons come in, strangers keep nobody out, and the gateway has none."""

import os
import secrets
import socket
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from callers import Callers
from link import Link, is_over, prove
from rpc import Endpoint, session
from stack import PASSWORD
from waiting import wait_until

LIMIT = 5
STRANGER, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
ATTEMPTS = 130
IDLE = 256
WAITED_FOR = 1.0  # seconds that a call waits for a daemon that has just gone
OTHER = "the secret of an other installation"
NOBODY = "01932b5c-7a10-7000-8000-00000000dead"
ESTABLISHED, LISTENING = "01", "0A"  # as /proc/net/tcp has states, and the timer that runs
KEEP_ALIVE = "02"
# A call to each daemon, and what says that it was there: a result, or this word.
REACHED = {
    "passport": ("passport.company.get", {"id": NOBODY}, "not_found"),
    "events": ("events.type.list", {}, None),
    "rating": ("rating.summary.get", {"subject_id": NOBODY}, None),
    "images": ("images.image.list", {"ids": [NOBODY]}, None),
}


def link_port(stack, name="passport"):
    return stack.ports[name][1]


@contextmanager
def idle_sockets(port, count, source=STRANGER):
    """So many connections that say nothing."""
    with ExitStack() as open_ones:
        for _ in range(count):
            open_ones.enter_context(socket.create_connection(("127.0.0.1", port), 10, (source, 0)))
        yield


def unreached(door, names=REACHED):
    """The error answers of calls to the daemons that were not those of a daemon."""
    answers = [(REACHED[name][2], door.answer(*REACHED[name][:2])) for name in names]
    return [answer for word, answer in answers if answer.get("error", {"data": {"code": word}})["data"]["code"] != word]


# --- who calls ---


def test_a_stranger_cannot_say_whose_address_a_call_comes_from(make_stack):
    stack = make_stack({"passport": {"login_limit_network": LIMIT}}, ("passport", "gateway"))
    port, wrong = link_port(stack), {"email": "nobody@test.example", "password": PASSWORD}
    answers = []
    for number in range(ATTEMPTS):
        with Link(port, STRANGER) as link:
            answers.append(link.call("passport.auth.login", wrong, peer=f"203.0.{number}.9"))
    assert answers == [None] * ATTEMPTS
    # Other daemons call for themselves: what they say of clients is not believed, and their own address is throttled.
    with Link(port, NEIGHBOUR) as link:
        assert link.prove("events", stack.link_secret)
        words = [
            link.call("passport.auth.login", wrong, peer=f"203.0.{number}.9")["error"]["data"]["code"]
            for number in range(LIMIT + 1)
        ]
    assert words == ["unauthenticated"] * LIMIT + ["rate_limited"]
    with Link(port, NEIGHBOUR) as link:
        assert link.prove("gateway", stack.link_secret)
        answer = link.call("passport.auth.login", wrong, peer="203.0.113.9")
    assert answer["error"]["data"]["code"] == "unauthenticated"
    stack.gateway.error("passport.auth.login", wrong)


@pytest.mark.asan
def test_what_proves_nothing(stack):
    port = link_port(stack)
    with Link(port) as link:
        assert link.prove("events", OTHER) is None
    with Link(port) as link:
        assert link.prove("events", stack.link_secret, role="server") is None
    with Link(port) as link:
        recorded = link.prove("events", stack.link_secret)
        assert link.call("rpc.discover", {})["result"]["openrpc"]
    with Link(port) as link:
        link.send(recorded)
        assert link.read() == ""
    # What the server says of itself is no proof of a client's.
    with Link(port) as first, Link(port) as second:
        nonce = second.server_nonce
        reflected = prove(stack.link_secret, "server", "passport", "events", first.server_nonce, nonce)
        first.send(f"link/1 prove events {nonce} {reflected}")
        assert first.read() == ""
    for line in ("", "{}", "x" * 1000, '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}'):
        with Link(port) as link:
            link.send(line)
            assert link.read() == ""


def test_a_daemon_with_another_secret_is_told_and_gets_no_tokens(make_stack):
    stack = make_stack({"rating": {"link_secret": OTHER}}, ("passport", "events", "rating"))
    wait_until(lambda: "link_secret must be the same" in stack["rating"].log_text(), what="rating to say why")
    assert "a connection of the link was refused" in stack["passport"].log_text()
    assert OTHER not in stack["rating"].log_text() + stack["passport"].log_text()
    assert stack["rating"].get("/readyz").status_code == 200


@pytest.mark.parametrize("name", ["passport", "gateway"])
@pytest.mark.parametrize("secret, said", [("", "is required"), ("x" * 31, "(32 to 500 bytes)")])
def test_no_start_without_a_secret(stack, name, secret, said):
    result = stack[name].command("serve", f"--link-secret={secret}", "--port=0", check=False)
    assert result.returncode == 2 and "link_secret" in result.stdout and said in result.stdout


def test_a_secret_may_come_from_a_file(stack):
    path = stack.folder / "link.secret"
    path.write_text(OTHER + "\n")
    result = stack["events"].command("--link-secret-file", path, "--print-config")
    assert "link_secret = ***" in result.stdout and OTHER not in result.stdout


# --- what strangers hold ---


def test_strangers_keep_nobody_out(fresh_stack):
    """Idle sockets at the link of each daemon, and all the same the gateway connects at once when it starts."""
    stack = fresh_stack
    stack.gateway.stop()
    with ExitStack() as attack:
        for name in ("passport", "events", "rating", "images"):
            attack.enter_context(idle_sockets(link_port(stack, name), IDLE))
        before = {name: stack[name].open_files() for name in ("passport", "events")}
        stack.gateway.start()
        wait_until(lambda: not unreached(stack.gateway), 5, "the gateway to reach all daemons")
        assert stack.user("Beside").rpc("passport.user.me")["name"] == "Beside"
        assert max(before.values()) < IDLE, before


@pytest.mark.asan
def test_silence_and_half_lines_go(stack):
    """Of daemons, too: tests/unit/link/test_strangers.c, where time is shorter."""
    with Link(link_port(stack), STRANGER) as silent, Link(link_port(stack), STRANGER) as half:
        half.connection.sendall(b"link/1 prove eve")
        assert is_over(silent.connection, 8) and is_over(half.connection, 8)


def test_a_machine_that_is_gone_holds_no_connection(stack):
    def timers():
        return {row[5].partition(":")[0] for row, port in sockets(ESTABLISHED) if port == link_port(stack, "events")}

    assert unreached(stack.gateway) == []
    wait_until(lambda: timers() == {KEEP_ALIVE}, what="the kernel to look after the connections of events")


# --- a change of the secret ---


class Calls(Callers):
    """Calls one after the other through the gateway, until the end; what was not answered well."""

    def __init__(self, stack):
        self.door, self.faults, self.count = stack.gateway, [], 0
        super().__init__([self._call], pause=0)

    def _call(self, _number):
        self.faults += unreached(self.door)
        self.count += len(REACHED)


def restart(daemon, calls):
    """Restarts it while calls run. They wait a second for it: only a machine that needs longer excuses them."""
    since, before = time.monotonic(), len(calls.faults)
    daemon.restart()
    slow = time.monotonic() - since > WAITED_FOR / 2
    wait_until(lambda: not unreached(calls.door, [daemon.name]), 10, f"the gateway to reach {daemon.name}")
    reasons = [fault["error"]["data"].get("reason") for fault in calls.faults[before:]]
    assert not reasons or (slow and set(reasons) == {"not_sent"}), calls.faults[before:]


def roll_out(stack, **settings):
    """Each daemon with the settings, one after the other, those behind the gateway while calls run."""
    with Calls(stack) as calls:
        for name in ("rating", "passport", "events", "images"):
            stack[name].write_settings(**settings)
            restart(stack[name], calls)
    assert calls.count > 0 and not calls.failures, calls.failures
    stack.gateway.write_settings(**settings)
    stack.gateway.restart()
    wait_until(lambda: not unreached(stack.gateway), 10, "the gateway to reach all daemons")


def test_the_secret_changes_while_calls_run(fresh_stack):
    stack, old, new = fresh_stack, fresh_stack.link_secret, secrets.token_urlsafe(32)
    roll_out(stack, link_secret=new, link_secret_previous=old)
    for known in ((new,), (old,), (OTHER, old)):
        with Link(link_port(stack)) as link:
            assert link.prove("events", *known)
    roll_out(stack, link_secret_previous=None)
    with Link(link_port(stack)) as link:
        assert link.prove("events", old) is None
    assert stack.user("After").rpc("passport.user.me")["name"] == "After"


# --- where it listens ---


def sockets(state):
    """The rows of the system's TCP sockets in that state, and the port of each."""
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return [(row, int(row[1].rpartition(":")[2], 16)) for row in rows if row[3] == state]


def listening_ports(pid):
    """The TCP ports that the process listens on."""
    ports = {f"socket:[{row[9]}]": port for row, port in sockets(LISTENING)}
    held = {os.readlink(entry) for entry in os.scandir(f"/proc/{pid}/fd")}
    return {port for name, port in ports.items() if name in held}


def test_the_gateway_opens_no_link(stack):
    assert listening_ports(stack.gateway.process.pid) == {stack.ports["gateway"][0]}
    assert listening_ports(stack["events"].process.pid) == set(stack.ports["events"])
    for setting in ("--link-port=0", "--link-address=127.0.0.1"):
        result = stack.gateway.command("serve", setting, "--port=0", check=False)
        assert result.returncode == 2 and "unknown flag" in result.stdout


def test_the_link_has_an_address_of_its_own(make_stack):
    stack = make_stack(names=("passport", "events", "gateway"))
    port = link_port(stack)
    stack["passport"].write_settings(link_address="::1")
    stack["events"].write_settings(listen_address="0.0.0.0", passport_link=f"[::1]:{port}")
    stack.gateway.write_settings(passport_link=f"[::1]:{port}")
    for daemon in stack.daemons.values():
        daemon.restart()
    wait_until(lambda: not unreached(stack.gateway, ["passport", "events"]), 10, "the gateway to reach both")
    with Link(port, "::1", "::1") as link:
        assert link.prove("gateway", stack.link_secret)
    with pytest.raises(ConnectionRefusedError):
        Link(port)
    assert Endpoint(f"http://127.0.0.2:{stack.ports['events'][0]}").get("/livez").status_code == 200
    with pytest.raises(ConnectionRefusedError):
        Link(link_port(stack, "events"), host="127.0.0.2")


# --- service tokens at the public door ---


def test_a_service_token_opens_nothing_at_the_gateway(stack):
    token = stack.service_token("events")
    company, owner = stack.company()
    draft = stack.listing(company, owner, publish=False)["id"]
    params = {"id": draft}
    assert stack["events"].rpc("events.listing.get", params, token)["id"] == draft
    assert stack.gateway.error("events.listing.get", params, token).word == "not_found"  # as of anybody
    refused = stack.gateway.error("passport.user.me", {}, token)
    assert (refused.word, refused.reason) == ("forbidden", "access")
    assert stack.gateway.rpc("gateway.status", {}, token)["daemons"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert stack.gateway.get(f"/images/{draft}", headers=bearer).status_code == 403
    assert session().post(f"{stack.gateway.base}/images", b"x", headers=bearer, timeout=30).status_code == 403
