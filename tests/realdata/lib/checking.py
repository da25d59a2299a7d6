"""All checks of a loaded dataset: ratings, searches, bookings. Every single one is counted."""

import json
import random
import sys
import time
from datetime import UTC, datetime

import compare
from door import RpcError
from loading import door_of, read_state
from oracle import free, items_of
from queries import DAY, Generator, first_moment, iso, last_moment

SHORTEST = 15 * 60  # seconds that a booking takes at least


class Check:
    """The checks of one dataset; passed and failed count them."""

    def __init__(self, dataset, gateway, data_dir, seed):
        self.state = read_state(data_dir, dataset.name)
        if self.state is None or "keys" not in self.state:
            raise SystemExit(f"{dataset.name} is not loaded in {data_dir}: run tests/realdata/load first")
        self.door = door_of(gateway, data_dir)
        self.company_id = self.state["company_id"]
        self.items = items_of(dataset, self.state)
        self.rng = random.Random(seed)
        self.passed = self.failed = 0
        self.first = first_moment(datetime.now(UTC))
        self.last = last_moment(self.items, self.first)

    def count(self, fault, what):
        """One check: fault is None when it passed."""
        if fault:
            self.failed += 1
            print(f"MISMATCH {what}\n    {json.dumps(fault, ensure_ascii=False)}", flush=True)
        else:
            self.passed += 1

    # --- ratings ---

    def summaries(self, items):
        params = [{"subject_ids": [item.id for item in items[at : at + 100]]} for at in range(0, len(items), 100)]
        answers = [self.door.call("rating.summary.list", one) for one in params]
        return {summary["subject_id"]: summary for answer in answers for summary in answer["items"]}

    def rating_fault(self, item, summary):
        mean = None if not item.reviews else float(item.score)
        expected = {"count": item.reviews, "mean": mean, "bayesian": item.bayesian and float(item.bayesian)}
        got = {name: summary[name] for name in expected} if summary else None
        stars = sum(summary["histogram"].values()) if summary else None
        if got == expected and stars == item.reviews:
            return None
        return {"got": got, "expected": expected, "stars": stars}

    def check_ratings(self):
        summaries = self.summaries(self.items)
        for item in self.items:
            self.count(self.rating_fault(item, summaries.get(item.id)), f"rating.summary.list {item.external_id}")

    def shown_wrong(self):
        """Listings whose card does not show the rating yet."""
        cards, _, _ = compare.walk(self.door, {"sort": "rating"}, self.company_id, 100, 1 << 20)
        shown = {card["id"]: card["rating"] for card in cards}
        wrong = []
        for item in self.items:
            rating = shown.get(item.id) or {}
            bayesian = item.bayesian and float(item.bayesian)
            if (rating.get("count"), rating.get("bayesian")) != (item.reviews, bayesian):
                wrong.append({"listing": item.external_id, "shown": rating, "expected": [item.reviews, bayesian]})
        return wrong

    def wait_for_ratings(self):
        """Facts travel: until all have arrived, or the time for that is up."""
        until = time.monotonic() + 60 + len(self.items) / 100
        wrong = self.shown_wrong()
        while wrong and time.monotonic() < until:
            time.sleep(0.5)
            wrong = self.shown_wrong()
        for _ in range(len(self.items) - len(wrong)):
            self.count(None, "")
        for fault in wrong:
            self.count(fault, f"rating shown in search, {fault['listing']}")

    # --- searches ---

    def check_searches(self, queries):
        """Compares so many searches, and prints how fast they were and whether they found anything."""
        generator = Generator(self.rng, self.items, self.state, self.first, self.last)
        started, found = time.monotonic(), []
        for _ in range(queries):
            query, limit = generator.draw()
            try:
                fault, right = compare.fault_of(self.door, query, self.items, self.company_id, limit)
            except (RpcError, AssertionError) as error:
                fault, right = {"error": str(error)}, 0
            self.count(fault, f"limit {limit}, query {compare.replay(query, self.company_id)}")
            found.append(right)
        spent = time.monotonic() - started
        print(
            f"{queries} searches, all pages, in {spent:.1f} s ({queries / max(spent, 1e-9):.0f} a second):"
            f" {sum(map(bool, found))} found something, {sum(found)} listings in all",
            flush=True,
        )

    # --- bookings ---

    def in_search(self, item, period, **more):
        """Whether search shows the listing as free in the period."""
        query = {"period": period, "sort": "price", **more}
        cards, _, _ = compare.walk(self.door, query, self.company_id, 100, 1 << 20)
        return item.id in {card["id"] for card in cards}

    def refused(self, item, period):
        """None when booking is a conflict because of the time, else what was answered."""
        try:
            booking = self.door.call("events.booking.create", {"listing_id": item.id, "period": period})
        except RpcError as error:
            return None if (error.word, error.reason) == ("conflict", "booked") else {"error": str(error)}
        self.door.call("events.booking.cancel", {"id": booking["id"]})
        return {"booked": booking}

    def free_period(self, item):
        """One or two nights that nobody has, from the day after tomorrow on; None when there are none."""
        starts = list(range(self.first, self.last + DAY, DAY))
        self.rng.shuffle(starts)
        for start in starts[:200]:
            period = {"from": iso(start), "to": iso(start + self.rng.choice((1, 2)) * DAY)}
            if free(item, period):
                return period
        return None

    def book_and_cancel(self, item, period):
        """Books; it is taken for others and gone from search; cancelled, it is back."""
        self.count(None if self.in_search(item, period) else {"not": "found"}, f"free {item.external_id} {period}")
        booking = self.door.call("events.booking.create", {"listing_id": item.id, "period": period})
        try:
            self.count(self.refused(item, period), f"second booking of {item.external_id} {period}")
            seen = self.in_search(item, period, min_seq=booking["seq"])
            self.count({"still": "found"} if seen else None, f"booked {item.external_id} {period}")
        finally:
            cancelled = self.door.call("events.booking.cancel", {"id": booking["id"]})
        state = cancelled["state"]
        self.count(None if state == "cancelled" else {"state": state}, f"cancel {booking['id']}")
        seen = self.in_search(item, period, min_seq=cancelled["seq"])
        self.count(None if seen else {"not": "found"}, f"cancelled {item.external_id} {period}")

    def check_bookings(self, wanted=8):
        items = self.items[:]
        self.rng.shuffle(items)
        done = 0
        for item in items:
            period = self.free_period(item) if done < wanted else None
            if period:
                self.book_and_cancel(item, period)
                done += 1
        taken = [(item, span) for item in items for span in item.busy if span[0] >= self.first][: wanted * 3]
        for item, (first, last) in taken:
            for start, end in ((first, last), (last - DAY, last + DAY), (first + 1 - SHORTEST, first + 1)):
                period = {"from": iso(start), "to": iso(end)}
                self.count(self.refused(item, period), f"taken {item.external_id} {period}")

    def run(self, queries):
        """(passed, failed)."""
        if not self.items:
            print("no listings", file=sys.stderr)
            return 0, 1
        self.check_ratings()
        started = time.monotonic()
        self.wait_for_ratings()
        print(f"ratings shown in search after {time.monotonic() - started:.1f} s", flush=True)
        self.check_searches(queries)
        self.check_bookings()
        return self.passed, self.failed
