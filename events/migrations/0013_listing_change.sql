-- What moderators decide about: listings handed in for the first time (state submitted), and changes of the words of
-- published ones, which stand here beside the listing until somebody has read them.

ALTER TABLE listing ADD COLUMN submitted_at timestamptz;  -- when it was last handed in; NULL: never
ALTER TABLE listing ADD COLUMN submitted_by uuid;         -- a user or a service account
ALTER TABLE listing ADD COLUMN noted boolean NOT NULL DEFAULT false; -- listing_change tells its company something
UPDATE listing SET submitted_at = updated_at WHERE state = 'submitted';

-- created_at: should it be missing, the listing is in the queue all the same.
CREATE INDEX listing_submitted ON listing ((coalesce(submitted_at, created_at)), id) WHERE state = 'submitted';
CREATE INDEX listing_submitted_company ON listing (company_id, (coalesce(submitted_at, created_at)), id)
	WHERE state = 'submitted';

CREATE TABLE listing_change (
	id           uuid PRIMARY KEY,
	listing_id   uuid NOT NULL REFERENCES listing,
	company_id   uuid NOT NULL,
	kind         text NOT NULL CHECK (kind IN ('listing', 'change')), -- listing: a decision about a whole one
	base_version integer NOT NULL,                 -- of the listing that the author had read
	version      integer NOT NULL,                 -- what a decision names
	fields       jsonb NOT NULL,                   -- as in events.listing.update; of properties those that change
	state        text NOT NULL CHECK (state IN ('pending', 'approved', 'rejected')),
	submitted_at timestamptz NOT NULL,
	submitted_by uuid,
	decided_at   timestamptz,
	decided_by   uuid,
	reason       text NOT NULL DEFAULT '',
	CHECK ((state = 'pending') = (decided_at IS NULL))
);
-- One change of a listing waits at a time.
CREATE UNIQUE INDEX listing_change_pending ON listing_change (listing_id) WHERE state = 'pending';
CREATE INDEX listing_change_waiting ON listing_change (submitted_at, listing_id) WHERE state = 'pending';
CREATE INDEX listing_change_waiting_company ON listing_change (company_id, submitted_at, listing_id)
	WHERE state = 'pending';
-- The one that waits, then the decisions, the last one first.
CREATE INDEX listing_change_listing ON listing_change (listing_id, decided_at DESC NULLS FIRST, id DESC);
