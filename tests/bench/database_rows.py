"""Calls that end in PostgreSQL, beside pgbench sending the statements that the daemon was seen to send."""

from datetime import timedelta

from booking_data import day, listing_id, period
from machine import Stack, rpc
from rates import Row, middle, pair, pgbench, request_script, rounds, wrk

LISTINGS = 4000
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


def prepare(bench):
    """Listings to read and book, once."""
    if not bench.listings_made:
        bench.stack.cluster.sql(bench.stack.database("events"), INSERT_LISTINGS)
        bench.listings_made = True


def point_read(bench) -> list[Row]:
    """A booking by id: token checked at the gateway and at the daemon, JSON made by PostgreSQL."""
    prepare(bench)
    stack: Stack = bench.stack
    params = {"listing_id": listing_id(LISTINGS), "period": period(day(480), timedelta(days=1))}
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
