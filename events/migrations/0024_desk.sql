-- Bookings on behalf of customers, of several listings at once, and of series.

ALTER TABLE booking
	ADD COLUMN customer   jsonb,                          -- who has no account: {name, phone, email, language}
	ADD COLUMN booked_by  uuid,                           -- of the company: a user, or an integration; NULL: the customer
	ADD COLUMN override   jsonb,                          -- what a manager set aside: {by, at, reason, price, ignore_rules}
	ADD COLUMN group_id   uuid,                           -- made together, all or none
	ADD COLUMN ready      boolean NOT NULL DEFAULT false, -- a request of a group that nobody has to answer any more
	ADD COLUMN series_id  uuid,
	ADD COLUMN occurrence date;                           -- of the series, on the venue's calendar
CREATE INDEX booking_of_group ON booking (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX booking_of_series ON booking (series_id, occurrence) WHERE series_id IS NOT NULL;
CREATE INDEX booking_overridden ON booking (company_id, created_at DESC, id DESC) WHERE override IS NOT NULL;

-- What goes with a user who is erased.
DROP INDEX booking_noted;
CREATE INDEX booking_noted ON booking (user_id, id) WHERE note <> '' OR reason <> '' OR override IS NOT NULL;

-- Prices that were quoted together: the quote of all of them, and which of its bookings this one is.
ALTER TABLE quote
	ADD COLUMN many_id uuid,
	ADD COLUMN place   integer;
CREATE UNIQUE INDEX quote_of_many ON quote (many_id, place) WHERE many_id IS NOT NULL;

-- Bookings that recur. What was asked for stays as it was, so that an occurrence can be added later.
CREATE TABLE booking_series (
	id              uuid PRIMARY KEY,
	listing_id      uuid NOT NULL REFERENCES listing,
	company_id      uuid NOT NULL,
	user_id         uuid,                       -- the customer's account
	customer        jsonb,
	booked_by       uuid,
	first           tstzrange NOT NULL,         -- the period of the first occurrence
	time_zone       text NOT NULL,              -- in which the wall clock was read
	recurrence      jsonb NOT NULL,
	wish            jsonb NOT NULL,             -- parameters of each: units, unit_numbers, guests, extras, note
	mode            text NOT NULL CHECK (mode IN ('each', 'all')),
	caller          uuid NOT NULL,
	idempotency_key text,                       -- while a call with it may be repeated
	params_hash     bytea,
	missing         text[] NOT NULL DEFAULT '{}', -- months that have no such day, 2027-02
	created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX booking_series_user ON booking_series (user_id, id);
CREATE UNIQUE INDEX booking_series_key ON booking_series (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE booking_occurrence (
	series_id  uuid NOT NULL REFERENCES booking_series,
	date       date NOT NULL,
	period     tstzrange,                       -- NULL: there is no such day
	result     text NOT NULL CHECK (result IN ('waiting', 'booked', 'requested', 'refused', 'skipped')),
	booking_id uuid,
	refusals   jsonb NOT NULL DEFAULT '[]',
	PRIMARY KEY (series_id, date)
);
