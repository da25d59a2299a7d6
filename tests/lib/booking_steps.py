"""The steps of a booking as a user takes them, on hours after noon of a day to come."""

from datetime import timedelta

from bookings import midnight
from past_bookings import text

HOUR = timedelta(hours=1)
NOON = midnight(20) + 12 * HOUR
EUROS = {"amount": 1000, "currency": "EUR"}


def set_rules(staff, listing, **rules):
    version = staff.rpc("events.listing.get_rules", {"listing_id": listing})["version"]
    staff.rpc("events.listing.set_rules", {"listing_id": listing, "version": version, "rules": rules})
    return listing


def span(first, last):
    """Hours after noon of a day to come."""
    return {"from": text(NOON + first * HOUR), "to": text(NOON + last * HOUR)}


def ask(user, listing, first=0, last=2, method="create", **more):
    return user.rpc(f"events.booking.{method}", {"listing_id": listing, "period": span(first, last)} | more)


def refused(user, listing, first=0, last=2, method="create", **more):
    return user.error(f"events.booking.{method}", {"listing_id": listing, "period": span(first, last)} | more)


def do(user, verb, booking, **more):
    return user.rpc(f"events.booking.{verb}", {"id": booking["id"]} | more)


def fails(user, verb, booking, **more):
    error = user.error(f"events.booking.{verb}", {"id": booking["id"]} | more)
    return error.data.get("rule") or error.reason or error.word


def set_time(stack, booking, **columns):
    """Moves moments of a booking, as if they had been others."""
    with stack.database("events") as database:
        for column, value in columns.items():
            database.execute(f"UPDATE booking SET {column} = {value} WHERE id = %s", [booking["id"]])


def begin(stack, booking, ago="1 hour", length="2 hours"):
    """As if it had begun so long ago."""
    with stack.database("events") as database:
        for table, key in (("booking_unit", "booking_id"), ("booking", "id")):
            database.execute(
                f"UPDATE {table} SET period = tstzrange(now() - %s::interval, now() - %s::interval + %s::interval)"
                f" WHERE {key} = %s",
                (ago, ago, length, booking["id"]),
            )
    stack["events"].command("rebuild-search")


def told(stack, booking):
    """What other daemons hear of it: (topic, cause)."""
    with stack.database("events") as database:
        rows = database.execute(
            "SELECT topic, payload->>'cause' FROM outbox WHERE payload->>'id' = %s ORDER BY xid, seq", [booking["id"]]
        ).fetchall()
    return [(topic.removeprefix("events.booking."), cause) for topic, cause in rows]
