-- Search knows of rules what a row can hold: buffers, named units, overbooking, and the days on which a listing is closed.
-- It looks 1,000 days ahead.

DROP FUNCTION search_period_days(tstzrange);
DROP FUNCTION search_busy_days(tstzmultirange);

-- The days (UTC) that lie wholly in the ranges, from yesterday to 1,000 days ahead, as a ring by day number modulo 1024.
CREATE FUNCTION search_busy_days(busy tstzmultirange) RETURNS bit(1024) LANGUAGE plpgsql STABLE AS $$
DECLARE
	ring bit(1024) := 0::bit(1024);
	days bit(1024);
	today integer := floor(extract(epoch FROM now()) / 86400);
	span tstzrange;
	first integer;
	last integer;
BEGIN
	FOREACH span IN ARRAY ARRAY(SELECT unnest(busy)) LOOP
		first := greatest(ceil(extract(epoch FROM lower(span)) / 86400)::integer, today - 1);
		last := least(floor(extract(epoch FROM upper(span)) / 86400)::integer - 1, today + 1000);
		IF first <= last THEN
			days := ~0::bit(1024) << (1024 - (last - first + 1));
			ring := ring | (days >> (first % 1024)) | (days << (1024 - first % 1024));
		END IF;
	END LOOP;
	RETURN ring;
END $$;

-- The days that lie wholly in one period, as the same ring: what a search compares with.
CREATE FUNCTION search_period_days(period tstzrange) RETURNS bit(1024) LANGUAGE sql STABLE AS
$$ SELECT search_busy_days(tstzmultirange(period)) $$;

-- All days that the ring has now.
CREATE FUNCTION search_window() RETURNS bit(1024) LANGUAGE sql STABLE AS
$$ SELECT search_busy_days(tstzmultirange(tstzrange(now() - interval '2 days', now() + interval '1002 days'))) $$;

-- When the listing cannot be had: instants covered by as many units as there are, from now on, and as much before and
-- after as a booking's own buffers reach. A period is free of these exactly when it is free with its buffers. Of named
-- units those above the total are not counted. The plans of PL/pgSQL stay; a function in SQL would be planned at each
-- booking, which costs more than it.
CREATE FUNCTION search_busy(listing uuid, total integer, named boolean, buffer_before interval, buffer_after interval)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF total = 1 THEN
		RETURN (SELECT coalesce(range_agg(tstzrange(lower(u.period) - buffer_after, upper(u.period) + buffer_before)), '{}')
			FROM booking_unit u WHERE u.listing_id = listing AND u.period && tstzrange(now() - buffer_before, NULL)
			AND (NOT named OR u.unit = 1));
	END IF;
	RETURN (SELECT coalesce(range_agg(tstzrange(step.at - buffer_after, step.next_at + buffer_before))
			FILTER (WHERE step.taken >= total), '{}') FROM (
			SELECT edge.at, lead(edge.at) OVER instants AS next_at, sum(sum(edge.change)) OVER instants AS taken
			FROM booking_unit u, LATERAL (VALUES (lower(u.period), 1), (upper(u.period), -1)) AS edge(at, change)
			WHERE u.listing_id = listing AND u.period && tstzrange(now() - buffer_before, NULL)
			AND (NOT named OR u.unit <= total)
			GROUP BY edge.at WINDOW instants AS (ORDER BY edge.at)) step
		WHERE step.next_at IS NOT NULL);
END $$;
DROP FUNCTION search_busy(uuid, integer);

-- How many of the listing's named units are free for the whole period.
CREATE FUNCTION search_free_named(listing uuid, total integer, wanted tstzrange) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN total - (SELECT count(DISTINCT u.unit) FROM booking_unit u
		WHERE u.listing_id = listing AND u.period && wanted AND u.unit <= total);
END $$;

-- The days (UTC) on which a listing cannot be had by its opening hours and exceptions, as the ring. Made by the daemon
-- when the rules change and once a day; counts for no more than 20 days, since after 22 a day's bit is another day's.
CREATE TABLE listing_closed (
	listing_id uuid PRIMARY KEY REFERENCES listing,
	days       bit(1024) NOT NULL,
	mark       bigint NOT NULL,                    -- of the rules that it was made from: with others it does not count
	made_on    date NOT NULL
);

-- units: with those that may be booked above them. busy_days: also the closed ones.
ALTER TABLE listing_search
	ALTER COLUMN busy_days TYPE bit(1024) USING search_busy_days(busy),
	ADD COLUMN ruled         boolean NOT NULL DEFAULT false, -- it has rules, or its type: a page asks them
	ADD COLUMN named         boolean NOT NULL DEFAULT false, -- its units are not moved
	ADD COLUMN buffer_before interval NOT NULL DEFAULT '0',
	ADD COLUMN buffer_after  interval NOT NULL DEFAULT '0';
