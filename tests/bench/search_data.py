"""A marketplace of any size, made by SQL in the events database: the shapes of anchors/search.md.

50 cities of falling size (the i-th has 1/(i+2) of the weight) and a rural tenth, the flags of the seeded catalogue from
rare to common, its enums and numbers, and bookings of one to three days in the coming 480 for each listing.
"""

import time

from machine import Cluster

BATCH = 20000
BOOKED_DAYS = 480

# Cities: places on a grid over central Europe, cumulative weights in [0, 0.9).
HELPERS = """
CREATE UNLOGGED TABLE bench_city AS
SELECT i AS number, 43.5 + (i % 7) * 1.3 AS lat, -1.5 + (i / 7) * 1.9 AS lon,
	sum(1.0 / (i + 2)) OVER (ORDER BY i) / sum(1.0 / (i + 2)) OVER () * 0.9 AS upto
FROM generate_series(0, 49) i;

-- Flags: the share of listings that have it, from 1 to 95 in a hundred, by the order of their keys.
CREATE UNLOGGED TABLE bench_flag AS
SELECT key, 0.01 + 0.94 * (row_number() OVER (ORDER BY md5(key)) - 1)::float8
	/ greatest(count(*) OVER () - 1, 1) AS share FROM property WHERE kind = 'boolean';

-- A number in [0, 1) that depends on the listing and on what it is for: the same data at every run.
CREATE FUNCTION bench_chance(n bigint, what text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashtextextended(what, n) & 1073741823) / 1073741824.0 $$;

CREATE FUNCTION bench_properties(n bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT coalesce((SELECT jsonb_object_agg(key, bench_chance(n, key) < share) FROM bench_flag
			WHERE bench_chance(n, key) < share OR bench_chance(n, key || 'told') < 0.1), '{}')
	|| (SELECT jsonb_object_agg(p.key, (SELECT v.key FROM property_value v WHERE v.property = p.key
			ORDER BY bench_chance(n, p.key || v.key) LIMIT 1)) FROM property p WHERE p.kind = 'enum')
	|| coalesce((SELECT jsonb_object_agg(p.key, (SELECT jsonb_agg(v.key) FROM property_value v WHERE v.property = p.key
			AND bench_chance(n, p.key || v.key) < 0.4)) FROM property p WHERE p.kind = 'multi_enum'
		AND EXISTS (SELECT 1 FROM property_value v WHERE v.property = p.key
			AND bench_chance(n, p.key || v.key) < 0.4)), '{}')
	|| jsonb_build_object('area', 20 + floor(980 * bench_chance(n, 'area')),
		'seats', floor(500 * bench_chance(n, 'seats')),
		'ceiling_height', 2 + floor(80 * bench_chance(n, 'height')) / 10)
$$;
"""

LISTINGS = """
INSERT INTO listing (id, company_id, type, title, description, address, lat, lon, time_zone, capacity, price_amount,
	price_currency, price_unit, properties, state, rating_count, rating_mean, rating_bayesian, created_at, published_at)
SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
	('01900000-0000-7000-9000-' || lpad(to_hex(n / 7), 12, '0'))::uuid,
	(ARRAY['hall', 'loft', 'studio', 'venue', 'gallery'])[1 + n % 5],
	'Hall ' || to_hex(n * 7919 % 5003) || ' ' || to_hex(n * 104729 % 4999), 'A place for ' || to_hex(n * 31 % 5009),
	'Street ' || n % 1000, place.lat, place.lon, 'Europe/Berlin',
	10 + floor(490 * bench_chance(n, 'capacity')^2)::integer,
	2000 + floor(198000 * bench_chance(n, 'price')^3)::bigint, 'EUR', 'day', bench_properties(n), 'published',
	10, 3 + 2 * r.rating, 3 + 2 * r.rating, now() - n * interval '1 second', now() - n * interval '1 second'
FROM generate_series({first}::bigint, {last}::bigint) n,
	LATERAL (SELECT round(bench_chance(n, 'rating')::numeric, 4) AS rating) r,
	LATERAL (SELECT coalesce(c.lat + (bench_chance(n, 'lat') - 0.5) * 0.5, 43 + 10 * bench_chance(n, 'lat')) AS lat,
		coalesce(c.lon + (bench_chance(n, 'lon') - 0.5) * 0.6, -2 + 16 * bench_chance(n, 'lon')) AS lon
		FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT lat, lon FROM bench_city WHERE upto > bench_chance(n, 'city')
			ORDER BY upto LIMIT 1) c ON true) place
"""

# Twenty bookings, each in a slot of its own of 24 days, so that they never overlap: one to five days somewhere in it.
BOOKINGS = """
WITH made AS MATERIALIZED (
	SELECT ('01910000-' || lpad(to_hex(k), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
		('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS listing_id,
		('01900000-0000-7000-9000-' || lpad(to_hex(n / 7), 12, '0'))::uuid AS company_id,
		tstzrange(s.day, s.day + (1 + floor(5 * bench_chance(n, 'length' || k))) * interval '1 day') AS period
	FROM generate_series({first}::bigint, {last}::bigint) n, generate_series(0, 19) k,
		LATERAL (SELECT date_trunc('day', now())
			+ (1 + k * 24 + floor(19 * bench_chance(n, 'start' || k))) * interval '1 day' AS day) s),
booked AS (INSERT INTO booking (id, listing_id, company_id, period)
	SELECT id, listing_id, company_id, period FROM made)
INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT id, listing_id, 1, period FROM made
"""

# Search reads booking_unit only when several units are asked for, and none of the queries does: the exclusion
# constraint, whose index takes most of the time of a load, is not made again. The data cannot overlap.
BEFORE = """
ALTER TABLE booking_unit DROP CONSTRAINT booking_no_overlap;
ALTER TABLE booking_unit DROP CONSTRAINT booking_unit_booking_id_fkey;
ALTER TABLE booking DROP CONSTRAINT booking_listing_id_fkey;
DROP INDEX booking_user, booking_company, booking_listing;
CREATE INDEX bench_unit ON booking_unit (listing_id);
"""


def generate(cluster: Cluster, database: str, listings: int, projection: list[str], say=print):
    """Fills an empty, migrated events database. projection: the daemon's own statements, $1 being an array of ids."""
    started = time.monotonic()
    cluster.sql(database, HELPERS + BEFORE)
    for first in range(1, listings + 1, BATCH):
        numbers = {"first": first, "last": min(first + BATCH - 1, listings)}
        cluster.sql(database, LISTINGS.format(**numbers) + ";" + BOOKINGS.format(**numbers) + ";")
    say(f"     {listings:,} listings, {listings * 20:,} bookings: {time.monotonic() - started:.0f} s")
    started = time.monotonic()
    cluster.sql(database, "VACUUM ANALYZE listing, booking_unit")
    make_projection(cluster, database, listings, projection)
    cluster.sql(database, "VACUUM ANALYZE listing_search, listing_text")
    say(f"     projection: {time.monotonic() - started:.0f} s")


def make_projection(cluster: Cluster, database: str, listings: int, projection: list[str]):
    """Stored in the end in (cell, rating) order, as a rebuild leaves it."""
    for first in range(1, listings + 1, BATCH):
        ids = "(SELECT array_agg(('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid) FROM "
        ids += f"generate_series({first}::bigint, {min(first + BATCH - 1, listings)}::bigint) n)"
        cluster.sql(database, "\n".join(statement.replace("$1", ids) + ";" for statement in projection))
    cluster.sql(database, "CLUSTER listing_search USING listing_search_cell_rating")
