-- What search reads: one narrow row for each published listing, derived from listing and booking_unit in the transaction
-- that changes them, and rebuildable from them.

CREATE TABLE listing_search (
	id           uuid PRIMARY KEY,
	company_id   uuid NOT NULL,
	rating       double precision NOT NULL,        -- Bayesian mean; 0 without reviews
	price        bigint NOT NULL,                  -- minor units; the largest bigint without a price
	currency     text,
	capacity     integer NOT NULL,
	units        integer NOT NULL,
	lat          double precision,
	lon          double precision,
	cell         integer,                          -- search_cell(lat, lon)
	published_at timestamptz NOT NULL,
	terms        integer[] NOT NULL,               -- type, booleans, enum values, 1000000000 + cell
	numbers      double precision[] NOT NULL,      -- by property.slot; dates as days since 1970-01-01
	busy_days    bit(512) NOT NULL,                -- ring by day number modulo 512: days wholly saturated; a prefilter
	busy         tstzmultirange NOT NULL           -- saturated time that has not passed (no unit free): exact
) WITH (fillfactor = 85);

CREATE INDEX listing_search_cell_rating ON listing_search (cell, rating DESC, id DESC);
CREATE INDEX listing_search_cell_price ON listing_search (cell, price, id);
-- These two hold the ring of days as well: a search of the whole country for a period that hardly anybody has free walks
-- one of them from end to end, which takes six times as long when each row is looked up. (A booking of a day or more is
-- then not a heap-only update.)
CREATE INDEX listing_search_rating ON listing_search (rating DESC, id DESC) INCLUDE (busy_days);
CREATE INDEX listing_search_price ON listing_search (price, id) INCLUDE (busy_days);
CREATE INDEX listing_search_price_desc ON listing_search ((CASE WHEN price = 9223372036854775807 THEN -1 ELSE price END) DESC, id DESC);
CREATE INDEX listing_search_newest ON listing_search (published_at DESC, id DESC);
CREATE INDEX listing_search_terms ON listing_search USING gin (terms);

CREATE TABLE listing_text (
	id    uuid PRIMARY KEY,
	words tsvector NOT NULL
);
CREATE INDEX listing_text_words ON listing_text USING gin (words);

-- The grid: 0.05 degrees of latitude by 0.07 of longitude (5143 columns).
CREATE FUNCTION search_cell(lat double precision, lon double precision) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT floor((lat + 90) / 0.05)::integer * 5143 + floor((lon + 180) / 0.07)::integer $$;

-- Metres between two places on a sphere of the earth's mean radius (haversine formula).
CREATE FUNCTION search_distance(lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT 2 * 6371008.8 * asin(least(1, sqrt(sind((lat2 - lat1) / 2) ^ 2
	+ cosd(lat1) * cosd(lat2) * sind((lon2 - lon1) / 2) ^ 2))) $$;

-- When no unit of the listing is free: instants covered by as many units as there are, from now on. PL/pgSQL keeps the
-- plans of its statements for the session; a function in SQL would be planned at each booking, which costs more than it.
CREATE FUNCTION search_busy(listing uuid, total integer) RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF total = 1 THEN
		RETURN (SELECT coalesce(range_agg(u.period), '{}') FROM booking_unit u
			WHERE u.listing_id = listing AND upper(u.period) > now());
	END IF;
	RETURN (SELECT coalesce(range_agg(tstzrange(step.at, step.next_at)) FILTER (WHERE step.taken >= total), '{}') FROM (
			SELECT edge.at, lead(edge.at) OVER instants AS next_at, sum(sum(edge.change)) OVER instants AS taken
			FROM booking_unit u, LATERAL (VALUES (lower(u.period), 1), (upper(u.period), -1)) AS edge(at, change)
			WHERE u.listing_id = listing AND upper(u.period) > now()
			GROUP BY edge.at WINDOW instants AS (ORDER BY edge.at)) step
		WHERE step.next_at IS NOT NULL);
END $$;

-- The days (UTC) that lie wholly in the ranges, from yesterday to 500 days ahead, as the ring.
CREATE FUNCTION search_busy_days(busy tstzmultirange) RETURNS bit(512) LANGUAGE plpgsql STABLE AS $$
DECLARE
	ring bit(512) := repeat('0', 512)::bit(512);
	today integer := floor(extract(epoch FROM now()) / 86400);
	span tstzrange;
	first integer;
	last integer;
BEGIN
	FOREACH span IN ARRAY ARRAY(SELECT unnest(busy)) LOOP
		first := greatest(ceil(extract(epoch FROM lower(span)) / 86400)::integer, today - 1);
		last := least(floor(extract(epoch FROM upper(span)) / 86400)::integer - 1, today + 500);
		FOR day IN first..last LOOP
			ring := set_bit(ring, day % 512, 1);
		END LOOP;
	END LOOP;
	RETURN ring;
END $$;

-- The days that lie wholly in one period, as the same ring: what a search compares with.
CREATE FUNCTION search_period_days(period tstzrange) RETURNS bit(512) LANGUAGE sql STABLE AS
$$ SELECT search_busy_days(tstzmultirange(period)) $$;

-- How many units the listing can still give for the whole period (units are interchangeable and may be moved).
CREATE FUNCTION search_free_units(listing uuid, total integer, wanted tstzrange) RETURNS integer LANGUAGE sql STABLE AS $$
	SELECT total - coalesce(max(step.taken), 0)::integer FROM (
		SELECT sum(sum(edge.change)) OVER (ORDER BY edge.at) AS taken
		FROM booking_unit u, LATERAL (VALUES (greatest(lower(u.period), lower(wanted)), 1), (upper(u.period), -1)) AS edge(at, change)
		WHERE u.listing_id = listing AND u.period && wanted AND edge.at < upper(wanted)
		GROUP BY edge.at) step
$$;
