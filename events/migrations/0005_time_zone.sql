-- The zones that a listing may name. Asking pg_timezone_names reads all zone files, 0.1 s each time.
CREATE TABLE time_zone (
	name text PRIMARY KEY
);
INSERT INTO time_zone (name)
	SELECT name FROM pg_timezone_names WHERE name NOT LIKE 'posix%' AND name NOT LIKE 'right/%';
