-- Which zones listings are in, without reading all listings.
CREATE INDEX listing_time_zone ON listing (time_zone);

CREATE FUNCTION zones_in_use(most integer) RETURNS SETOF text LANGUAGE sql STABLE AS
$$
	WITH RECURSIVE used(name) AS (
		(SELECT min(time_zone) FROM listing)
		UNION ALL
		SELECT (SELECT min(l.time_zone) FROM listing l WHERE l.time_zone > used.name) FROM used WHERE used.name IS NOT NULL
	)
	SELECT name FROM used WHERE name IS NOT NULL LIMIT most
$$;

-- When this server's clocks of a zone stand differently from six hours before, from the first of these moments on: seconds
-- of 1970, seconds east of UTC. The zone is that of the session for as long as the function runs: AT TIME ZONE takes
-- names such as EET for abbreviations without summer time.
CREATE FUNCTION zone_offsets(zone text, first timestamptz, last timestamptz) RETURNS TABLE (at bigint, seconds integer)
LANGUAGE plpgsql STRICT SET timezone = 'UTC' AS
$$
BEGIN
	PERFORM set_config('timezone', zone, true);
	RETURN QUERY SELECT changed.at, changed.seconds FROM (
		SELECT asked.at, asked.seconds, lag(asked.seconds) OVER (ORDER BY asked.at) AS before FROM (
			SELECT extract(epoch FROM t)::bigint AS at, extract(timezone FROM t)::integer AS seconds
			FROM generate_series(first, last, interval '6 hours') t
		) asked
	) changed WHERE changed.before IS DISTINCT FROM changed.seconds ORDER BY changed.at;
END
$$;
