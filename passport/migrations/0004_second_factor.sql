-- Second factors, and what tells the owner of an account from a stranger at its door.

ALTER TABLE session ADD COLUMN device text NOT NULL DEFAULT '';  -- what a person makes of user_agent

-- The authenticator app of a user (RFC 6238).
CREATE TABLE totp (
	user_id       uuid PRIMARY KEY REFERENCES user_account,
	secret_sealed bytea NOT NULL,                 -- under AES-256-GCM: nonce, ciphertext, tag
	created_at    timestamptz NOT NULL DEFAULT now(),
	confirmed_at  timestamptz,                    -- null: enrolled, but asked for nowhere yet
	last_step     bigint NOT NULL DEFAULT 0       -- the time step of the last code accepted: none at or below it is again
);

-- Good for one login each, when the app is not at hand. A used one is gone.
CREATE TABLE recovery_code (
	user_id uuid NOT NULL REFERENCES user_account,
	hash    bytea NOT NULL,                       -- SHA-256: a code has 80 random bits
	PRIMARY KEY (user_id, hash)
);

-- Networks from which a user has logged in of late: failed logins from elsewhere do not lock them out.
CREATE TABLE known_network (
	user_id       uuid NOT NULL REFERENCES user_account,
	network       text NOT NULL,                  -- an IPv4 address, or the first 64 bits of an IPv6 one
	last_login_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, network)
);
