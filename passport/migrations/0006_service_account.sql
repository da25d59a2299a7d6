-- Accounts of programs: daemons, and integrations that act for a company (its API keys).

CREATE TABLE service_account (
	id          uuid PRIMARY KEY,
	name        text NOT NULL,                     -- a daemon's is what its tokens say
	company_id  uuid REFERENCES company,           -- null: a daemon
	"right"     text CHECK ("right" IN ('manager', 'staff')),
	scope       text NOT NULL DEFAULT '',          -- names of methods and prefixes ending in ".*"; '': not limited
	description text NOT NULL DEFAULT '',
	state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
	token_epoch integer NOT NULL DEFAULT 0,        -- access tokens carry it; those with a lower one are void
	expires_at  timestamptz,
	created_by  uuid REFERENCES user_account,
	created_at  timestamptz NOT NULL DEFAULT now(),
	disabled_at timestamptz,
	CHECK ((company_id IS NULL) = ("right" IS NULL)),
	CHECK (company_id IS NULL OR scope <> '')
);
-- For good: tokens and revocations of a daemon are known by its name.
CREATE UNIQUE INDEX service_account_daemon_name ON service_account (name) WHERE company_id IS NULL;
CREATE UNIQUE INDEX service_account_key_name ON service_account (company_id, name)
	WHERE company_id IS NOT NULL AND state = 'active';
CREATE INDEX service_account_list ON service_account (company_id, created_at, id);

-- At most two that are valid: while a new one is rolled out, the one before it goes on for as long as was asked for.
CREATE TABLE service_secret (
	hash         bytea PRIMARY KEY,                -- SHA-256 of the text, which has 256 random bits
	account_id   uuid NOT NULL REFERENCES service_account ON DELETE CASCADE,
	hint         text NOT NULL,                    -- its last characters, for people to tell secrets apart
	created_at   timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz,
	last_used_at timestamptz
);
CREATE INDEX service_secret_account ON service_secret (account_id);
CREATE INDEX service_secret_end ON service_secret (expires_at) WHERE expires_at IS NOT NULL;
