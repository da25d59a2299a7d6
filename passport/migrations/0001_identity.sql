-- Users, their sessions, companies and signing keys.

CREATE TABLE user_account (
	id            uuid PRIMARY KEY,
	email         text NOT NULL,
	email_folded  text NOT NULL UNIQUE,           -- case-folded, NFC: the address as it is compared
	password_hash text NOT NULL,                  -- PHC string
	name          text NOT NULL,
	locale        text NOT NULL DEFAULT 'en',
	roles         text[] NOT NULL DEFAULT '{user}',
	version       integer NOT NULL DEFAULT 1,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE session (
	id              uuid PRIMARY KEY,
	user_id         uuid NOT NULL REFERENCES user_account,
	auth_time       timestamptz NOT NULL DEFAULT now(),
	last_seen_at    timestamptz NOT NULL DEFAULT now(),
	idle_expires_at timestamptz NOT NULL,
	expires_at      timestamptz NOT NULL,          -- absolute: rotation does not extend it
	ended_at        timestamptz,
	end_reason      text,
	address         text NOT NULL DEFAULT '',
	user_agent      text NOT NULL DEFAULT ''
);
CREATE INDEX session_by_user ON session (user_id);

-- The family of a session's refresh tokens: hashes only. A successor is derived from its predecessor under a key, so that
-- the grace window can answer the same one again.
CREATE TABLE refresh_token (
	hash       bytea PRIMARY KEY,
	session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE,
	created_at timestamptz NOT NULL DEFAULT now(),
	used_at    timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE company (
	id         uuid PRIMARY KEY,
	name       text NOT NULL,
	country    text,
	state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
	version    integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE company_member (
	company_id uuid NOT NULL REFERENCES company,
	user_id    uuid NOT NULL REFERENCES user_account,
	"right"    text NOT NULL CHECK ("right" IN ('owner', 'manager', 'staff')),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (company_id, user_id)
);
CREATE INDEX company_member_user ON company_member (user_id, created_at);

-- published: verifiers may fetch it, nothing is signed with it yet; signing: at most one; retired: still published until
-- the last token it signed has expired.
CREATE TABLE signing_key (
	kid            text PRIMARY KEY,
	algorithm      text NOT NULL CHECK (algorithm IN ('ES256', 'RS256')),
	public_jwk     jsonb NOT NULL,
	private_sealed bytea NOT NULL,                 -- PEM under AES-256-GCM: nonce, ciphertext, tag
	state          text NOT NULL CHECK (state IN ('published', 'signing', 'retired')),
	created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX signing_key_one_signing ON signing_key ((true)) WHERE state = 'signing';
