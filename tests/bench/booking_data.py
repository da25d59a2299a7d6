"""Listings with rules and prices, for the benchmarks of bookings: ranges of their numbers, and how they are made."""

from datetime import UTC, datetime, timedelta

from machine import Stack, rpc

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALL_DAY = {"from": "06:00", "to": "24:00"}
BUFFER = timedelta(minutes=30)
RULES = {
    "opening_hours": [{"days": EVERY_DAY, **ALL_DAY}],
    "exceptions": [{"from": "2027-12-25", "yearly": True, "hours": [ALL_DAY]}],
    "buffer_before_minutes": 30,
    "buffer_after_minutes": 30,
    "notice_minutes": 60,
    "horizon_days": 950,
    "min_minutes": 30,
    "step_minutes": 30,
    "start_grid_minutes": 30,
    "guests_per_unit": 100,
}

# Ranges of listings by their first number. OURS are for the daemon, FIXED and RECORDED for what pgbench sends. Of the
# hot ones each round takes a new one.
OURS, FIXED, RECORDED, LISTINGS = 10000, 20000, 30000, 2000
HOT_OURS, HOT_FIXED, HOT = 40000, 50000, 40
OLD, NEW, FULL, HELD, HELD_UNSEEN = 60000, 60001, 60002, 60003, 60004
PAST = 100_000  # bookings that OLD had
REQUESTS = 3  # that wait for an answer, of each listing
MONTH = 1000  # bookings of FULL, in the thirty days from SOON on
SOON = 40  # days from today

LISTING = "('00000000-0000-7000-8000-' || lpad(({})::text, 12, '0'))::uuid"
MAKE = f"""
INSERT INTO listing (id, company_id, type, title, address, time_zone, capacity, price_amount, price_currency,
	price_unit, state, properties, rules, pricing, rules_version, published_at, created_at)
SELECT {LISTING.format("n")}, gen_random_uuid(), 'hall', 'Hall ' || n, 'Street ' || n, s.time_zone, 100, s.price_amount,
	s.price_currency, s.price_unit, 'published', '{{}}', s.rules, s.pricing, s.rules_version, now(),
	now() - interval '1 day'
FROM listing s, (VALUES ({OURS}, {LISTINGS}), ({FIXED}, {LISTINGS}), ({RECORDED}, {LISTINGS}), ({HOT_OURS}, {HOT}),
	({HOT_FIXED}, {HOT}), ({OLD}, 5)) made(first, number), generate_series(first, first + number - 1) n
WHERE s.id = '$sample';
INSERT INTO listing_search (id, company_id, rating, price, currency, capacity, units, published_at, terms, numbers,
	busy_days, busy, ruled, buffer_before, buffer_after)
SELECT id, company_id, 0, price_amount, price_currency, capacity, units, published_at, '{{}}', '{{}}', 0::bit(1024),
	'{{}}', true, '30 minutes', '30 minutes' FROM listing WHERE state = 'published' AND rules_version > 0;
INSERT INTO listing_closed (listing_id, days, mark, made_on)
SELECT l.id, c.days, c.mark, c.made_on FROM listing l, listing_closed c
WHERE c.listing_id = '$sample' AND l.state = 'published' AND l.rules_version > 0;
INSERT INTO booking (id, listing_id, company_id, period, state, ended_at, buffer_before, buffer_after)
SELECT gen_random_uuid(), l.id, l.company_id, tstzrange(t.start, t.start + interval '1 hour'), 'completed',
	t.start + interval '1 hour', '30 minutes', '30 minutes'
FROM listing l, generate_series(2, {PAST + 1}) n,
	LATERAL (SELECT date_trunc('hour', now()) - n * interval '2 hours' AS start) t
WHERE l.id = {LISTING.format(OLD)};
INSERT INTO booking (id, listing_id, company_id, period, buffer_before, buffer_after)
SELECT gen_random_uuid(), l.id, l.company_id, tstzrange(t.start, t.start + interval '15 minutes'), '0', '0'
FROM listing l, generate_series(0, {MONTH - 1}) n,
	LATERAL (SELECT date_trunc('day', now()) + {SOON} * interval '1 day' + n * interval '43 minutes' AS start) t
WHERE l.id = {LISTING.format(FULL)};
INSERT INTO booking (id, listing_id, company_id, user_id, period, state, expires_at, takes_units)
SELECT gen_random_uuid(), l.id, l.company_id, gen_random_uuid(),
	tstzrange(now() + interval '940 days', now() + interval '941 days'), 'requested', now() + interval '20 hours', false
FROM listing l, generate_series(1, {REQUESTS}) WHERE l.state = 'published' AND l.rules_version > 0;
INSERT INTO booking_unit (booking_id, listing_id, unit, period)
SELECT id, listing_id, 1, tstzrange(lower(period) - buffer_before, upper(period) + buffer_after) FROM booking
WHERE listing_id IN ({LISTING.format(OLD)}, {LISTING.format(FULL)}) AND takes_units;
VACUUM ANALYZE;
"""


def listing_id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def day(number: int) -> datetime:
    """Midnight (UTC), so many days from today."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=number)


def period(start: datetime, length: timedelta) -> dict[str, str]:
    return {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{start + length:%Y-%m-%dT%H:%M:%SZ}"}


def price_rules(number: int) -> dict:
    """A third each of a season, of a weekday, of some hours."""
    kinds = (
        lambda n: {"season": {"from": f"2027-{n % 12 + 1:02}-01", "to": f"2027-{n % 12 + 1:02}-20", "yearly": True}},
        lambda n: {"days": [EVERY_DAY[n % 7]]},
        lambda n: {"hours": {"from": f"{n % 12 + 6:02}:00", "to": f"{n % 12 + 8:02}:00"}},
    )
    return {
        "rules": [{"id": n, "amount": 5000 + n, "priority": n % 5, **kinds[n % 3](n)} for n in range(1, number + 1)]
    }


class Owner:
    """A company's owner, who sets rules and prices as the daemon accepts them."""

    def __init__(self, stack: Stack):
        self.base = stack.base()
        _, self.token = stack.user("Owner")
        self.company = self.call("passport.company.create", {"name": "Bench"})["id"]

    def call(self, method: str, params: dict) -> dict:
        return rpc(self.base, method, params, self.token)

    def listing(self, rules: dict, pricing: dict, price_unit: str = "hour") -> str:
        """A draft; its id."""
        hall = {"company_id": self.company, "type": "hall", "title": "Sample", "time_zone": "Europe/Berlin"}
        hall |= {"price": {"amount": 6000, "currency": "EUR"}, "price_unit": price_unit, "capacity": 100}
        made = self.call("events.listing.create", hall)["id"]
        for what, value in (("rules", rules), ("pricing", pricing)):
            version = self.call("events.listing.get_rules", {"listing_id": made})["version"]
            self.call(f"events.listing.set_{what}", {"listing_id": made, "version": version, what: value})
        return made


def prepare(bench):
    """Listings with ten rules and ten price rules, once."""
    if bench.owner:
        return
    stack: Stack = bench.stack
    bench.owner = Owner(stack)
    sample = bench.owner.listing(RULES, price_rules(10))
    stack.cluster.sql(stack.database("events"), MAKE.replace("$sample", sample))
