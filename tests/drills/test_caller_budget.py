"""One caller takes all it can get: cheap calls, batches, searches, writes. It is told to wait; others see nothing."""

import json
import time

from flood import Flood, batch
from neighbours import MemoryWatch, Neighbours
from rpc import RpcError

SECONDS = 8
# What the defaults of limit_write_burst and limit_write_rate allow one user in that time, and some to spare.
MOST_WRITES = 30 + 5 * (SECONDS + 4)


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
    print(f"\n  the attacker got {dict(flood.results)}, was refused {dict(flood.errors)}, failed {dict(flood.failed)}")
    others.check(quiet, hit)
    buckets = {"cheap": "point", "batch": "point", "search": "lane", "write": "write", "audit": "write"}
    assert {(kind, "rate_limited", bucket) for kind, bucket in buckets.items()} <= flood.errors.keys()
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
