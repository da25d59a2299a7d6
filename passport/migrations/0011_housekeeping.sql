-- The next run of housekeeping: whoever moves it on runs. And what finds expired rows without reading the others.

CREATE TABLE housekeeping (
	only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	due_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO housekeeping DEFAULT VALUES;

-- When a session was over, however it ended.
CREATE INDEX session_over ON session (least(ended_at, idle_expires_at, expires_at));
CREATE INDEX refresh_token_used ON refresh_token (used_at) WHERE used_at IS NOT NULL;
CREATE INDEX invitation_end ON invitation (expires_at);
