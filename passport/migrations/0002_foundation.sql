-- What the parts of a complete identity service share: states, epochs, the audit trail, throttles, tokens sent by mail.

ALTER TABLE user_account
	ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'erased')),
	ADD COLUMN state_reason text NOT NULL DEFAULT '',
	ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
	ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN password_changed_at timestamptz NOT NULL DEFAULT now(),
	-- Access tokens carry it; those with a lower one are void.
	ADD COLUMN token_epoch integer NOT NULL DEFAULT 0;

ALTER TABLE session
	ADD COLUMN started_at timestamptz NOT NULL DEFAULT now(),
	ADD COLUMN methods text[] NOT NULL DEFAULT '{pwd}',       -- how the user proved who they are: RFC 8176
	ADD COLUMN actor_id uuid REFERENCES user_account;         -- the administrator who acts as the user

CREATE INDEX session_by_actor ON session (actor_id) WHERE actor_id IS NOT NULL;

ALTER TABLE company
	ADD COLUMN state_reason text NOT NULL DEFAULT '',
	ADD COLUMN verification text NOT NULL DEFAULT 'unverified'
		CHECK (verification IN ('unverified', 'verified', 'rejected')),
	ADD COLUMN verification_reason text NOT NULL DEFAULT '',
	ADD COLUMN verified_at timestamptz,
	ADD COLUMN verified_by uuid REFERENCES user_account;

-- Who did what to whom, from where. Never changed, except when the person behind it is erased.
CREATE TABLE audit_event (
	id          uuid PRIMARY KEY,                 -- UUIDv7: in the order of time
	occurred_at timestamptz NOT NULL DEFAULT now(),
	action      text NOT NULL,
	actor_kind  text NOT NULL CHECK (actor_kind IN ('anonymous', 'user', 'client', 'service', 'system')),
	actor       text NOT NULL DEFAULT '',         -- a user's or an API key's id, a daemon's name
	acting_for  uuid,                             -- an impersonated user: `actor` is the administrator
	user_id     uuid,                             -- whom it is about
	company_id  uuid,
	address     text NOT NULL DEFAULT '',
	user_agent  text NOT NULL DEFAULT '',
	request_id  text NOT NULL DEFAULT '',
	details     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_event_user ON audit_event (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_event_company ON audit_event (company_id, id) WHERE company_id IS NOT NULL;
CREATE INDEX audit_event_actor ON audit_event (actor, id) WHERE actor <> '';

-- Tries within a window. Unlogged: a try costs no disk write, and what a crash of the server forgets is a few tries.
CREATE UNLOGGED TABLE throttle (
	name    text NOT NULL,                        -- of the rule
	key     bytea NOT NULL,                       -- SHA-256 of what is throttled
	tries   integer NOT NULL,
	ends_at timestamptz NOT NULL,                 -- of the window, or of the lock once the limit was passed
	PRIMARY KEY (name, key)
);
CREATE INDEX throttle_end ON throttle (ends_at);

-- Tokens good for one use, hashes only. The newest of a purpose and subject counts.
CREATE TABLE one_time_token (
	purpose    text NOT NULL,
	subject    text NOT NULL,
	hash       bytea NOT NULL UNIQUE,
	data       jsonb NOT NULL DEFAULT '{}',
	tries      integer NOT NULL DEFAULT 0,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (purpose, subject)
);
CREATE INDEX one_time_token_end ON one_time_token (expires_at);

-- What voids access tokens already issued: all of a session, or those of a subject (user, API key, service) with a lower
-- epoch. The counter's row is locked until its transaction ends, so seq is the order of commits and a reader that has
-- seen n has seen everything below.
CREATE TABLE revocation_counter (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	value    bigint NOT NULL
);
INSERT INTO revocation_counter (value) VALUES (0);

CREATE TABLE revocation (
	seq        bigint NOT NULL,
	kind       text NOT NULL CHECK (kind IN ('session', 'subject')),
	id         text NOT NULL,
	epoch      integer NOT NULL DEFAULT 0,        -- of a subject: tokens with a lower one are void
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (seq, kind, id)
);
CREATE INDEX revocation_age ON revocation (created_at);

-- Letters to be written and sent. Tokens in them are made when they are written: there is none in here.
CREATE TABLE mail (
	id              uuid PRIMARY KEY,
	template        text NOT NULL,
	recipient       text NOT NULL,
	locale          text NOT NULL DEFAULT 'en',
	data            jsonb NOT NULL DEFAULT '{}',
	created_at      timestamptz NOT NULL DEFAULT now(),
	next_attempt_at timestamptz NOT NULL DEFAULT now(),
	attempts        integer NOT NULL DEFAULT 0,
	failed_at       timestamptz,                  -- given up
	reason          text NOT NULL DEFAULT ''
);
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE failed_at IS NULL;
CREATE INDEX mail_failed ON mail (failed_at) WHERE failed_at IS NOT NULL;
