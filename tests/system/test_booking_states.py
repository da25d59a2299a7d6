"""Every pair of states: what may happen to a booking in which state is the table of the code, and nothing else."""

import itertools
import re
from pathlib import Path

import pytest
from rpc import RpcError
from booking_steps import EUROS, ask, set_rules

SOURCE = Path(__file__).parents[2] / "events/booking/store/state.c"
STEP = re.compile(r'\{BOOKING_(\w+), CAUSE_(\w+), BOOKING_(\w+), "[\w.]+"\}')
STEPS = {(start.lower(), cause.lower()): end.lower() for start, cause, end in STEP.findall(SOURCE.read_text())}
STATES = ("held", "requested", "confirmed", "completed", "no_show", "cancelled", "declined", "expired")
# What is called for each cause that a caller can be, by whom, with what.
CALLS = {
    "create": ("guest", "create", {}),
    "approve": ("owner", "approve", {}),
    "offer": ("owner", "approve", {"price": EUROS}),
    "accept": ("guest", "accept", {"expected_total": 2000}),
    "decline": ("owner", "decline", {"reason": "no"}),
    "change": ("guest", "change", {"guests": 7}),
    "shorten": ("owner", "shorten", {}),
    "cancel": ("owner", "cancel", {}),
    "complete": ("owner", "complete", {}),
    "no_show": ("owner", "no_show", {}),
    "unblock": ("owner", "unblock", {}),
}
# Causes that need time to have begun, and what else a row must be for its state.
BEGUN = {"shorten", "complete", "no_show"}
_units = itertools.count(101)


@pytest.fixture(scope="module")
def people(stack):
    company = stack.company()
    return {"owner": company[1], "guest": stack.user(), "company": company}


@pytest.fixture(scope="module")
def listing(stack, people):
    return stack.listing(*people["company"], price=EUROS, price_unit="hour", units=1000)["id"]


def put(stack, booking, state, cause):
    """As if it had come into that state, at a time that the cause needs."""
    past = state in ("completed", "no_show")
    begin = "-1 hour" if cause in BEGUN and not past else "-5 hours" if past else "20 days"
    length = "3 hours"
    with stack.database("events") as database:
        # A unit of its own: at these times there are others.
        database.execute("UPDATE booking_unit SET unit = %s WHERE booking_id = %s", (next(_units), booking))
        for table, key in (("booking_unit", "booking_id"), ("booking", "id")):
            database.execute(
                f"UPDATE {table} SET period = tstzrange(now() + %s::interval, now() + %s::interval + %s::interval)"
                f" WHERE {key} = %s",
                (begin, begin, length, booking),
            )
        waits = state in ("held", "requested")
        expires = "now() + interval '10 minutes'" if waits else "NULL"
        offered = "now()" if cause == "accept" else "NULL"
        priced = ", price = NULL, price_amount = NULL" if cause == "offer" else ""
        if state not in ("held", "requested", "confirmed", "completed", "no_show"):
            database.execute("DELETE FROM booking_unit WHERE booking_id = %s", [booking])
        database.execute(
            f"UPDATE booking SET state = %s, expires_at = {expires}, offered_at = {offered}{priced} WHERE id = %s",
            (state, booking),
        )


def call(people, listing, booking, cause):
    """The state that it comes to, or the rule that forbids it."""
    who, verb, more = CALLS[cause]
    whose = {"listing_id": listing, "hold_id": booking} if cause == "create" else {"id": booking}
    try:
        return people[who].rpc(f"events.booking.{verb}", whose | more)["state"]
    except RpcError as error:
        return error.data.get("rule") or error.reason or error.word


@pytest.mark.parametrize("state", STATES)
def test_only_the_table_leads_from_a_state(stack, people, listing, state):
    found, wanted = {}, {}
    for cause in CALLS:
        booking = ask(people["guest"], listing)["id"]
        put(stack, booking, state, cause)
        found[cause] = call(people, listing, booking, cause)
        wanted[cause] = STEPS.get((state, cause)) if cause != "unblock" else None
        if wanted[cause] is None:
            assert found[cause] in ("state", "hold", "before_end"), (state, cause, found[cause])
            with stack.database("events") as database:
                row = database.execute("SELECT state, version FROM booking WHERE id = %s", [booking]).fetchone()
            assert row == (state, 1)
            found[cause] = None
    stack["events"].command("rebuild-search")
    assert found == wanted


def test_every_state_is_reached_and_left_as_the_table_says():
    """The table itself: all states are there, the final ones lead nowhere, the others somewhere."""
    starts, ends = {start for start, _ in STEPS}, set(STEPS.values())
    assert ends == set(STATES)
    assert set(STATES) - starts == {"no_show", "cancelled", "declined", "expired"}


@pytest.mark.parametrize("cause", [cause for cause in CALLS if cause not in ("create", "offer", "unblock")])
def test_a_block_is_no_booking(stack, people, listing, cause):
    block = ask(people["owner"], listing, method="block", units=1)
    assert call(people, listing, block["id"], cause) in ("state", "not_found")
    assert people["owner"].rpc("events.booking.unblock", {"id": block["id"]})["state"] == "cancelled"
    assert people["owner"].error("events.booking.unblock", {"id": block["id"]}).data["rule"] == "state"


def test_who_may_not_is_told_so(stack, people, listing):
    """Neither a stranger nor the customer answers, ends or blocks for the company."""
    stranger = stack.user()
    booking = ask(people["guest"], listing)["id"]
    for verb, more in [("approve", {}), ("decline", {"reason": "no"}), ("complete", {}), ("no_show", {})]:
        assert stranger.error(f"events.booking.{verb}", {"id": booking} | more).word == "not_found"
        assert people["guest"].error(f"events.booking.{verb}", {"id": booking} | more).word == "forbidden"
    for verb in ("change", "shorten", "cancel", "quote_cancel", "quote_change"):
        assert stranger.error(f"events.booking.{verb}", {"id": booking}).word == "not_found"
    set_rules(people["owner"], listing, confirmation="request")
    error = people["guest"].error("events.booking.change", {"id": booking, "units": 2})
    assert error.data["rule"] == "by_request"
    set_rules(people["owner"], listing, confirmation=None)
