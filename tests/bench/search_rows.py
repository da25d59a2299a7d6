"""Search among many listings: the queries of anchors/search.md as calls of events.listing.search, one client.

Q7 (facets) has no counterpart in the API. Without `total`, but for Q6, which is Q2 with it.
"""

import json
import random
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import BUILD, Stack, rpc
from rates import Row, middle, pair, pgbench, rounds, wrk
from search_data import generate
from statement_log import fill

TARGETS = {"Q1": 15, "Q2": 15, "Q3": 40, "Q5": 40, "Q6": 15, "Q8": 1, "Q8none": 300}
WHAT = {
    "Q1": "city box, 3 free days, capacity, price, by rating",
    "Q2": "Q1 and 3 flags and one of an enum",
    "Q3": "nationwide, 5 rare flags, period, by price",
    "Q5": "number range and period by distance within 10 km",
    "Q6": "Q2 with total",
    "Q8": "nationwide, period alone, by rating",
    "Q8none": "a period that nobody has free",
}
INSTANCES = 200
REPLAY = """
local bodies = {}
for line in io.lines(%s) do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local token = %s
if token ~= "" then wrk.headers["Authorization"] = "Bearer " .. token end
local at, messages = 0, {}
function request()
  at = at %% #bodies + 1
  if not messages[at] then messages[at] = wrk.format(nil, nil, nil, bodies[at]) end
  return messages[at]
end
function done(summary, latency)
  print(string.format("percentiles %%d %%d %%d",
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


class Questions:
    """Random instances of the queries, the same at every run."""

    def __init__(self, cluster, database: str):
        self.random = random.Random(7)
        rows = cluster.sql(database, "SELECT lat, lon FROM bench_city ORDER BY number").splitlines()
        self.cities = [tuple(map(float, row.split("|"))) for row in rows]
        self.flags = cluster.sql(database, "SELECT key FROM bench_flag ORDER BY share").splitlines()

    def period(self, days: int) -> dict[str, str]:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start = today + timedelta(days=self.random.randrange(2, 470 - days))
        return {key: (start + timedelta(days=add)).isoformat() for key, add in (("from", 0), ("to", days))}

    def city(self) -> tuple[float, float]:
        return self.random.choices(self.cities, [1 / (number + 2) for number in range(50)])[0]

    def q1(self) -> dict:
        lat, lon = self.city()
        box = {"south": lat - 0.25, "north": lat + 0.25, "west": lon - 0.3, "east": lon + 0.3}
        price = {"to": self.random.randrange(10000, 120000)}
        return {
            "box": box,
            "period": self.period(3),
            "capacity": {"from": self.random.randrange(10, 200)},
            "price": price,
        }

    def q2(self) -> dict:
        flags = {flag: True for flag in self.random.sample(self.flags[len(self.flags) // 3 :], 3)}
        styles = self.random.sample(["classic", "modern", "industrial", "rustic"], 2)
        return {**self.q1(), "properties": {**flags, "style": {"one_of": styles}}}

    def q3(self) -> dict:
        flags = {flag: True for flag in self.random.sample(self.flags[: len(self.flags) * 5 // 8], 5)}
        return {"properties": flags, "period": self.period(3), "sort": "price"}

    def q5(self) -> dict:
        lat, lon = self.city()
        near = {
            "lat": lat + self.random.uniform(-0.2, 0.2),
            "lon": lon + self.random.uniform(-0.2, 0.2),
            "radius": 10000,
        }
        area = self.random.randrange(20, 700)
        numbers = {"area": {"from": area, "to": area + 200}}
        return {"near": near, "properties": numbers, "period": self.period(3), "sort": "distance"}

    def make(self, name: str, count: int) -> list[dict]:
        makers = {
            "Q1": self.q1,
            "Q2": self.q2,
            "Q3": self.q3,
            "Q5": self.q5,
            "Q6": lambda: {**self.q2(), "total": True},
            "Q8": lambda: {"period": self.period(2)},
            "Q8none": lambda: {"period": self.period(47)},
        }
        return [{"total": False, **makers[name]()} for _ in range(count)]


def projection_of(stack: Stack, folder: Path) -> list[str]:
    """The statements with which the daemon itself puts a listing into the search tables."""
    listing = {"kind": "listing", "company_id": "01900000-0000-7000-9000-000000000000", "type": "hall", "title": "One"}
    source = folder / "one.ndjson"
    source.write_text(json.dumps(listing) + "\n")
    config = stack.folder / "events.conf"
    command = [str(BUILD / "eventloop-events"), "import", str(source), "--config", str(config)]
    seen = stack.cluster.record(lambda: subprocess.run(command, check=True, capture_output=True))
    wanted = ("INSERT INTO listing_search", "INSERT INTO listing_text")
    return list(dict.fromkeys(found.text for found in seen if found.text.startswith(wanted)))


class Market:
    """The daemons over an events database of so many listings."""

    def __init__(self, bench, listings: int):
        self.bench, self.listings = bench, listings
        self.stack = stack = Stack(bench.folder, bench.cluster, f"_{listings}")
        for name in ("passport", "events"):
            stack.make_database(name)
        database = stack.database("events")
        projection = projection_of(stack, bench.folder)
        bench.cluster.sql(database, "TRUNCATE listing, listing_search, listing_text, booking, booking_unit CASCADE")
        generate(bench.cluster, database, listings, projection)
        self.questions = Questions(bench.cluster, database)
        for name in ("passport", "events", "gateway"):
            stack.start(name)
        _, self.token = stack.user()

    def script(self, name: str, params: list[dict], token: str = "") -> Path:
        bodies, script = self.stack.folder / f"{name}.ndjson", self.stack.folder / f"{name}.lua"
        calls = ({"jsonrpc": "2.0", "id": 1, "method": "events.listing.search", "params": one} for one in params)
        bodies.write_text("".join(json.dumps(call) + "\n" for call in calls))
        script.write_text(REPLAY % (json.dumps(str(bodies)), json.dumps(token)))
        return script

    def latency(self, name: str) -> tuple[float, float, float, float]:
        """p50, p95, p99 in ms at one client, and the mean number of listings on a page."""
        params = self.questions.make(name, 40 if name == "Q8none" else INSTANCES)
        script, base = self.script(name, params), self.stack.base("events")
        sizes = [len(rpc(base, "events.listing.search", one)["items"]) for one in params[:40]]
        seconds = 3 if self.bench.quick else 6
        for duration in (1, seconds):
            line = ["wrk", "-t1", "-c1", f"-d{duration}s", "--timeout", "30s", "-s", str(script), f"{base}/rpc"]
            text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in text:
            raise RuntimeError(text)
        found = re.search(r"percentiles (\d+) (\d+) (\d+)", text).groups()
        p50, p95, p99 = (int(one) / 1000 for one in found)
        return p50, p95, p99, sum(sizes) / len(sizes)

    def through_gateway(self) -> Row:
        """Q2 through gateway and token beside pgbench with the same SQL, four clients each."""
        params = self.questions.make("Q2", 40)
        script = self.script("gateway", params, self.token)
        files, stack = [], self.stack
        for number, one in enumerate(params):
            seen = stack.cluster.record(lambda one=one: rpc(stack.base(), "events.listing.search", one, self.token))
            statement = next(found for found in seen if "listing_search s" in found.text)
            files.append(stack.folder / f"search{number}.sql")
            files[-1].write_text(fill(statement, {}) + ";\n")
        database = stack.database("events")
        found = rounds(
            self.bench.rounds,
            {
                "ours": lambda: wrk(f"{stack.base()}/rpc", self.bench.seconds, 4, script),
                "pgbench": lambda: pgbench(stack.cluster, database, files, self.bench.seconds, 4),
            },
        )
        ratio = pair(found, "ours", "pgbench")
        notes = [f"{name}: {middle(rates):,.0f}/s" for name, rates in found.items()]
        what = f"Q2 through gateway and token, {self.listings:,} listings"
        return Row(what, "pgbench -c4, same SQL", ">= 0.8 x", f"{ratio:.2f} x", ratio >= 0.8, notes)

    def rows(self) -> tuple[list[Row], dict[str, float]]:
        rows, medians = [], {}
        for name, limit in TARGETS.items():
            p50, p95, p99, size = self.latency(name)
            medians[name] = p50
            notes = [f"{name}: {WHAT[name]}; p50/p95/p99 {p50:.2f}/{p95:.2f}/{p99:.2f} ms; {size:.1f} listings a page"]
            what = f"search {name}, {self.listings:,} listings, 1 client"
            rows.append(Row(what, "-", f"<= {limit} ms", f"p99 {p99:.2f} ms", p99 <= limit, notes))
            print(f"     {notes[0]}", flush=True)
        rows.append(self.through_gateway())
        self.stack.stop_all()
        return rows, medians


def growth(small: dict[str, float], large: dict[str, float]) -> list[Row]:
    rows = []
    for name in ("Q1", "Q2"):
        ratio = large[name] / small[name]
        what = f"search {name}, growth of p50, 10,000 to a million"
        rows.append(Row(what, "10,000 listings", "<= 30 x", f"{ratio:.1f} x", ratio <= 30))
    return rows


def search(bench) -> list[Row]:
    if not bench.full:
        return Market(bench, 10000 if bench.quick else 100000).rows()[0]
    small_rows, small = Market(bench, 10000).rows()
    large_rows, large = Market(bench, 1000000).rows()
    return small_rows + large_rows + growth(small, large)
