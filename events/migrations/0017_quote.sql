-- Prices that were promised to a caller for some minutes: events.booking.quote.

CREATE TABLE quote (
	id         uuid PRIMARY KEY,
	user_id    uuid NOT NULL,
	listing_id uuid NOT NULL REFERENCES listing,
	period     tstzrange NOT NULL,
	units      integer NOT NULL,
	guests     integer,          -- NULL: not said
	extras     jsonb NOT NULL,   -- [{"key", "quantity"}], by key
	price      jsonb NOT NULL,   -- PriceBreakdown
	expires_at timestamptz NOT NULL
);
-- Of one caller only so many are kept.
CREATE INDEX quote_of_user ON quote (user_id, expires_at, id);
CREATE INDEX quote_expiring ON quote (expires_at);
