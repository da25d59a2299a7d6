"""An import of bookings beside one INSERT ... SELECT of the same rows; its memory when every tenth line is broken."""

import json
import os
import statistics
import subprocess
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import BUILD, Stack
from rates import Row

LISTINGS, BOOKINGS = 2000, 40_000
FIRST = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)
POLICY = [{"until_hours_before_start": 168, "refund_bp": 10000}, {"until_hours_before_start": 24, "refund_bp": 5000}]
KEEP = """
CREATE TABLE kept_booking AS SELECT * FROM booking;
CREATE TABLE kept_unit AS SELECT * FROM booking_unit;
ANALYZE;
"""
EMPTY = """
TRUNCATE booking, booking_unit, import_progress CASCADE;
UPDATE listing_search SET busy = '{}', busy_days = 0::bit(1024);
"""
COPY = """
WITH stored AS (INSERT INTO booking SELECT * FROM kept_booking)
INSERT INTO booking_unit SELECT * FROM kept_unit;
"""


def listing_of(number: int, state: str) -> dict:
    """A third of them has several units."""
    return {
        "kind": "listing",
        "id": f"00000000-0000-7000-8000-{number:012d}",
        "company_id": f"00000000-0000-7000-9000-{number // 10:012d}",
        "type": "hall",
        "title": f"Hall {number}",
        "units": 3 if number % 3 == 0 else 1,
        "state": state,
        "price": {"amount": 100000, "currency": "NOK"},
        "price_unit": "hour",
    }


def moment(time_: datetime) -> str:
    return f"{time_:%Y-%m-%dT%H:%M:%S.000000Z}"


def line(kind: str, amount: int, quantity: int) -> dict:
    none = {"key": None, "label": None, "tax_included": 0, "tax_added": 0, "refundable": True}
    return {
        "kind": kind,
        "amount": amount,
        "quantity": quantity,
        "per": "hour",
        "unit_amount": amount // quantity,
    } | none


def booking_of(number: int) -> dict:
    """The listings in turn, four hours a day each; of several units two bookings at a time."""
    listing, turn = number % LISTINGS, number // LISTINGS
    start = FIRST + timedelta(days=turn // 2 if listing % 3 == 0 else turn)
    lines = {"total": 400000, "currency": "NOK", "deposit": None, "taxes": 0, "tax_sums": []}
    return {
        "kind": "booking",
        "id": str(uuid.UUID(int=(0x01900000 << 96) | (7 << 76) | (2 << 62) | number)),
        "listing_id": f"00000000-0000-7000-8000-{listing:012d}",
        "user_id": str(uuid.UUID(int=(0x01900000 << 96) | (7 << 76) | (2 << 62) | number % 997)),
        "external_id": f"old-{number}",
        "period": {"from": moment(start), "to": moment(start + timedelta(hours=4))},
        "buffer_after_minutes": 30,
        "guests": 40,
        "note": "Round tables, and the piano tuned",
        "created_at": moment(FIRST - timedelta(days=100)),
        "price": {"amount": 400000, "currency": "NOK"},
        "price_lines": lines | {"lines": [line("time", 400000, 4)]},
        "policy": POLICY,
    }


def write(path: Path, made) -> Path:
    with open(path, "w") as file:
        for one in made:
            file.write((one if isinstance(one, str) else json.dumps(one)) + "\n")
    return path


class Importer:
    """`eventloop-events` with a database of its own."""

    def __init__(self, bench):
        stack = Stack(bench.folder, bench.cluster, "_import")
        stack.make_database("events")
        self.cluster, self.folder, self.database = bench.cluster, stack.folder, stack.database("events")
        self.config = stack.folder / "events.conf"

    def run(self, *words) -> tuple[dict, float]:
        """What the command summed up, and the most memory it had, in MiB."""
        command = [str(BUILD / "eventloop-events"), *map(str, words), "--config", str(self.config)]
        log, summed = self.folder / "import.log", self.folder / "import.out"
        with open(log, "wb") as errors, open(summed, "wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=errors)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{words} ended with {process.returncode}: {log.read_text()[-2000:]}")
        return json.loads(summed.read_text().splitlines()[-1]), used.ru_maxrss / 1024

    def sql(self, text: str) -> float:
        """Seconds."""
        start = time.monotonic()
        self.cluster.sql(self.database, text)
        return time.monotonic() - start


def speed(importer: Importer, rounds: int, bookings: int) -> Row:
    """Drafts are not in search: what its projection costs is told apart."""
    file = write(importer.folder / "bookings.ndjson", map(booking_of, range(bookings)))
    importer.run("import", write(importer.folder / "drafts.ndjson", (listing_of(n, "draft") for n in range(LISTINGS))))
    importer.run("import", file)
    importer.sql(KEEP)
    ours, theirs, projected = [], [], []
    for _ in range(rounds):
        importer.sql(EMPTY)
        theirs.append(importer.sql(COPY))
        importer.sql(EMPTY)
        summary, _ = importer.run("import", file)
        if summary["loaded"] != bookings:
            raise RuntimeError(f"loaded {summary}")
        ours.append(summary["seconds"])
    importer.sql("UPDATE listing SET state = 'published', published_at = now()")
    importer.run("rebuild-search")
    for _ in range(rounds):
        importer.sql(EMPTY)
        projected.append(importer.run("import", file)[0]["seconds"])
    ratio = statistics.median(copy / load for copy, load in zip(theirs, ours, strict=True))
    middle = [bookings / statistics.median(times) for times in (ours, theirs, projected)]
    notes = [f"{middle[0]:,.0f}/s, INSERT ... SELECT {middle[1]:,.0f}/s; with search: {middle[2]:,.0f}/s"]
    return Row("import of bookings", "INSERT ... SELECT of the rows", ">= 0.5 x", f"{ratio:.2f} x", ratio >= 0.5, notes)


def broken(number: int):
    """Every tenth, each in a way of its own."""
    ways = (
        '{"kind": "booking", ',
        booking_of(number) | {"listing_id": str(uuid.UUID(int=number))},
        booking_of(number) | {"period": {"from": "2027-01-02T00:00:00Z", "to": "2027-01-01T00:00:00Z"}},
        booking_of(number) | {"id": str(uuid.UUID(int=number)), "external_id": f"again {number}", "units": 9},
        "x" * 100_000,
    )
    return ways[number // 10 % len(ways)]


def memory(importer: Importer, bookings: int) -> Row:
    """A tenth of the lines, then all of them, of listings that search has not."""
    importer.sql("UPDATE listing SET state = 'draft'; TRUNCATE listing_search, listing_text")
    most = []
    for count in (bookings // 10, bookings):
        importer.sql(EMPTY)
        made = (broken(n) if n % 10 == 5 else booking_of(n) for n in range(count))
        summary, used = importer.run("import", write(importer.folder / f"broken-{count}.ndjson", made))
        if summary["rejected"] != count // 10:
            raise RuntimeError(f"refused {summary}")
        most.append(used)
    notes = [f"{bookings // 10:,} lines {most[0]:.0f} MiB, {bookings:,} lines {most[1]:.0f} MiB"]
    grown = most[1] / most[0]
    return Row(
        "memory, ten times as many lines", "every tenth broken", "<= 1.2 x", f"{grown:.2f} x", grown <= 1.2, notes
    )


def imported(bench) -> list[Row]:
    importer = Importer(bench)
    bookings = BOOKINGS // 4 if bench.quick else BOOKINGS
    return [speed(importer, 1 if bench.quick else 3, bookings), memory(importer, bookings if bench.quick else 300_000)]
