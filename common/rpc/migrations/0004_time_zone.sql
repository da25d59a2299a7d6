-- Whether this server knows a zone of that name. It has its own copy of the zones, which may be older than the daemons'.
-- Asking pg_timezone_names reads all zone files, 0.1 s each time; setting a zone reads one, and takes no abbreviations.
-- The session's own zone is back when the function ends.
CREATE FUNCTION time_zone_known(zone text) RETURNS boolean LANGUAGE plpgsql STRICT SET timezone = 'UTC' AS
$$
BEGIN
	PERFORM set_config('timezone', zone, true);
	RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END
$$;
