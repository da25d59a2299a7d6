"""A load of bookings for races and drills, and the independent check of what became of them.

Each attempt has an idempotency key and is repeated until its outcome is certain, so that in the end the table must hold
exactly the bookings that were acknowledged: one more would be a booking nobody was told of, one less a lost one.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests
from rpc import RpcError

# What may pass by itself; everything else is a failure or an answer. All of them are words of the API contract.
PASSING = {"unavailable", "deadline_exceeded", "overloaded", "rate_limited"}


@dataclass(frozen=True)
class Attempt:
    key: str
    listing_id: str
    start: datetime
    end: datetime
    units: int

    def params(self):
        period = {"from": moment(self.start), "to": moment(self.end)}
        return {
            "listing_id": self.listing_id,
            "period": period,
            "units": self.units,
            "note": self.key,
            "idempotency_key": self.key,
        }


def moment(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(days):
    """Midnight UTC, so many days ahead."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def make_listings(stack, units):
    """{listing id: units}: published listings of a new company, one for each number of units."""
    company_id, owner = stack.company()
    return {stack.listing(company_id, owner, units=number)["id"]: number for number in units}


def at_once(count, function):
    """function(n) in so many threads that begin together; what each returned or the RpcError it got."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait(30)
        try:
            return function(number)
        except RpcError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def sort_out(outcomes):
    """(bookings, refusals)."""
    refusals = [one for one in outcomes if isinstance(one, RpcError)]
    return [one for one in outcomes if not isinstance(one, RpcError)], refusals


class Load:
    """Callers in threads that book at random. listings: {id: units}; users: one a caller."""

    def __init__(self, listings, users, seed, days, attempts=None):
        self.listings, self.users, self.seed = listings, users, seed
        self.first, self.days = midnight(2), days
        self.attempts = attempts
        self.lock = threading.Condition()
        self.acknowledged, self.conflicts = {}, []
        self.errors, self.surprises = [], []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self._caller, args=(n,), daemon=True) for n in range(len(users))]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()

    def join(self, timeout=120):
        for thread in self.threads:
            thread.join(timeout)
        assert not any(thread.is_alive() for thread in self.threads), "a caller does not come to an end"

    def _draw(self, rng, key):
        listing_id = rng.choice(list(self.listings))
        start = self.first + timedelta(hours=rng.randrange(self.days * 24))
        end = start + timedelta(hours=rng.choice((1, 2, 3, 6, 24, 48)))
        return Attempt(key, listing_id, start, end, rng.randint(1, self.listings[listing_id]))

    def _caller(self, number):
        rng = random.Random(f"{self.seed} {number}")
        count = 0
        try:
            while not self.stopped.is_set() and (self.attempts is None or count < self.attempts):
                count += 1
                self._until_certain(self.users[number], self._draw(rng, f"{self.seed}-{number}-{count}"))
        except Exception as error:
            with self.lock:
                self.surprises.append(repr(error))

    def _until_certain(self, user, attempt):
        """Also when stopped: what was asked must have an outcome."""
        while True:
            try:
                booking = user.rpc("events.booking.create", attempt.params())
            except RpcError as error:
                if (error.word, error.reason) == ("conflict", "booked"):
                    return self._note(self.conflicts.append, attempt)
                if error.word not in PASSING:
                    raise
                self._note(self.errors.append, error.word)
                self.stopped.wait(min(error.data.get("retry_after_ms", 50), 200) / 1000)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                self._note(self.errors.append, "no connection")
                self.stopped.wait(0.05)
            else:
                return self._note(self.acknowledged.__setitem__, booking["id"], (attempt, booking))

    def _note(self, function, *arguments):
        with self.lock:
            function(*arguments)
            self.lock.notify_all()

    def certain(self):
        """How many attempts have come to an outcome."""
        return len(self.acknowledged) + len(self.conflicts)

    def wait_for(self, condition, what, timeout=60):
        """Until condition() holds, looked at whenever an attempt got an answer."""
        with self.lock:
            held = self.lock.wait_for(lambda: self.surprises or condition(), timeout)
        assert not self.surprises, self.surprises[:3]
        assert held, f"waited {timeout} s for {what}; last errors {self.errors[-5:]}"

    def take_errors(self):
        """The errors since the last time."""
        with self.lock:
            taken, self.errors = self.errors, []
        return taken


def busiest(spans, start, end):
    """The most units taken at one instant of [start, end). spans: (from, to, units)."""
    inside = [(max(a, start), min(b, end), units) for a, b, units in spans if a < end and start < b]
    steps = sorted(
        [(a, 1, units) for a, _, units in inside] + [(b, 0, -units) for _, b, units in inside]
    )  # at one instant, what ends is gone before what begins is there
    most = taken = 0
    for _, _, change in steps:
        taken += change
        most = max(most, taken)
    return most


def read_bookings(database, listings):
    """{id: (listing, from, to, units, note)} of the confirmed ones, from the table."""
    rows = database.execute(
        "SELECT id::text, listing_id::text, lower(period), upper(period), units, note FROM booking"
        " WHERE state = 'confirmed' AND listing_id::text = ANY (%s)",
        [list(listings)],
    )
    return {row[0]: row[1:] for row in rows}


def check_units(database, listings, bookings):
    """Each booking holds as many units as it has, of those there are, and no unit is held twice at once."""
    rows = database.execute(
        "SELECT booking_id::text, listing_id::text, unit, lower(period), upper(period) FROM booking_unit"
        " WHERE listing_id::text = ANY (%s) ORDER BY 2, 3, 4",
        [list(listings)],
    ).fetchall()
    held = {}
    for booking_id, listing_id, unit, start, end in rows:
        assert 1 <= unit <= listings[listing_id]
        assert bookings[booking_id][:3] == (listing_id, start, end)
        held.setdefault(booking_id, set()).add(unit)
    for first, second in zip(rows, rows[1:], strict=False):
        assert first[1:3] != second[1:3] or first[4] <= second[3], f"a unit is held twice: {first} and {second}"
    assert {one: len(units) for one, units in held.items()} == {one: row[3] for one, row in bookings.items()}


def check_outcome(database, load):
    """Nothing lost, nothing twice, nothing nobody was told of, no conflict without a reason. How many bookings."""
    assert not load.surprises, load.surprises[:3]
    bookings = read_bookings(database, load.listings)
    told = {
        booking_id: (one.listing_id, one.start, one.end, one.units, one.key)
        for booking_id, (one, _) in load.acknowledged.items()
    }
    assert not set(told) - set(bookings), "acknowledged and lost"
    assert not set(bookings) - set(told), "booked, and nobody was told"
    assert told == bookings
    check_units(database, load.listings, bookings)
    spans = {listing_id: [] for listing_id in load.listings}
    for listing_id, start, end, units, _ in bookings.values():
        spans[listing_id].append((start, end, units))
    for listing_id, start, end, _, _ in bookings.values():
        assert busiest(spans[listing_id], start, end) <= load.listings[listing_id], f"{listing_id} is booked over"
    for one in load.conflicts:
        taken = busiest(spans[one.listing_id], one.start, one.end)
        assert taken + one.units > load.listings[one.listing_id], f"refused, and yet free: {one}"
    return len(bookings)
