"""Bookings of listings with ten rules and ten price rules, beside pgbench.

Each contender has listings of its own, of the same age, since what a booking costs grows with a listing's future.
"""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from booking_data import (
    FIXED,
    HOT,
    HOT_FIXED,
    HOT_OURS,
    LISTING,
    LISTINGS,
    NEW,
    OLD,
    OURS,
    PAST,
    RECORDED,
    day,
    listing_id,
    period,
    prepare,
)
from machine import Stack, rpc
from rates import Rate, Row, middle, pair, pgbench, rounds, wrk
from statement_log import Statement, fill

CALLERS = 64
CLIENTS = 16  # of pgbench, where listings are distinct
PLACES = 8  # bookings of an hour a day, with half an hour before and after: from 6 to 22 o'clock (UTC)

# Booking number n: of listing first + n % listings, at the place n / listings from the day after tomorrow on.
BOOK = """
local first, listings, token, number = %d, %d, "%s", %d
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. token
function request()
  local listing, place = first + number %% listings, math.floor(number / listings)
  local start = os.time() - os.time() %% 86400 + (2 + math.floor(place / 8)) * 86400 + (6 + place %% 8 * 2) * 3600
  number = number + 1
  local from, to = os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", start), os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", start + 3600)
  return wrk.format(nil, nil, nil, string.format(
    '{"jsonrpc":"2.0","id":1,"method":"events.booking.create","params":{"listing_id":' ..
    '"00000000-0000-7000-8000-%%012d","period":{"from":"%%s","to":"%%s"}}}', listing, from, to))
end
"""

# The same for client c of pgbench.
COUNTERS = f"""\\set i :i + 1
\\set n :i * :clients + :client_id
\\set l :first + :n % :listings
\\set d 2 + :n / :listings / {PLACES}
\\set h 6 + :n / :listings % {PLACES} * 2
"""
THIS = LISTING.format(":l")
START = "(date_trunc('day', now()) + :d * interval '1 day' + :h * interval '1 hour')"
PERIOD = f"tstzrange({START}, {START} + interval '1 hour')"
TAKEN = f"tstzrange({START} - interval '30 minutes', {START} + interval '90 minutes')"

# The least that a booking must write. Does not follow what the daemon sends: it is what that is measured by.
FIXED_SCRIPT = f"""
BEGIN;
SELECT gen_random_uuid() AS booking, company_id AS company FROM listing WHERE id = {THIS} FOR NO KEY UPDATE \\gset
INSERT INTO booking (id, listing_id, company_id, user_id, period, guests, cause, price, price_amount, price_currency,
	policy, rules_version, buffer_before, buffer_after, by_member) VALUES (:booking::uuid, {THIS}, :company::uuid,
	'$user', {PERIOD}, 10, 'create', '$price', 6000, 'EUR', '[]', 2, '30 minutes', '30 minutes', false);
INSERT INTO booking_unit (booking_id, listing_id, unit, period) VALUES (:booking::uuid, {THIS}, 1, {TAKEN});
INSERT INTO outbox (id, topic, key, payload) VALUES (gen_random_uuid(), 'events.booking.created', {THIS}::text,
	'$payload');
UPDATE listing_search s SET busy = made.busy, busy_days = search_busy_days(made.busy) FROM (SELECT
	search_busy({THIS}, 1, false, '30 minutes', '30 minutes') AS busy OFFSET 0) made WHERE s.id = {THIS};
COMMIT;
"""

MADE_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}"


class Contender:
    """Bookings of one kind, counted: each round goes on behind the last one."""

    def __init__(self, bench, first: int, listings: int = LISTINGS, seconds: float = 0):
        self.bench, self.stack = bench, bench.stack
        self.first, self.listings, self.number = first, listings, 0
        self.seconds = seconds or bench.seconds

    def has_made(self, rate: Rate):
        """Leaves room for those that were under way when the time was up."""
        self.number += round(rate.rate * self.seconds * 1.2) + 1000

    def count(self) -> int:
        """Its bookings to come."""
        return int(
            self.stack.cluster.sql(
                self.stack.database("events"),
                f"SELECT count(*) FROM booking WHERE listing_id >= '{listing_id(self.first)}' "
                f"AND listing_id < '{listing_id(self.first + self.listings)}' AND state = 'confirmed'",
            )
        )


