"""One caller takes all it can get: cheap calls, batches, searches, writes. It is told to wait; others see nothing."""

import http.client
import json
import re
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from neighbours import MemoryWatch, Neighbours
from rpc import RpcError

ATTACKER = "127.0.0.2"
SECONDS = 8
REFUSED = re.compile(rb'"code":"rate_limited","request_id":"[^"]*","reason":"(\w+)"')
# What the defaults of limit_write_burst and limit_write_rate allow one user in that time, and some to spare.
MOST_WRITES = 30 + 5 * (SECONDS + 4)


def batch(method, params, size=100):
    calls = [{"jsonrpc": "2.0", "id": n, "method": method, "params": params} for n in range(size)]
    return json.dumps(calls if size > 1 else calls[0]).encode()


class Flood:
    """`with Flood(base, bodies)`: sends each body over and over, two connections each. results, refused: counts."""

    def __init__(self, base, bodies):
        self.door = urlsplit(base)
        self.over = threading.Event()
        self.results, self.refused, self.failed = Counter(), Counter(), Counter()
        self.threads = [threading.Thread(target=self._send, args=body) for body in bodies for _ in range(2)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def _send(self, kind, body, token):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection = http.client.HTTPConnection(
            self.door.hostname, self.door.port, timeout=60, source_address=(ATTACKER, 0)
        )
        while not self.over.is_set():
            try:
                connection.request("POST", "/rpc", body, headers)
                answer = connection.getresponse().read()
            except (http.client.HTTPException, OSError) as error:
                self.failed[repr(error)] += 1
                connection.close()
                continue
            self.results[kind] += answer.count(b'"result":')
            self.refused.update((kind, reason.decode()) for reason in REFUSED.findall(answer))
        connection.close()


def bodies(crowded, user, company):
    get = {"id": crowded.listings[0]}
    search = {"text": "bright hall weddings concerts", "sort": "relevance"}
    draft = {"company_id": company, "type": crowded.stack.listing_type(), "title": "One of very many"}
    return [
        ("cheap", batch("events.listing.get", get, 1), None),
        ("batch", batch("events.listing.get", get), None),
        ("search", batch("events.listing.search", search), None),
        ("write", batch("events.listing.create", draft), user.token),
        ("audit", batch("passport.session.revoke_others", {}, 1), user.token),
    ]


def test_a_caller_who_takes_all_it_can_get_holds_up_nobody(crowded):
    stack = crowded.stack
    company, user = stack.company()
    with Neighbours(stack, crowded.listings) as others:
        quiet = others.measure(3)
        with MemoryWatch(stack) as memory, Flood(stack.gateway.base, bodies(crowded, user, company)) as flood:
            hit = others.measure(SECONDS)
    print(f"\n  the attacker got {dict(flood.results)}, was refused {dict(flood.refused)}, failed {dict(flood.failed)}")
    others.check(quiet, hit)
    wanted = {("cheap", "point"), ("batch", "point"), ("search", "lane"), ("write", "write"), ("audit", "write")}
    assert wanted <= flood.refused.keys()
    assert flood.results["write"] + flood.results["audit"] <= MOST_WRITES
    assert memory.peak("gateway") < 256
    with stack.database("events") as database:
        database.execute("DELETE FROM listing WHERE company_id = %s", (company,))


def test_who_has_searched_too_much_may_still_read(crowded):
    door = crowded.stack.gateway.seen_from("127.0.0.120")
    started = time.monotonic()
    refusal = None
    while refusal is None and time.monotonic() < started + 10:
        answers = door.post(json.loads(batch("events.listing.search", {"limit": 1, "total": False}))).json()
        refusal = next((RpcError(one["error"]) for one in answers if "error" in one), None)
    assert (refusal.word, refusal.reason) == ("rate_limited", "lane") and refusal.data["retry_after_ms"] > 0
    for listing in crowded.listings[:50]:
        assert door.rpc("events.listing.get", {"id": listing})["id"] == listing
