-- Invitations into companies: an address, not an account, is invited; whoever has proved that it is theirs may answer.

CREATE TABLE invitation (
	id           uuid PRIMARY KEY,
	company_id   uuid NOT NULL REFERENCES company,
	email        text NOT NULL,                   -- as the inviter wrote it
	email_folded text NOT NULL,                   -- as it is compared: like user_account's
	"right"      text NOT NULL CHECK ("right" IN ('owner', 'manager', 'staff')),
	-- A pending one past its expiry counts as expired, whether or not that has been written down.
	state        text NOT NULL DEFAULT 'pending'
	             CHECK (state IN ('pending', 'accepted', 'declined', 'revoked', 'expired')),
	invited_by   uuid REFERENCES user_account,    -- NULL: an API key of the company
	user_id      uuid REFERENCES user_account,    -- who answered
	created_at   timestamptz NOT NULL DEFAULT now(),
	expires_at   timestamptz NOT NULL,
	answered_at  timestamptz
);
CREATE UNIQUE INDEX invitation_one_open ON invitation (company_id, email_folded) WHERE state = 'pending';
CREATE INDEX invitation_company ON invitation (company_id, created_at DESC, id DESC);
CREATE INDEX invitation_address ON invitation (email_folded, created_at DESC, id DESC);

-- The order in which moderators go through companies, and owners through their members.
CREATE INDEX company_newest ON company (created_at DESC, id DESC);
CREATE INDEX company_member_company ON company_member (company_id, created_at, user_id);
