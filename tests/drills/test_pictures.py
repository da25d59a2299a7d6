"""Drills: pictures that are legal, weigh little, and would keep a decoder busy for minutes; and clients that ask for
pictures, or say that they bring some, and then stand still. Others upload and fetch theirs meanwhile."""

import select
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from callers import Callers
from neighbours import MemoryWatch, Neighbours
from pictures import jpeg_of_scans, noise, picture, png_of_zeros
from rpc import session

ATTACK_SECONDS = 8
UPLOADERS = 3
PEAK_MIB = 512  # of images at its defaults: three decoders and what is read of uploads


def upload(stack, token, data, source):
    headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"}
    return session(source).post(f"{stack.gateway.base}/images", data=data, headers=headers, timeout=60)


class Attack(Callers):
    """`with Attack(stack)`: one user at 127.0.0.2 uploads the worst there is, six at a time."""

    def __init__(self, stack):
        self.stack, self.token = stack, stack.user("Attacker").token
        self.files = [
            jpeg_of_scans(7000, 7000, 882),  # 160 KB, 22 s of a core
            png_of_zeros(5, 9_900_000),  # 58 KB, 10 million rows
            png_of_zeros(7000, 7000, 16, 6, True),  # 380 KB, 400 MB of memory
            jpeg_of_scans(7000, 7000, 64),  # the worst that is taken
        ]
        self.answers = []
        super().__init__([partial(self._upload, self.files[number % len(self.files)]) for number in range(6)], 0.05)

    def _upload(self, data, _number):
        response = upload(self.stack, self.token, data, "127.0.0.2")
        problem = response.json().get("error", {}).get("data", {})
        self.answers.append((response.status_code, problem.get("reason") or problem.get("code")))


def visit(stack, number, token, until):
    """One who uploads a picture and looks at it, over and over, from an address of their own: what each took (ms)."""
    source, uploads, fetches = f"127.0.0.{20 + number}", [], []
    data = picture("JPEG", (1200, 800), (number, 90, 200))
    while not uploads or time.monotonic() < until:
        started = time.perf_counter()
        image = upload(stack, token, data, source)
        uploads.append(1000 * (time.perf_counter() - started))
        assert image.status_code == 201, image.text
        for _ in range(5):
            started = time.perf_counter()
            served = session(source).get(stack.gateway.base + image.json()["url"], timeout=60)
            fetches.append(1000 * (time.perf_counter() - started))
            assert served.status_code == 200 and served.content == data
            time.sleep(0.04)
    return uploads, fetches


def visits(stack, tokens, seconds):
    """The medians of what these users met at once: (uploads, fetches, how many of both)."""
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(tokens)) as pool:
        found = list(pool.map(lambda number: visit(stack, number, tokens[number], until), range(len(tokens))))
    uploads, fetches = ([one for part in found for one in part[which]] for which in (0, 1))
    return statistics.median(uploads), statistics.median(fetches), len(uploads), len(fetches)


@pytest.mark.timeout(120)
def test_costly_pictures_cost_their_sender(crowded):
    stack = crowded.stack
    tokens = [stack.user(f"Visitor {number}").token for number in range(UPLOADERS)]
    with Neighbours(stack, crowded.listings, searches=False) as others:
        quiet, alone = others.measure(2), visits(stack, tokens, 2)
        with MemoryWatch(stack) as memory, Attack(stack) as attack:
            others.begin(ATTACK_SECONDS)
            beside = visits(stack, tokens, ATTACK_SECONDS)
            hit = others.finish()
    others.check(quiet, hit)
    print(f"  uploads {alone[0]:.0f} ms ({alone[2]}), beside it {beside[0]:.0f} ms ({beside[2]})")
    print(f"  fetches {alone[1]:.1f} ms ({alone[3]}), beside it {beside[1]:.1f} ms ({beside[3]})")
    reasons = {reason: attack.answers.count((status, reason)) for status, reason in attack.answers}
    print(f"  the attacker's: {reasons}")
    assert not attack.failures, attack.failures
    assert {(413, "scans"), (413, "side"), (413, "memory")} <= set(attack.answers), reasons
    assert beside[1] < max(50, 3 * alone[1]), "fetching a picture waits for decoding others"
    assert beside[0] < max(500, 5 * alone[0]), "uploading a picture waits for decoding others"
    assert memory.peak("images") < PEAK_MIB


STANDING = ("127.0.0.2", "127.0.0.40", "127.0.0.41", "127.0.0.42")
FETCHES, SILENT_UPLOADS = 70, 4  # of each: more than all places there are for the one, as many for the other
STANDING_SECONDS = 6


class StandingStill:
    """`with StandingStill(stack, path)`: four addresses fetch a large picture without reading it and begin uploads
    without a byte of them, anew whenever that is ended."""

    def __init__(self, stack, path):
        self.port = stack.ports["gateway"][0]
        fetch = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"
        self.wanted = [(source, fetch) for source in STANDING for _ in range(FETCHES)]
        for number, source in enumerate(STANDING):
            token = stack.user(f"Silent {number}").token
            head = (
                f"POST /images HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            self.wanted += [(source, head)] * SILENT_UPLOADS
        self.begun, self.open = 0, {}
        self.poll = select.poll()
        self.over, self.all = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _begin(self, source, request):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.settimeout(2)
        made.bind((source, 0))
        made.connect(("127.0.0.1", self.port))
        made.sendall(request.encode())
        self.open[made.fileno()] = (made, source, request)
        self.poll.register(made, select.POLLRDHUP)
        self.begun += 1

    def _run(self):
        for source, request in self.wanted:
            self._begin(source, request)
        self.all.set()
        while not self.over.is_set():
            for number, _ in self.poll.poll(100):
                ended, source, request = self.open.pop(number)
                self.poll.unregister(ended)
                ended.close()
                self._begin(source, request)

    def __enter__(self):
        self.thread.start()
        assert self.all.wait(10)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(10)
        for connection, _, _ in self.open.values():
            connection.close()


@pytest.mark.timeout(120)
def test_who_stands_still_keeps_no_place(crowded):
    stack = crowded.stack
    tokens = [stack.user(f"Visitor {number}").token for number in range(UPLOADERS)]
    large = upload(stack, stack.user("Photographer").token, noise(9 << 20), "127.0.0.30").json()["url"]
    with Neighbours(stack, crowded.listings, searches=False) as others:
        quiet = others.measure(1)
        with MemoryWatch(stack) as memory, StandingStill(stack, large) as standing:
            others.begin(STANDING_SECONDS)
            # Each of them is served: nobody is told to come again.
            beside = visits(stack, tokens, STANDING_SECONDS)
            hit = others.finish()
    others.check(quiet, hit)
    print(f"  uploads beside it {beside[0]:.0f} ms ({beside[2]}), fetches {beside[1]:.0f} ms ({beside[3]})")
    print(f"  {standing.begun - len(standing.wanted)} of those that stood still began anew")
    assert standing.begun > len(standing.wanted), "nobody was ended"
    assert memory.peak("gateway") < PEAK_MIB
