-- Who asked for an account and has not yet shown that the address is theirs. Several may wait for one address; the one
-- whose letter is answered becomes the account. Rows older than a day are dead, and housekeeping removes them.
CREATE TABLE registration (
	id            uuid PRIMARY KEY,
	email         text NOT NULL,
	email_folded  text NOT NULL,
	password_hash text NOT NULL,                  -- PHC string
	name          text NOT NULL,
	locale        text NOT NULL,
	time_zone     text NOT NULL,
	created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX registration_email ON registration (email_folded);
CREATE INDEX registration_age ON registration (created_at);

-- The time zones that the server knew when the database was made: asking it for them reads hundreds of files.
CREATE TABLE time_zone (
	name text PRIMARY KEY
);
INSERT INTO time_zone (name)
	SELECT name FROM pg_timezone_names WHERE name NOT LIKE 'posix%' AND name NOT LIKE 'right/%';
