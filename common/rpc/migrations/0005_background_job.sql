-- What every daemon with a database has, so that one outsider's rows cannot hold the others up: work that goes in
-- batches, and the marks of users who have erased their accounts.

-- Work that follows from a change and grows with the rows that it is about. A row is there until all of it is done.
CREATE TABLE background_job (
	kind            text NOT NULL,
	key             text NOT NULL,                 -- what it is about: a company's id
	details         text NOT NULL DEFAULT '',
	position        text NOT NULL DEFAULT '',      -- where the next batch goes on; '': at the beginning
	generation      bigint NOT NULL DEFAULT 1,     -- raised when it is asked for again meanwhile: it then begins anew
	attempts        integer NOT NULL DEFAULT 0,    -- failed ones of the next batch
	next_attempt_at timestamptz NOT NULL DEFAULT now(),
	reason          text NOT NULL DEFAULT '',      -- why the last one failed
	created_at      timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (kind, key)
);
CREATE INDEX background_job_due ON background_job (next_attempt_at);

-- Nothing that is written later, or was on its way, brings anything of them back.
CREATE TABLE erased_user (
	user_id   uuid PRIMARY KEY,
	seq       bigint NOT NULL,                     -- of passport.user.erased
	erased_at timestamptz NOT NULL DEFAULT now()
);

-- Held shared by whatever writes for a user, and exclusively by what erases them, until the transaction ends.
CREATE FUNCTION erased_user_lock(person text, alone boolean) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
	number bigint := hashtextextended('erased_user ' || person, 0);
BEGIN
	IF alone THEN
		PERFORM pg_advisory_xact_lock(number);
	ELSE
		PERFORM pg_advisory_xact_lock_shared(number);
	END IF;
END
$$;

-- Takes the lock, then looks: PL/pgSQL reads in each statement what is committed by then. SQLSTATE EL401 is
-- `unauthenticated`, reason `revoked` (common/io/pg_result.c).
CREATE FUNCTION erased_user_refuse(person text, alone boolean) RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
	PERFORM erased_user_lock(person, alone);
	IF EXISTS (SELECT FROM erased_user e WHERE e.user_id = person::uuid) THEN
		RAISE EXCEPTION 'the user was erased' USING ERRCODE = 'EL401';
	END IF;
END
$$;
