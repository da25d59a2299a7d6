-- Bookings. The truth about busy time is booking_unit: its exclusion constraint makes an overlap impossible on every path.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE booking (
	id             uuid PRIMARY KEY,
	listing_id     uuid NOT NULL REFERENCES listing,
	company_id     uuid NOT NULL,
	user_id        uuid,                           -- NULL: imported without a known user
	external_id    text,
	period         tstzrange NOT NULL CHECK (NOT isempty(period) AND lower_inc(period) AND NOT upper_inc(period)),
	units          integer NOT NULL DEFAULT 1 CHECK (units >= 1),
	state          text NOT NULL DEFAULT 'confirmed' CHECK (state IN ('confirmed', 'cancelled')),
	price_amount   bigint,
	price_currency text,
	note           text NOT NULL DEFAULT '',
	version        integer NOT NULL DEFAULT 1,
	created_at     timestamptz NOT NULL DEFAULT now(),
	cancelled_at   timestamptz,
	UNIQUE (listing_id, external_id)
);
CREATE INDEX booking_user ON booking (user_id, created_at DESC, id DESC);
CREATE INDEX booking_company ON booking (company_id, created_at DESC, id DESC);
CREATE INDEX booking_listing ON booking (listing_id, created_at DESC, id DESC);

-- One row for each unit that a confirmed booking takes; gone when it is cancelled. Units are interchangeable, so a new
-- booking may move others to another unit: hence deferrable.
CREATE TABLE booking_unit (
	booking_id uuid NOT NULL REFERENCES booking,
	listing_id uuid NOT NULL,
	unit       integer NOT NULL CHECK (unit >= 1),
	period     tstzrange NOT NULL,
	PRIMARY KEY (booking_id, unit) DEFERRABLE INITIALLY IMMEDIATE,
	CONSTRAINT booking_no_overlap EXCLUDE USING gist (listing_id WITH =, unit WITH =, period WITH &&)
		DEFERRABLE INITIALLY IMMEDIATE
);
