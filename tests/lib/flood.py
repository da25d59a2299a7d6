"""A caller who takes all it can get: bodies of POST /rpc sent over and over, and what became of them.

with Flood(base, [("search", batch("events.listing.search", {"limit": 1}), None)]) as flood:
    ...
assert flood.results["search"] > 0 and ("search", "rate_limited", "lane") in flood.errors and not flood.failed
"""

import http.client
import json
import re
import threading
from collections import Counter
from functools import partial
from urllib.parse import urlsplit

from callers import Callers

ATTACKER = "127.0.0.2"
ERROR = re.compile(rb'"data":{"code":"(\w+)","request_id":"[^"]*"(?:,"reason":"(\w+)")?')


def batch(method, params, size=100):
    """The body of a call, or of so many of them at once; params may be a function of the call's number."""
    given = params if callable(params) else lambda number: params
    calls = [{"jsonrpc": "2.0", "id": n, "method": method, "params": given(n)} for n in range(size)]
    return json.dumps(calls if size > 1 else calls[0]).encode()


class Flood(Callers):
    """bodies: (kind, body, token or None), each sent by `each` connections of their own, from the address `source`.
    results: {kind: answers that are results}; errors: {(kind, word, reason or ""): how many}; failed: {fault: ...}."""

    def __init__(self, base, bodies, each=2, source=ATTACKER):
        self.door, self.source = urlsplit(base), source
        self.results, self.errors, self.failed = Counter(), Counter(), Counter()
        self.own = threading.local()
        super().__init__([partial(self._send, *body) for body in bodies for _ in range(each)], pause=0)

    def _connection(self):
        if not hasattr(self.own, "connection"):
            source = (self.source, 0)
            self.own.connection = http.client.HTTPConnection(
                self.door.hostname, self.door.port, timeout=60, source_address=source
            )
        return self.own.connection

    def _send(self, kind, body, token, _number):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            self._connection().request("POST", "/rpc", body, headers)
            answer = self._connection().getresponse().read()
        except (http.client.HTTPException, OSError) as error:
            self.failed[repr(error)] += 1
            self._connection().close()
            return
        self.results[kind] += answer.count(b'"result":')
        self.errors.update((kind, word.decode(), reason.decode()) for word, reason in ERROR.findall(answer))
