-- What a booking and a search read of a listing's time no longer grows with what has passed.

-- The same rule with the period before the unit: what lies in a time is found at once whatever the unit, and however
-- much came before. With the unit first a listing of many units has its time in many places of the index.
ALTER TABLE booking_unit DROP CONSTRAINT booking_no_overlap;
ALTER TABLE booking_unit ADD CONSTRAINT booking_no_overlap
	EXCLUDE USING gist (listing_id WITH =, period WITH &&, unit WITH =) DEFERRABLE INITIALLY IMMEDIATE;

-- When no unit of the listing is free: instants covered by as many units as there are, from now on. PL/pgSQL keeps the
-- plans of its statements for the session; a function in SQL would be planned at each booking, which costs more than it.
CREATE OR REPLACE FUNCTION search_busy(listing uuid, total integer) RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF total = 1 THEN
		RETURN (SELECT coalesce(range_agg(u.period), '{}') FROM booking_unit u
			WHERE u.listing_id = listing AND u.period && tstzrange(now(), NULL));
	END IF;
	RETURN (SELECT coalesce(range_agg(tstzrange(step.at, step.next_at)) FILTER (WHERE step.taken >= total), '{}') FROM (
			SELECT edge.at, lead(edge.at) OVER instants AS next_at, sum(sum(edge.change)) OVER instants AS taken
			FROM booking_unit u, LATERAL (VALUES (lower(u.period), 1), (upper(u.period), -1)) AS edge(at, change)
			WHERE u.listing_id = listing AND u.period && tstzrange(now(), NULL)
			GROUP BY edge.at WINDOW instants AS (ORDER BY edge.at)) step
		WHERE step.next_at IS NOT NULL);
END $$;

-- How many units the listing can still give for the whole period (units are interchangeable and may be moved).
CREATE OR REPLACE FUNCTION search_free_units(listing uuid, total integer, wanted tstzrange) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT total - coalesce(max(step.taken), 0)::integer FROM (
		SELECT sum(sum(edge.change)) OVER (ORDER BY edge.at) AS taken
		FROM booking_unit u, LATERAL (VALUES (greatest(lower(u.period), lower(wanted)), 1), (upper(u.period), -1)) AS edge(at, change)
		WHERE u.listing_id = listing AND u.period && wanted AND edge.at < upper(wanted)
		GROUP BY edge.at) step);
END $$;
