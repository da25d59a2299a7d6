-- Letters about bookings (events/letters).

-- They begin with what happens from now on: not with the facts that are kept of the last days.
INSERT INTO outbox_cursor (subscriber, xid, seq)
SELECT 'letters', xid, seq FROM outbox ORDER BY xid DESC, seq DESC LIMIT 1
ON CONFLICT DO NOTHING;

-- How far the letters are that the clock sends: all those up to this moment, and of it up to this booking.
CREATE TABLE letter_clock (
	kind       text PRIMARY KEY CHECK (kind IN ('waiting', 'reminder')),
	moment     timestamptz NOT NULL,
	booking_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO letter_clock (kind, moment) VALUES ('waiting', now()), ('reminder', now() + interval '24 hours');

CREATE INDEX booking_beginning ON booking (lower(period), id) WHERE state = 'confirmed' AND kind = 'booking';
