"""Bookings of the past, and the reviews of them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import loglines


def text(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def period(start, length):
    """From now on `start` ahead (negative: ago), as long as `length`."""
    first = datetime.now(UTC) + start
    return {"from": text(first), "to": text(first + length)}


def past(days):
    """Eight hours, so many days ago."""
    return period(-timedelta(days=days), timedelta(hours=8))


def load(stack, tmp_path, daemon, lines):
    """Imports the lines; what the log says of bad ones, by number of the line."""
    file = tmp_path / f"{uuid.uuid4()}.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = stack[daemon].command("import", file)
    return {event["line"]: event["reason"] for event in loglines.events(done.stderr, "a line was rejected")}


def end(stack, booking, ago="1 hour"):
    """Moves a booking to the past: as if it had been made then."""
    with stack.database("events") as database:
        for table, key in (("booking_unit", "booking_id"), ("booking", "id")):
            database.execute(
                f"UPDATE {table} SET period = tstzrange(now() - %s::interval - interval '1 day', now() - %s::interval)"
                f" WHERE {key} = %s",
                (ago, ago, booking),
            )
    stack["events"].command("rebuild-search")


def review(user, booking, score):
    return user.rpc("rating.review.create", {"booking_id": booking, "score": score})


def refusal(user, booking, score=1):
    """Why the user may not review the booking."""
    error = user.error("rating.review.create", {"booking_id": booking, "score": score})
    return error.data.get("rule") or error.reason or error.word


def summary(stack, listing):
    """(how many reviews, their mean)."""
    found = stack.rpc("rating.summary.get", {"subject_id": listing["id"]})
    return found["count"], found["mean"]
