"""Calls that end in PostgreSQL, beside pgbench sending the statements that the daemon was seen to send."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import Stack, rpc
from rates import Row, middle, pair, pgbench, request_script, rounds, wrk
from statement_log import Statement, fill

LISTINGS = 4000  # half for us, half for pgbench, so that both meet listings of the same age
LISTING_ID = "('00000000-0000-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid"

INSERT_LISTINGS = f"""
INSERT INTO listing (id, company_id, type, title, address, time_zone, capacity, price_amount, price_currency, state,
	properties, published_at, created_at)
SELECT {LISTING_ID.replace(":n", "n")}, gen_random_uuid(), 'hall', 'Hall ' || n, 'Street ' || n, 'Europe/Berlin',
	100 + n % 400, 10000 + n, 'EUR', 'published', '{{}}', now(), now() - interval '1 day'
FROM generate_series(1, {LISTINGS}) n;
INSERT INTO listing_search (id, company_id, rating, price, currency, capacity, units, published_at, terms, numbers,
	busy_days, busy)
SELECT id, company_id, 0, price_amount, price_currency, capacity, units, published_at, '{{}}', '{{}}',
	0::bit(1024), '{{}}' FROM listing;
VACUUM ANALYZE;
"""

BOOK = """
local first, half, token = %d, %d, "%s"
local number = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. token
function init(arguments) number = tonumber(arguments[1]) end
function request()
  local listing = first + number %% half
  local day = os.time() - os.time() %% 86400 + (2 + math.floor(number / half)) * 86400
  number = number + 1
  local from, to = os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", day), os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", day + 86400)
  return wrk.format(nil, nil, nil, string.format(
    '{"jsonrpc":"2.0","id":1,"method":"events.booking.create","params":{"listing_id":' ..
    '"00000000-0000-7000-8000-%%012d","period":{"from":"%%s","to":"%%s"}}}', listing, from, to))
