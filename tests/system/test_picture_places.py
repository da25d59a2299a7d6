"""Places for pictures at the gateway: who stands still loses theirs to who waits, and nothing is left of it."""

import json
import select
import socket
from contextlib import ExitStack

import pytest
from pictures import noise, picture
from rpc import session
from stack import Stack
from waiting import wait_until

pytestmark = pytest.mark.asan

LARGE = 9 << 20  # bytes: more than the kernel keeps for who reads nothing
SOURCES = [f"127.0.0.{number}" for number in range(40, 44)]  # each may have one of four places


@pytest.fixture(scope="module")
def few(cluster, templates):
    """A stack with four places each way."""
    settings = {"image_downloads": 4, "image_uploads": 4}
    with Stack(cluster, {"gateway": settings}, templates, ("passport", "images", "gateway")) as running:
        yield running


def upload(stack, data, source=None, kind="image/png"):
    headers = {"Content-Type": kind, "Authorization": f"Bearer {stack.user().token}"}
    return session(source).post(f"{stack.gateway.base}/images", data=data, headers=headers, timeout=60)


def begin(stack, source, request):
    """A connection that has sent the request, and reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    made.settimeout(20)
    made.bind((source, 0))
    made.connect(("127.0.0.1", stack.ports["gateway"][0]))
    made.sendall(request.encode())
    return made


def ended(stack, direction):
    line = f'eventloop_gateway_transfers_ended_total{{direction="{direction}"}} '
    text = stack.gateway.get("/metrics").text
    return sum(int(found.removeprefix(line)) for found in text.splitlines() if found.startswith(line))


def read_rest(connection):
    """What still comes until the connection ends or is cut."""
    received = b""
    try:
        while piece := connection.recv(1 << 20):
            received += piece
    except ConnectionResetError:
        pass
    return received


def test_who_reads_nothing_makes_room_for_who_waits(few):
    large = upload(few, noise(LARGE)).json()["url"]
    data = picture()
    small = upload(few, data).json()["url"]
    before = ended(few, "download")
    with ExitStack() as closing:
        standing = [
            closing.enter_context(begin(few, source, f"GET {large} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
            for source in SOURCES
        ]
        for connection in standing:
            assert connection.recv(12) == b"HTTP/1.1 200"
        served = session("127.0.0.3").get(few.gateway.base + small, timeout=20)
        assert served.status_code == 200 and served.content == data
        assert ended(few, "download") == before + 1
        # One is cut short, the others may still have all of it.
        lengths = [len(read_rest(connection)) for connection in standing]
        assert sum(length < LARGE - 100_000 for length in lengths) == 1, lengths


def test_who_sends_nothing_makes_room_for_who_waits(few):
    data = picture(color=(1, 2, 3))
    token = few.user().token
    before = ended(few, "upload")
    stored = lambda: {path.name for path in (few.folder / "images").rglob("*") if path.is_file()}
    rows = "SELECT count(*) FROM image"
    with few.database("images") as database:
        files, images = stored(), database.execute(rows).fetchone()[0]
    head = f"POST /images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(data)}\r\n\r\n"
    with ExitStack() as closing:
        standing = [closing.enter_context(begin(few, source, head)) for source in SOURCES]
        for connection in standing:
            connection.sendall(data[:20])
        wait_until(lambda: 'eventloop_http_in_flight{worker="0"} 5' in few.gateway.get("/metrics").text, what="uploads")
        made = upload(few, data, "127.0.0.3")
        assert made.status_code == 201, made.text
        assert ended(few, "upload") == before + 1
        answered, _, _ = select.select(standing, [], [], 10)
        assert len(answered) == 1
        told = answered[0].recv(1 << 16)
        others = [connection for connection in standing if connection not in answered]
        for connection in others:
            connection.sendall(data[20:])
        statuses = [int(connection.recv(1 << 16).split()[1]) for connection in others]
    assert statuses == [201, 201, 201] and told.startswith(b"HTTP/1.1 408 ")
    assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["data"]["code"] == "deadline_exceeded"
    # The same picture, three times of one user and once of another; nothing of what was cut off.
    with few.database("images") as database:
        assert database.execute(rows).fetchone()[0] == images + 4
    assert len(stored() - files) == 1
