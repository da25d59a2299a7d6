-- What a listing has ahead is read in the order of its ends: the index of the constraint, a GiST, looks at every entry
-- of each page that it passes, and its pages hold entries of many listings. With the whole period this one can answer
-- alone, as that one can, and is the cheaper of the two.
CREATE INDEX booking_unit_ahead ON booking_unit (listing_id, upper(period)) INCLUDE (period, unit);

-- With one plan for all listings: where a few have very much more than others, PostgreSQL would make one at each booking,
-- which costs more than the work.
CREATE OR REPLACE FUNCTION search_busy(listing uuid, total integer, named boolean, buffer_before interval, buffer_after interval)
RETURNS tstzmultirange LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	IF total = 1 THEN
		RETURN (SELECT coalesce(range_agg(tstzrange(lower(u.period) - buffer_after, upper(u.period) + buffer_before)), '{}')
			FROM booking_unit u WHERE u.listing_id = listing AND upper(u.period) > now() - buffer_before
			AND (NOT named OR u.unit = 1));
	END IF;
	RETURN (SELECT coalesce(range_agg(tstzrange(step.at - buffer_after, step.next_at + buffer_before))
			FILTER (WHERE step.taken >= total), '{}') FROM (
			SELECT edge.at, lead(edge.at) OVER instants AS next_at, sum(sum(edge.change)) OVER instants AS taken
			FROM booking_unit u, LATERAL (VALUES (lower(u.period), 1), (upper(u.period), -1)) AS edge(at, change)
			WHERE u.listing_id = listing AND upper(u.period) > now() - buffer_before
			AND (NOT named OR u.unit <= total)
			GROUP BY edge.at WINDOW instants AS (ORDER BY edge.at)) step
		WHERE step.next_at IS NOT NULL);
END $$;

-- What is shorter than a day holds no whole one: most bookings by the hour are passed over before the loop.
CREATE OR REPLACE FUNCTION search_busy_days(busy tstzmultirange) RETURNS bit(1024) LANGUAGE plpgsql STABLE AS $$
DECLARE
	ring bit(1024) := 0::bit(1024);
	days bit(1024);
	today integer := floor(extract(epoch FROM now()) / 86400);
	span tstzrange;
	first integer;
	last integer;
BEGIN
	FOREACH span IN ARRAY ARRAY(SELECT r FROM unnest(busy) r WHERE (upper(r) - lower(r) < interval '24 hours') IS NOT TRUE) LOOP
		first := greatest(ceil(extract(epoch FROM lower(span)) / 86400)::integer, today - 1);
		last := least(floor(extract(epoch FROM upper(span)) / 86400)::integer - 1, today + 1000);
		IF first <= last THEN
			days := ~0::bit(1024) << (1024 - (last - first + 1));
			ring := ring | (days >> (first % 1024)) | (days << (1024 - first % 1024));
		END IF;
	END LOOP;
	RETURN ring;
END $$;
