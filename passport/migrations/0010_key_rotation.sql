-- When a signing key changes its state, so that any replica can take the next step.

ALTER TABLE signing_key
	ADD COLUMN signing_at timestamptz NOT NULL DEFAULT now(), -- published: when it is to sign; else since when it did
	ADD COLUMN retired_at timestamptz,
	ADD COLUMN leaves_at timestamptz,              -- retired: when the last token it signed has expired everywhere
	-- A retired key signs nothing any more: its private half is destroyed.
	ALTER COLUMN private_sealed DROP NOT NULL,
	ADD CONSTRAINT signing_key_private CHECK ((state = 'retired') = (private_sealed IS NULL)),
	ADD CONSTRAINT signing_key_leaves CHECK ((state = 'retired') = (leaves_at IS NOT NULL));
CREATE UNIQUE INDEX signing_key_one_published ON signing_key ((true)) WHERE state = 'published';
