"""A company of 20,000 listings comes and goes, a user of 100,000 notes is erased: nobody else's facts wait for it."""

import time
import uuid
from contextlib import contextmanager

import psycopg
import pytest
from neighbours import MemoryWatch, Neighbours
from rpc import RpcError
from stack import PASSWORD
from staff import with_role
from waiting import wait_until

LISTINGS = 20000
NOTES = 100000
OTHERS = 4  # companies that are suspended meanwhile
WITHIN = 2  # seconds until everybody knows
MEMORY_MIB = 256  # of events
PERIOD = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}
REASON = {"reason": "for a drill"}

COPY_LISTINGS = """
INSERT INTO listing (id, company_id, external_id, type, title, description, lat, lon, capacity, price_amount,
	price_currency, state, published_at)
SELECT gen_random_uuid(), %(company)s, external_id, type, title, description, lat, lon, capacity, price_amount,
	price_currency, 'published', now()
FROM listing WHERE external_id LIKE 'crowd-%%'
"""
WRITE_NOTES = """
INSERT INTO booking (id, listing_id, company_id, user_id, period, state, cancelled_at, note)
SELECT gen_random_uuid(), %(listing)s, %(company)s, %(user)s, tstzrange(now(), now() + interval '1 day'), 'cancelled',
	now(), 'Please call me before noon'
FROM generate_series(1, %(count)s)
"""
CLEAN = (
    "DELETE FROM booking_unit WHERE booking_id IN (SELECT id FROM booking WHERE company_id = ANY (%(companies)s))",
    "DELETE FROM booking WHERE company_id = ANY (%(companies)s)",
    "DELETE FROM listing_change WHERE listing_id IN (SELECT id FROM listing WHERE company_id = ANY (%(companies)s))",
    "DELETE FROM listing_text WHERE id IN (SELECT id FROM listing WHERE company_id = ANY (%(companies)s))",
    "DELETE FROM listing_search WHERE id IN (SELECT id FROM listing WHERE company_id = ANY (%(companies)s))",
    "DELETE FROM listing WHERE company_id = ANY (%(companies)s)",
)


def values(stack, sql, **parameters):
    with stack.database("events") as database:
        return [value for (value,) in database.execute(sql, parameters)]


def fill(stack, company, user):
    """Gives the company 20,000 published listings, and the user 100,000 cancelled bookings of one of them: its id."""
    with stack.database("events") as database:
        database.execute(COPY_LISTINGS, {"company": company})
        listing = database.execute("SELECT id::text FROM listing WHERE company_id = %s", (company,)).fetchone()[0]
        database.execute(WRITE_NOTES, {"company": company, "listing": listing, "user": user.id, "count": NOTES})
        database.execute("ANALYZE listing, booking")
    return listing


def clean(stack, gone):
    """False when a job that works on the same rows was in the way."""
    try:
        with stack.database("events") as database:
            for statement in CLEAN:
                database.execute(statement, gone)
    except psycopg.errors.DeadlockDetected:
        return False
    return True


@contextmanager
def companies(stack):
    """Ids of companies, the first one large; what events has of them goes afterwards."""
    made = [stack.company() for _ in range(1 + OTHERS)]
    try:
        yield made
    finally:
        gone = {"companies": [uuid.UUID(company) for company, _ in made]}
        wait_until(lambda: clean(stack, gone), 60, "what the companies had to be gone")


def word_of(call, *arguments):
    try:
        call(*arguments)
    except RpcError as error:
        return error.word
    return None


class Stranger:
    """Looks at a listing of somebody else's company, in every way there is."""

    def __init__(self, stack):
        self.stack, self.user = stack, stack.user("Stranger")

    def sees(self, listing):
        return word_of(self.user.rpc, "events.listing.get", {"id": listing}) is None

    def finds(self, company):
        return bool(self.user.rpc("events.listing.search", {"company_id": company, "limit": 1})["items"])

    def books(self, listing):
        """Whether it is refused, by a booking that would be one."""
        wanted = {"listing_id": listing, "period": PERIOD, "idempotency_key": str(uuid.uuid4())}
        return word_of(self.user.rpc, "events.booking.create", wanted) != "not_found"

    def knows(self, company, listing):
        return self.sees(listing) or self.finds(company) or self.books(listing)


def told(call, *arguments, until):
    """How many seconds after the call returned everybody knew."""
    call(*arguments)
    since = time.monotonic()
    wait_until(until, 30, "everybody to know", interval=0.01)
    return time.monotonic() - since


@pytest.fixture
def moderator(crowded):
    return with_role(crowded.stack, "moderator")


def await_jobs(stack):
    """Until nothing is left to follow from what was told: of what is gone there is little to do."""
    wait_until(lambda: values(stack, "SELECT kind FROM background_job") == [], 30, "the jobs to end")


def test_what_is_large_holds_nothing_up(crowded, moderator):
    stack = crowded.stack
    with companies(stack) as ((company, _), *small), Neighbours(stack, crowded.listings) as callers:
        others = [(other, stack.listing(other, owner)["id"]) for other, owner in small]
        stranger, writer, brief = Stranger(stack), stack.user("Writer"), stack.user("Brief")
        brief.rpc("events.booking.create", {"listing_id": others[0][1], "period": PERIOD, "note": "Just me"})
        listing = fill(stack, company, writer)
        left = "SELECT count(*) FROM booking WHERE user_id = %(user)s AND note <> ''"
        erase = ("passport.user.erase", {"password": PASSWORD})
        taken = {}

        def suspend(name, company, listing):
            call = ("passport.company.suspend", {"id": company} | REASON)
            taken[name] = told(moderator.rpc, *call, until=lambda: not stranger.knows(company, listing))

        quiet = callers.measure(2)
        with MemoryWatch(stack) as memory:
            callers.begin(6)
            suspend("large", company, listing)
            restore = ("passport.company.restore", {"id": company} | REASON)
            taken["restored"] = told(moderator.rpc, *restore, until=lambda: stranger.sees(listing))
            writer.rpc(*erase)
            for number, (other, its) in enumerate(others):
                suspend(f"other {number}", other, its)
            taken["erased"] = told(brief.rpc, *erase, until=lambda: values(stack, left, user=brief.id) == [0])
            meanwhile = values(stack, left, user=writer.id)[0]
            suspend("large again", company, listing)
            hit = callers.finish()
            left_now = values(stack, left, user=writer.id)[0]
    await_jobs(stack)
    print("\n  seconds until everybody knew: " + ", ".join(f"{name} {after:.2f}" for name, after in taken.items()))
    print(f"  of {NOTES} notes {meanwhile} were left when the others were told, {left_now} in the end")
    assert max(taken.values()) < WITHIN, taken
    assert NOTES > meanwhile > left_now, "the erasure was under way, and goes on"
    callers.check(quiet, hit)
    assert memory.peak("events") < MEMORY_MIB
