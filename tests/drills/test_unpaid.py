"""Requests that no method is behind: paths that do not exist, wrong methods, probes, sent ahead on many connections."""

import selectors
import socket
import threading
from collections import Counter
from urllib.parse import urlsplit

from flood import ATTACKER
from neighbours import MemoryWatch, Neighbours

EACH = 16  # connections
AHEAD = 200  # requests in one write
HEAD = "Host: x\r\n\r\n"
REQUESTS = {
    "no such path": f"GET /nothing HTTP/1.1\r\n{HEAD}",
    "no such method": f"PUT /rpc HTTP/1.1\r\n{HEAD}",
    "preflight": f"OPTIONS /rpc HTTP/1.1\r\n{HEAD}",
    "probe": f"GET /livez HTTP/1.1\r\n{HEAD}",
    "no picture's id": f"GET /images/nothing HTTP/1.1\r\n{HEAD}",
    "no HTTP": "GET /nothing HTTP/1.1 \r\n\r\n",
    "no call": f"POST /rpc HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n{HEAD}{{",
    "no JSON": f"POST /rpc HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n{HEAD}{{}}",
}


class Pipelines:
    """Connections on which requests are sent ahead, and answers read, as fast as both go; new ones for closed ones."""

    def __init__(self, base, requests):
        self.door = urlsplit(base)
        self.texts = {kind: text.encode() * AHEAD for kind, text in requests.items()}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.answers = Counter()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(30)

    def open(self, selector, kind):
        connection = socket.create_connection((self.door.hostname, self.door.port), 5, (ATTACKER, 0))
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, kind)

    def step(self, connection, kind, events):
        if events & selectors.EVENT_READ:
            got = connection.recv(1 << 18)
            if not got:
                raise ConnectionResetError
            self.answers[kind] += got.count(b"HTTP/1.1 ")
        if events & selectors.EVENT_WRITE:
            connection.send(self.texts[kind])

    def run(self):
        with selectors.DefaultSelector() as selector:
            for kind in list(self.texts) * EACH:
                self.open(selector, kind)
            while not self.over.is_set():
                for key, events in selector.select(1):
                    try:
                        self.step(key.fileobj, key.data, events)
                    except BlockingIOError:
                        pass
                    except OSError:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
                        self.open(selector, key.data)
            for key in list(selector.get_map().values()):
                key.fileobj.close()


def test_requests_without_a_method_hold_up_nobody(crowded):
    stack = crowded.stack
    with Neighbours(stack, crowded.listings) as others:
        quiet = others.measure(2)
        with MemoryWatch(stack) as memory, Pipelines(stack.gateway.base, REQUESTS) as attack:
            hit = others.measure(6)
    print(f"\n  answers: {dict(attack.answers)}")
    others.check(quiet, hit)
    assert attack.answers.keys() == REQUESTS.keys()
    assert memory.peak("gateway") < 256
