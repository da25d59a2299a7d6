"""What a listing's rules and prices cost whoever asks, at the daemon: one caller, one call after the other."""

from datetime import UTC, datetime, timedelta
from functools import partial

from booking_data import FULL, HELD, HELD_UNSEEN, MONTH, SOON, day, listing_id, period, prepare, price_rules
from machine import RpcError, Stack, rpc, until
from rates import Row, request_script, wrk

HOUR = timedelta(hours=1)
ENDS = 5  # holds whose end is watched


def asked(bench, what: str, goal: str, method: str, params: dict, token: str | None = None) -> Row:
    """The median of the calls' latencies; p99 beside it."""
    script = request_script(bench.folder, "asked", method, params, token)
    watched = [bench.stack.processes["events"], bench.stack.cluster.process]
    url = f"{bench.stack.base('events')}/rpc"
    rpc(bench.stack.base("events"), method, params, token)
    wrk(url, 1, 1, script)
    rate = wrk(url, bench.seconds, 1, script, watched)
    notes = [f"p99 {rate.p99:.2f} ms, {rate.rate:,.0f}/s, {rate.cpu:.0f} us CPU of events and PostgreSQL"]
    return Row(what, f"(goal: {goal})", "-", f"{rate.p50:.2f} ms", None, notes)


def priced(bench, unit: str, rules: int, name: str) -> str:
    """A listing on offer without opening hours, so that any time can be priced."""
    stack: Stack = bench.stack
    made = bench.owner.listing({"horizon_days": 1000}, price_rules(rules), unit)
    stack.cluster.sql(
        stack.database("events"),
        f"UPDATE listing SET state = 'published', title = '{name}', published_at = now() WHERE id = '{made}'",
    )
    return made


def reads(bench) -> list[Row]:
    full = listing_id(FULL)
    month = period(day(SOON), timedelta(days=31))
    slots = {"listing_id": full, "period": month}
    wish = {"listing_id": full, "period": period(day(SOON + 10) + 8 * HOUR, 4 * HOUR), "guests": 10}
    free = {"listing_id": full, "period": period(day(SOON + 200) + 8 * HOUR, 4 * HOUR), "guests": 10}
    return [
        asked(bench, f"slots of a month, {MONTH:,} bookings", "2 ms", "events.availability.slots", slots),
        asked(
            bench,
            "the same with starts of 30 minutes",
            "2 ms",
            "events.availability.slots",
            slots | {"length_minutes": 30},
        ),
        asked(bench, "explain, what is taken", "2 ms", "events.availability.explain", wish),
        asked(bench, "explain, what is free", "2 ms", "events.availability.explain", free),
    ]


def quotes(bench) -> list[Row]:
    days, hours = priced(bench, "day", 50, "By the day"), priced(bench, "hour", 50, "By the hour")
    three = {"listing_id": days, "period": period(day(SOON), timedelta(days=3)), "guests": 10}
    year = {"listing_id": hours, "period": period(day(SOON), timedelta(days=366)), "guests": 10}
    method, token = "events.booking.quote", bench.token
    return [
        asked(bench, "quote of 3 days, 50 price rules", "1 ms", method, three, token),
        asked(bench, "quote of 366 days by the hour, 50 price rules", "20 ms", method, year, token),
    ]


def waited(end: datetime, condition) -> float:
    """Milliseconds from then until the condition holds."""
    until(condition)
    return (datetime.now(UTC) - end).total_seconds() * 1000


def held_until(bench, wish: dict, wait: float) -> datetime:
    """Holds it, so many seconds at most; when it ends."""
    hold = rpc(bench.stack.base("events"), "events.booking.hold", wish, bench.token)["id"]
    end = datetime.now(UTC) + timedelta(seconds=wait)
    expire = f"UPDATE booking SET expires_at = '{end.isoformat()}' WHERE id = '{hold}'"
    bench.stack.cluster.sql(bench.stack.database("events"), expire)
    return end


def expiry(bench) -> Row:
    """From the end of a hold until another caller has booked its time, and until search sees it free."""
    stack: Stack = bench.stack
    _, other = stack.user("Other")

    def is_booked(wish: dict) -> bool:
        try:
            return bool(rpc(stack.base("events"), "events.booking.create", wish, other))
        except RpcError as error:
            if "'booked'" not in str(error):
                raise
            return False

    def is_searchable(_) -> bool:
        read = f"SELECT busy = '{{}}' FROM listing_search WHERE id = '{listing_id(HELD_UNSEEN)}'"
        return stack.cluster.sql(stack.database("events"), read) == "t"

    waits = {}
    for listing, condition in ((HELD_UNSEEN, is_searchable), (HELD, is_booked)):
        for number in range(ENDS):
            wish = {"listing_id": listing_id(listing), "period": period(day(20 + number) + 8 * HOUR, 4 * HOUR)}
            end = held_until(bench, wish, 0.3 + number * 0.13)
            waits.setdefault(listing, []).append(waited(end, partial(condition, wish)))
    notes = [
        f"until {what}: " + ", ".join(f"{wait:.0f} ms" for wait in waits[listing])
        for what, listing in (("another caller had booked", HELD), ("search saw it", HELD_UNSEEN))
    ]
    longest = max(max(found) for found in waits.values())
    return Row("expired hold is free again, the longest", "(goal: 1 s)", "-", f"{longest:.0f} ms", None, notes)


def rules(bench) -> list[Row]:
    prepare(bench)
    return [*reads(bench), *quotes(bench), expiry(bench)]
