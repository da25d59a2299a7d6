-- What a period costs. The one place that counts hours and days.

-- The days that a period takes at a venue in the zone: the smallest n such that its beginning plus n local days, the
-- same wall clock n dates later, is not before its end. A wall clock that the zone skips on that date, or has twice, is
-- the later of its two readings (PostgreSQL reads it as on the clock before a skip, and as the second of two). The days
-- between the wall clocks are enough; one less is, where the last of them ends on a clock that was changed.
-- The zone is that of the session for as long as the function runs: AT TIME ZONE takes names such as EET and WET for
-- abbreviations without summer time.
CREATE FUNCTION local_days(period tstzrange, zone text) RETURNS integer LANGUAGE plpgsql STRICT SET timezone = 'UTC' AS
$$
DECLARE
	days integer;
BEGIN
	PERFORM set_config('timezone', zone, true);
	days := greatest(1, ceil(extract(epoch FROM upper(period)::timestamp - lower(period)::timestamp) / 86400));
	IF days > 1 AND lower(period) + make_interval(days => days - 1) >= upper(period) THEN
		RETURN days - 1;
	END IF;
	RETURN days;
END
$$;

-- The price of so many units for the period, in minor units: for each hour begun, each local day or night begun, or once.
-- NULL where there is no price. In PL/pgSQL, whose plans stay: one in SQL that cannot be
-- inlined is planned at every booking. Numeric, since the dearest listing for a year is more than a bigint holds.
CREATE FUNCTION period_price(amount bigint, unit text, zone text, units integer, period tstzrange) RETURNS numeric
LANGUAGE plpgsql STRICT AS
$$
BEGIN
	RETURN amount::numeric * units * CASE unit
		WHEN 'session' THEN 1
		WHEN 'hour' THEN ceil(extract(epoch FROM upper(period) - lower(period)) / 3600)
		ELSE local_days(period, zone) END;
END
$$;