class Ours(Contender):
    """Through the gateway."""

    def run(self, callers: int = CALLERS) -> Rate:
        stack = self.stack
        script = self.bench.folder / "book.lua"
        script.write_text(BOOK % (self.first, self.listings, self.bench.token, self.number))
        watched = [stack.processes["gateway"], stack.processes["events"], stack.cluster.process]
        stack.cluster.analyze(stack.database("events"))
        rate = wrk(f"{stack.base()}/rpc", self.seconds, callers, script, watched)
        self.has_made(rate)
        return rate


class Script(Contender):
    """By pgbench."""

    def __init__(self, bench, script: Path, first: int, listings: int = LISTINGS, seconds: float = 0):
        super().__init__(bench, first, listings, seconds)
        self.script = script

    def run(self, clients: int = CLIENTS) -> Rate:
        variables = {"i": self.number // clients, "first": self.first, "listings": self.listings, "clients": clients}
        database = self.stack.database("events")
        rate = pgbench(self.stack.cluster, database, self.script, self.seconds, clients, variables)
        self.has_made(rate)
        return rate


# --- the scripts ---


def statements_of_one(bench) -> tuple[list[Statement], str]:
    """What the daemon sends for a booking of the last listing of the recorded script, later than any of that; the
    listing."""
    listing = listing_id(RECORDED + LISTINGS - 1)
    params = {"listing_id": listing, "period": period(day(900) + timedelta(hours=6), timedelta(hours=1)), "guests": 10}
    stack: Stack = bench.stack
    seen = stack.cluster.record(lambda: rpc(stack.base(), "events.booking.create", params, bench.token))
    session = next(found.session for found in seen if "INSERT INTO booking " in found.text)
    of_session = [statement for statement in seen if statement.session == session]
    texts = [statement.text for statement in of_session]
    return of_session[texts.index("BEGIN") : texts.index("COMMIT") + 1], listing


def varied(literal: str, listing: str, keep: str) -> str:
    """An expression that takes the place of a recorded value in the bookings that pgbench makes."""
    if literal == f"'{listing}'":
        return THIS
    if literal == f"'{{{listing}}}'":
        return f"ARRAY[{THIS}]"
    span = re.fullmatch(r"""'\["?(\d{4}-[^,"]+)"?,"?([^)"]+)"?\)'""", literal)
    if span:
        length = datetime.fromisoformat(span[2]) - datetime.fromisoformat(span[1])
        return PERIOD if length == timedelta(hours=1) else TAKEN
    if re.fullmatch(f"'{MADE_UUID}'", literal):
        return literal if literal == f"'{keep}'" else "gen_random_uuid()"
    return spaced(literal)


def spaced(json_text: str) -> str:
    """JSON in which pgbench sees no variable: ":null" would be one."""
    return json_text.replace('":', '": ')


def recorded_script(bench, statements: list[Statement], listing: str) -> Path:
    """What the daemon sends, one statement a round trip."""
    lines = []
    for statement in statements:
        new = {literal: varied(literal, listing, bench.user_id) for literal in statement.values.values()}
        lines.append(fill(statement, new) + ";\n")
    script = bench.folder / "recorded.sql"
    script.write_text(COUNTERS + "".join(lines))
    return script


def fixed_script(bench, statements: list[Statement]) -> Path:
    """With the payload and the lines of the price that the daemon was seen to write."""
    outbox = next(statement for statement in statements if "INSERT INTO outbox" in statement.text)
    payload = spaced(next(value for value in outbox.values.values() if value.startswith("'{"))[1:-1])
    price = json.dumps(json.loads(payload)["price_lines"])
    text = FIXED_SCRIPT.replace("$user", bench.user_id).replace("$price", price).replace("$payload", payload)
    statements_on_lines = re.sub(r"\n\t", " ", text)
    script = bench.folder / "fixed.sql"
    script.write_text(COUNTERS + statements_on_lines)
    return script


# --- the rows ---


def notes_of(found: dict[str, list[Rate]]) -> list[str]:
    return [
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'all_cpu'):.0f} us CPU, p50/p99 "
        f"{middle(rates, 'p50'):.1f}/{middle(rates, 'p99'):.1f} ms"
        for name, rates in found.items()
    ]


