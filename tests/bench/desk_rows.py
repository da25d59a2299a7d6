"""Several bookings in one call, beside one booking: one caller through the gateway, in turns, medians of latencies."""

import itertools
import statistics
import time
from datetime import timedelta

from booking_data import day, listing_id, period, prepare
from machine import Stack, rpc
from rates import Row

HOUR = timedelta(hours=1)
MANY = 5
HALLS = 20
WEEKS = 52
SINGLE, SEVERAL, SERIES = 10100, 10200, 10400  # first numbers of listings of booking_data
HOUSE, HALL = 10600, 10601


def places(first: int):
    """Days and hours at which nothing is booked yet."""
    for number in itertools.count(first):
        yield day(20 + number // 8) + (6 + number % 8 * 2) * HOUR


class Desk:
    """One kind of call, each time at a new place."""

    def __init__(self, bench, method: str, params, first: int = 0):
        self.bench, self.method, self.params = bench, f"events.booking.{method}", params
        self.place = places(first)

    def once(self) -> float:
        """Milliseconds that a call took."""
        params = self.params(next(self.place))
        began = time.perf_counter()
        rpc(self.bench.stack.base(), self.method, params, self.bench.token)
        return (time.perf_counter() - began) * 1000


def turns(contenders: dict, count: int) -> dict[str, float]:
    """The median of each, one call of each in turn."""
    taken = {name: [] for name in contenders}
    for _ in range(count):
        for name, contender in contenders.items():
            taken[name].append(contender.once())
    return {name: statistics.median(times[3:]) for name, times in taken.items()}


def one(number: int):
    return lambda start: {"listing_id": listing_id(number), "period": period(start, HOUR)}


def several(start):
    return {"bookings": [one(SEVERAL + n)(start) for n in range(MANY)]}


def share_walls(bench):
    """A house of so many halls, of one company."""
    stack: Stack = bench.stack
    halls = ", ".join(f"'{listing_id(HALL + n)}'" for n in range(HALLS))
    house = listing_id(HOUSE)
    stack.cluster.sql(
        stack.database("events"),
        f"UPDATE listing SET space_id = '{house}', company_id = (SELECT company_id FROM listing WHERE id = '{house}') "
        f"WHERE id IN ('{house}', {halls}); UPDATE listing SET includes = ARRAY[{halls}]::uuid[] WHERE id = '{house}'",
    )


def desk(bench) -> list[Row]:
    prepare(bench)
    share_walls(bench)
    count = 20 if bench.quick else 100
    single = Desk(bench, "create", one(SINGLE))
    found = turns({"one": single, "many": Desk(bench, "create_many", several)}, count)
    many = found["many"] / found["one"]
    house = turns(
        {"one": single, "house": Desk(bench, "create", one(HOUSE)), "hall": Desk(bench, "create", one(HALL), 2000)},
        count,
    )
    whole, hall = house["house"] / house["one"], house["hall"] / house["one"]
    weekly = {"frequency": "weekly", "count": WEEKS}
    series = [
        Desk(bench, "create_recurring", lambda start, n=n: one(SERIES + n)(start) | {"recurrence": weekly}).once()
        for n in range(5)
    ]
    took = statistics.median(series)
    return [
        Row(f"{MANY} listings in one call, latency", "one booking", "<= 3 x", f"{many:.2f} x", many <= 3, notes(found)),
        Row(f"a house of {HALLS} halls, latency", "one booking", "<= 4 x", f"{whole:.2f} x", whole <= 4, notes(house)),
        Row("a hall of that house, latency", "one booking", "-", f"{hall:.2f} x", None),
        Row(f"a series of {WEEKS}, each for itself", "", "< 1 s", f"{took:.0f} ms", took < 1000),
    ]


def notes(found: dict[str, float]) -> list[str]:
    return [", ".join(f"{name} {took:.2f} ms" for name, took in found.items())]
