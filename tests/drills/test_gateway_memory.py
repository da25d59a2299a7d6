"""A drill: one client makes the gateway hold as much as it can, in five ways at once; others call and look at pictures.

The client has no limit of calls here (limit_exempt), so that what bounds memory is what is meant to.
"""

import json
import resource
import socket
from functools import partial

import pytest
from callers import Callers
from neighbours import MemoryWatch, Neighbours
from pictures import noise, picture
from rpc import session
from waiting import wait_until

ATTACKER = "127.0.0.2"
VISITOR = "127.0.0.20"
SECONDS = 5
SILENT = 4096
LARGE = 18 << 20  # bytes of a picture, or of what is sent without a token
LISTINGS = 100
KERNEL_MIB = 64  # for the gateway's end of all connections, of which one address has 256
PEAK_MIB = {"gateway": 256, "events": 256, "images": 256, "rating": 128, "passport": 256}


def post(path, body, length=None, extra=""):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{extra}"
    return f"{head}Content-Length: {length or len(body)}\r\n\r\n".encode() + body


def batch(method, params):
    calls = [{"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number in range(100)]
    return json.dumps(calls, separators=(",", ":")).encode()


class Attack(Callers):
    """`with Attack(stack, image, token)`: all of it, from one address, until the end of the block."""

    def __init__(self, stack, image, token):
        self.port = stack.ports["gateway"][0]
        self.open = []
        picture_request = f"GET {image} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        pages = post("/rpc", batch("events.listing.mine", {"limit": 100}), extra=f"Authorization: Bearer {token}\r\n")
        steps = [partial(self._send, post("/images", bytes(LARGE)))] * 40
        steps += [partial(self._send, post("/rpc", batch("rpc.discover", {})))] * 60
        steps += [partial(self._send, picture_request)] * 30
        steps += [partial(self._send_and_read, pages)]
        self.loud = len(steps)
        super().__init__([*steps, self._be_silent], pause=0)

    def _dial(self):
        made = socket.socket()
        made.settimeout(2)
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # what the kernel keeps is to be kept for the gateway
            made.setsockopt(socket.SOL_SOCKET, buffer, 4096)
        made.bind((ATTACKER, 0))
        made.connect(("127.0.0.1", self.port))
        self.open.append(made)
        return made

    def _hold(self, data, read):
        """Sends it on a new connection and reads nothing, or whole answers, until the other side ends it."""
        connection = self._dial()
        connection.sendall(data)
        while read and connection.recv(1 << 20):
            pass
        while not self.over.wait(0.1):
            connection.send(b"")

    def _send(self, data, _number, read=False):
        try:
            self._hold(data, read)
        except OSError:
            self.over.wait(0.2)

    def _send_and_read(self, data, number):
        self._send(data, number, read=True)

    def _be_silent(self, _number):
        """Where the silent ones take all places, the others are to be in already."""
        try:
            if not self.loud <= len(self.open) < SILENT:
                self.over.wait(0.1)
            else:
                self._dial()
        except OSError:
            self.over.wait(0.1)

    def __enter__(self):
        super().__enter__()
        wait_until(lambda: len(self.open) >= self.loud, 10, "the attack to begin")
        return self

    def __exit__(self, *problem):
        super().__exit__(*problem)
        for connection in self.open:
            connection.close()


class Visitor(Callers):
    """`with Visitor(stack)`: uploads a picture and looks at it, over and over, from an address of its own."""

    def __init__(self, stack):
        self.stack, self.token = stack, stack.user("Visitor").token
        self.data = picture("JPEG", (1200, 800), (9, 90, 200))
        self.seen = 0
        super().__init__([self._visit], pause=0.05)

    def _visit(self, _number):
        headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {self.token}"}
        base = self.stack.gateway.base
        made = session(VISITOR).post(f"{base}/images", data=self.data, headers=headers, timeout=20)
        assert made.status_code == 201, made.text
        for _ in range(5):
            served = session(VISITOR).get(base + made.json()["url"], timeout=20)
            assert served.status_code == 200 and served.content == self.data, served.text[:200]
            self.seen += 1
            self.over.wait(0.05)


def load(stack):
    """Listings as long as they may be, so that a page of them has 4 MB. Their ids, and the token of their owner."""
    company, owner = stack.company()
    kind = stack.listing_type()
    lines = (
        {
            "kind": "listing",
            "external_id": f"long-{number}",
            "company_id": company,
            "type": kind,
            "title": f"Hall {number}",
            "description": "\U0001f3db" * 10000,
            "capacity": 100,
        }
        for number in range(LISTINGS)
    )
    path = stack.folder / "long.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stack["events"].command("import", path)
    with stack.database("events") as database:
        rows = database.execute("SELECT id::text FROM listing").fetchall()
    return [row[0] for row in rows], owner.token


def upload_large(stack):
    headers = {"Content-Type": "image/png", "Authorization": f"Bearer {stack.user('Owner').token}"}
    made = session().post(f"{stack.gateway.base}/images", data=noise(LARGE), headers=headers, timeout=60)
    assert made.status_code == 201, made.text
    return made.json()["url"]


@pytest.fixture
def descriptors():
    """As many open files as the attack has connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_client_that_makes_the_gateway_hold_much_holds_up_nobody(make_stack, descriptors):
    stack = make_stack({"gateway": {"limit_exempt": "127.0.0.0/8"}})
    (listings, token), image = load(stack), upload_large(stack)
    with Neighbours(stack, listings, searches=False) as others:
        quiet = others.measure(2)
        with MemoryWatch(stack) as memory, Visitor(stack) as visitor, Attack(stack, image, token) as attack:
            hit = others.measure(SECONDS)
    metrics = session().get(f"{stack.gateway.base}/metrics", timeout=10).text
    shed = [line for line in metrics.splitlines() if line.startswith("eventloop_http_shed_total")]
    print(f"\n  {visitor.seen} pictures seen beside it", *shed, sep="\n  ")
    others.check(quiet, hit)
    assert not visitor.failures, visitor.failures
    assert not attack.failures, attack.failures
    assert visitor.seen >= 5
    assert memory.kernel_peak("gateway") < KERNEL_MIB
    for name, bound in PEAK_MIB.items():
        assert memory.peak(name) < bound, name


def test_batches_that_wait_for_a_daemon_that_hangs_take_little(make_stack, descriptors):
    """As many as six addresses may have connections for; they ask for much, and go away."""
    stack = make_stack({"gateway": {"limit_exempt": "127.0.0.0/8"}})
    request = post("/rpc", batch("events.listing.get", {"id": stack.admin().id}))
    held = []
    stack["events"].pause()
    try:
        with MemoryWatch(stack) as memory:
            for number in range(6 * 250):
                source = (f"127.0.3.{1 + number // 250}", 0)
                held.append(socket.create_connection(("127.0.0.1", stack.ports["gateway"][0]), 10, source))
                held[-1].sendall(request)
            in_flight = f'eventloop_http_in_flight{{worker="0"}} {len(held) + 1}'  # with the one that asks
            wait_until(lambda: in_flight in stack.gateway.get("/metrics").text, what="all to wait")
            assert stack.rpc("passport.key.list", {}, stack.admin().token)["items"]
            for connection in held:
                connection.close()
            gone = 'eventloop_http_in_flight{worker="0"} 1\n'
            wait_until(lambda: gone in stack.gateway.get("/metrics").text, what="all to be gone")
    finally:
        stack["events"].resume()
    assert memory.peak("gateway") < PEAK_MIB["gateway"]