def distinct(bench, fixed: Path, recorded: Path) -> Row:
    """Bookings of listings in turn."""
    ours, least, same = Ours(bench, OURS), Script(bench, fixed, FIXED), Script(bench, recorded, RECORDED)
    names = {"ours": ours.run, "fixed script": least.run, "recorded statements": same.run}
    found = rounds(bench.rounds, names)
    sent = sum(rate.rate for rate in found["ours"]) * bench.seconds
    ratio, of_recorded = pair(found, "ours", "fixed script"), pair(found, "ours", "recorded statements")
    notes = notes_of(found)
    notes.append(f"bookings found in the database: {ours.count():,} of about {sent:,.0f} answers")
    notes.append(f"beside the statements that the daemon sends: {of_recorded:.2f} x")
    what = "booking on distinct listings, 10 rules, 10 prices"
    return Row(what, f"pgbench -c{CLIENTS}, fixed script", ">= 0.7 x", f"{ratio:.2f} x", ratio >= 0.7, notes)


def hot(bench, fixed: Path) -> Row:
    """All callers at one listing, a new one in each round. With as many callers the latency is as 1 to the rate."""
    seconds = 2 * bench.seconds  # so many connections of pgbench take a while
    taken = {"ours": 0, "fixed script": 0}
    made = []

    def next_listing(name: str, first: int) -> int:
        taken[name] += 1
        return first + taken[name] % HOT

    def ours() -> Rate:
        contender = Ours(bench, next_listing("ours", HOT_OURS), 1, seconds)
        rate = contender.run(CALLERS)
        made.append(contender.count())
        return rate

    def script() -> Rate:
        return Script(bench, fixed, next_listing("fixed script", HOT_FIXED), 1, seconds).run(CALLERS)

    log = bench.stack.cluster.log
    start = log.stat().st_size
    found = rounds(bench.rounds, {"ours": ours, "fixed script": script})
    deadlocks = log.read_bytes()[start:].count(b"deadlock detected")
    ratio = pair(found, "fixed script", "ours")
    notes = notes_of(found)
    latency = {name: CALLERS / middle(rates) * 1000 for name, rates in found.items()}
    notes.append(f"mean latency: ours {latency['ours']:.1f} ms, fixed script {latency['fixed script']:.1f} ms")
    sent = sum(rate.rate for rate in found["ours"]) * seconds
    notes.append(f"deadlocks: {deadlocks}; bookings found: {sum(made):,} of about {sent:,.0f} answers")
    good = ratio <= 2 and deadlocks == 0
    what = f"booking one listing, {CALLERS} callers, latency"
    return Row(what, f"pgbench -c{CALLERS}, fixed script", "<= 2 x", f"{ratio:.2f} x", good, notes)


def aged(bench) -> Row:
    """One caller; what it booked is taken away again after each round."""
    stack: Stack = bench.stack
    counts = []

    def run(number: int) -> Rate:
        contender = Ours(bench, number, 1)
        rate = contender.run(1)
        counts.append(contender.count())
        of = (
            f"WHERE listing_id = '{listing_id(number)}' AND lower(period) BETWEEN now() AND now() + interval '939 days'"
        )
        stack.cluster.sql(
            stack.database("events"),
            f"DELETE FROM booking_unit {of}; DELETE FROM booking {of}; VACUUM ANALYZE booking, booking_unit;",
        )
        return rate

    found = rounds(bench.rounds, {"new": lambda: run(NEW), "old": lambda: run(OLD)})
    ratio = pair(found, "new", "old")
    notes = notes_of(found)
    notes.append(f"bookings found: {sum(counts):,}")
    what = f"booking a listing with {PAST:,} past ones, latency"
    return Row(what, "the same without", "<= 1.2 x", f"{ratio:.2f} x", ratio <= 1.2, notes)


def booking(bench) -> list[Row]:
    prepare(bench)
    statements, listing = statements_of_one(bench)
    fixed = fixed_script(bench, statements)
    return [distinct(bench, fixed, recorded_script(bench, statements, listing)), hot(bench, fixed), aged(bench)]
