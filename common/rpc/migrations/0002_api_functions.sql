-- How values of the database are written in the API (DESIGN section 4). Plain SQL, so that the planner inlines them.

CREATE FUNCTION api_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

CREATE FUNCTION api_period(period tstzrange) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT jsonb_build_object('from', api_time(lower(period)), 'to', api_time(upper(period))) $$;

CREATE FUNCTION api_money(amount bigint, currency text) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN amount IS NOT NULL THEN jsonb_build_object('amount', amount, 'currency', currency) END $$;