end
"""


def prepare(bench):
    """Listings to read and book, once."""
    if not bench.listings_made:
        bench.stack.cluster.sql(bench.stack.database("events"), INSERT_LISTINGS)
        bench.listings_made = True


def day(number: int) -> dict[str, str]:
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=number)
    return {
        "from": start.strftime("%Y-%m-%dT00:00:00Z"),
        "to": (start + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z"),
    }


def listing_id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def point_read(bench) -> list[Row]:
    """A booking by id: token checked at the gateway and at the daemon, JSON made by PostgreSQL."""
    prepare(bench)
    stack: Stack = bench.stack
    params = {"listing_id": listing_id(LISTINGS), "period": day(480)}
    booking = rpc(stack.base(), "events.booking.create", params, bench.token)
    read = {"id": booking["id"]}
    seen = stack.cluster.record(lambda: rpc(stack.base(), "events.booking.get", read, bench.token))
    statement = next(found for found in seen if booking["id"] in str(found.values))
    script = bench.folder / "read.sql"
    script.write_text(" ".join(statement.text.replace("$1", ":id").split()) + ";\n")
    lua = request_script(bench.folder, "read", "events.booking.get", read, bench.token)
    database, watched = stack.database("events"), [stack.processes[name] for name in ("gateway", "events")]
    watched.append(stack.cluster.process)
    found = rounds(
        bench.rounds,
        {
            "64 connections": lambda: wrk(f"{stack.base()}/rpc", bench.seconds, 64, lua, watched),
            "16 connections": lambda: wrk(f"{stack.base()}/rpc", bench.seconds, 16, lua, watched),
            "pgbench -c16": lambda: pgbench(stack.cluster, database, script, bench.seconds, 16, {"id": booking["id"]}),
        },
    )
    ratio = pair(found, "64 connections", "pgbench -c16")
    notes = [
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'cpu'):.1f} us CPU of servers, "
        f"{middle(rates, 'all_cpu'):.1f} us with the client's, "
        f"p50/p99 {middle(rates, 'p50'):.2f}/{middle(rates, 'p99'):.2f} ms"
        for name, rates in found.items()
    ]
    notes.append(f"by CPU, client included: {1 / pair(found, '64 connections', 'pgbench -c16', 'all_cpu'):.2f} x")
    what = "authenticated point read, browser's view"
    return [Row(what, "pgbench -M prepared -c16", ">= 0.9 x", f"{ratio:.2f} x", ratio >= 0.9, notes)]


TODAY = "date_trunc('day', now())"
PERIOD = f"tstzrange({TODAY} + (:d) * interval '1 day', {TODAY} + (:d + 1) * interval '1 day')"
COUNTERS = f"""\\set i :i + 1
\\set k :i * 16 + :client_id
\\set n :k % {LISTINGS // 2 - 2} + {LISTINGS // 2}
\\set d 2 + :k / {LISTINGS // 2 - 2}
"""
MADE_UUID = re.compile(r"'[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}'")


def varied(statement: Statement, listing: str, keep: str) -> dict[str, str]:
    """What takes the place of a recorded booking's values in another one's."""
    replace = {}
    for literal in statement.values.values():
        if literal == f"'{listing}'":
            replace[literal] = LISTING_ID
        elif literal == f"'{{{listing}}}'":
            replace[literal] = f"ARRAY[{LISTING_ID}]"
        elif literal.startswith("'["):
            replace[literal] = PERIOD
        elif MADE_UUID.fullmatch(literal) and literal != f"'{keep}'":
            replace[literal] = "gen_random_uuid()"
    return replace


def booking_script(bench) -> Path:
    """What one booking sends, as a pgbench script over the other half of the listings."""
    stack: Stack = bench.stack
    listing = listing_id(LISTINGS - 1)
    params = {"listing_id": listing, "period": day(470)}
    seen = stack.cluster.record(lambda: rpc(stack.base(), "events.booking.create", params, bench.token))
    session = next(found.session for found in seen if "INSERT INTO booking " in found.text)
    lines = [
        fill(statement, varied(statement, listing, bench.user_id)) + ";"
        for statement in seen
        if statement.session == session
    ]
    script = bench.folder / "book.sql"
    script.write_text(COUNTERS + "\n".join(lines) + "\n")
    return script


def booking(bench) -> list[Row]:
    prepare(bench)
    stack: Stack = bench.stack
    script = booking_script(bench)
    lua = bench.folder / "book.lua"
    lua.write_text(BOOK % (1, LISTINGS // 2 - 1, bench.token))
    watched = [stack.processes["gateway"], stack.processes["events"], stack.cluster.process]
    state = {"ours": 0, "theirs": 0}

    def ours():
        stack.cluster.analyze(stack.database("events"))
        rate = wrk(f"{stack.base()}/rpc", bench.seconds, 64, lua, watched, arguments=["--", str(state["ours"])])
        state["ours"] += round(rate.rate * bench.seconds * 1.2) + 1000
        return rate

    def theirs():
        variables = {"i": state["theirs"] // 16}
        rate = pgbench(stack.cluster, stack.database("events"), script, bench.seconds, 16, variables)
        state["theirs"] += round(rate.rate * bench.seconds * 1.5) + 1000
        return rate

    count = f"SELECT count(*) FROM booking WHERE listing_id < '{listing_id(LISTINGS // 2)}'"
    database = stack.database("events")
    before = int(stack.cluster.sql(database, count))
    found = rounds(bench.rounds, {"ours": ours, "pgbench -c16": theirs})
    made = int(stack.cluster.sql(database, count)) - before
    sent = sum(rate.rate for rate in found["ours"]) * bench.seconds
    ratio = pair(found, "ours", "pgbench -c16")
    notes = [
        f"{name}: {middle(rates):,.0f}/s, {middle(rates, 'all_cpu'):.0f} us CPU, p99 {middle(rates, 'p99'):.1f} ms"
        for name, rates in found.items()
    ]
    notes.append(f"bookings found in the database: {made:,} of about {sent:,.0f} answers")
    what = "booking on distinct listings, browser's view"
    return [Row(what, "pgbench -c16, same statements", ">= 0.7 x", f"{ratio:.2f} x", ratio >= 0.7, notes)]
