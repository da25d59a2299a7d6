-- Rules and prices of listings, and all the ways of a booking: holds, requests, answers, changes, blocks.

-- Members that a listing does not set are those of its type: type.rules || listing.rules (events/api/rules.json).
ALTER TABLE listing_type ADD COLUMN rules jsonb NOT NULL DEFAULT '{}';
ALTER TABLE listing
	ADD COLUMN rules         jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN pricing       jsonb NOT NULL DEFAULT '{}',
	ADD COLUMN rules_version integer NOT NULL DEFAULT 0;   -- counts changes of both

ALTER TABLE booking
	ADD COLUMN kind             text NOT NULL DEFAULT 'booking' CHECK (kind IN ('booking', 'block')),
	ADD COLUMN buffer_before    interval NOT NULL DEFAULT '0', -- in force when its time was taken
	ADD COLUMN buffer_after     interval NOT NULL DEFAULT '0',
	ADD COLUMN guests           integer CHECK (guests >= 1),
	ADD COLUMN cause            text,                      -- of its present state (booking/state.h); NULL: not noted
	ADD COLUMN named            boolean NOT NULL DEFAULT false, -- it has these units and no others
	ADD COLUMN unit_wish        integer[],                 -- named units that were asked for
	ADD COLUMN extras           jsonb NOT NULL DEFAULT '[]',
	ADD COLUMN price            jsonb,                     -- line by line; price_amount is its total
	ADD COLUMN policy           jsonb NOT NULL DEFAULT '[]', -- steps of refund, in force when it was made; none: all back
	ADD COLUMN rules_version    integer NOT NULL DEFAULT 0,
	ADD COLUMN first_start      timestamptz,               -- the earliest beginning it ever had; NULL: the present one
	ADD COLUMN expires_at       timestamptz,               -- of a hold and a request
	ADD COLUMN held_at          timestamptz,               -- it is a hold, or was one and nothing else
	ADD COLUMN option           boolean NOT NULL DEFAULT false, -- a hold by the company's staff
	ADD COLUMN takes_units      boolean NOT NULL DEFAULT true, -- false: a request that was not made from a hold
	ADD COLUMN offered_at       timestamptz,               -- a price was set by the company: the customer accepts
	ADD COLUMN decided_at       timestamptz,               -- approved or declined
	ADD COLUMN ended_at         timestamptz,               -- completed, or the guest did not come
	ADD COLUMN reason           text NOT NULL DEFAULT '',  -- of a decline, a cancellation, a no-show
	ADD COLUMN cancelled_by     text CHECK (cancelled_by IN ('customer', 'company', 'overlap', 'suspension')),
	ADD COLUMN overbooked       boolean NOT NULL DEFAULT false, -- it got a unit beyond those that there are
	ADD COLUMN overlapped       boolean NOT NULL DEFAULT false, -- a request whose time was given to another one
	ADD COLUMN paid             bigint NOT NULL DEFAULT 0,
	ADD COLUMN cancellation_fee bigint,
	ADD COLUMN refund_due       bigint,
	ADD COLUMN changed_at       timestamptz;

ALTER TABLE booking DROP CONSTRAINT booking_state_check;
ALTER TABLE booking ADD CONSTRAINT booking_state_check CHECK (state IN
	('held', 'requested', 'confirmed', 'completed', 'no_show', 'cancelled', 'declined', 'expired'));
-- The daemon completes what ends from now on, each with a fact; what has ended was completed before there was one.
UPDATE booking SET state = 'completed', ended_at = upper(period) WHERE state = 'confirmed' AND upper(period) <= now();

-- What goes with a user who is erased.
DROP INDEX booking_noted;
CREATE INDEX booking_noted ON booking (user_id, id) WHERE note <> '' OR reason <> '';

-- What the clock ends.
CREATE INDEX booking_expiring ON booking (expires_at) WHERE state IN ('held', 'requested');
CREATE INDEX booking_expiring_of ON booking (listing_id, expires_at) WHERE state IN ('held', 'requested');
CREATE INDEX booking_ending ON booking (upper(period)) WHERE state = 'confirmed' AND kind = 'booking';
-- What counts towards the limits of a user.
CREATE INDEX booking_open ON booking (user_id, listing_id) WHERE state IN ('held', 'requested', 'confirmed');
-- Requests that an approval or a block meets.
CREATE INDEX booking_waiting ON booking (company_id) WHERE state = 'requested';
CREATE INDEX booking_requested ON booking USING gist (listing_id, period) WHERE state = 'requested';
-- The calendar of a company: what lies in a month, of all its listings.
CREATE INDEX booking_calendar ON booking USING gist (company_id, period);
