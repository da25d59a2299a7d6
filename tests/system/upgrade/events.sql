-- Listings and bookings that were made when there were fewer rules.

CREATE FUNCTION pg_temp.listing(id uuid, company text, state text, units integer) RETURNS void LANGUAGE sql AS
$$ INSERT INTO listing (id, company_id, type, title, units, state, price_amount, price_currency, published_at) VALUES
	(id, ('c0000000-0000-4000-8000-00000000000' || company)::uuid, 'hall', 'Stood before', units, state, 1000, 'EUR',
	CASE state WHEN 'published' THEN now() END) $$;
SELECT pg_temp.listing('10000000-0000-4000-8000-000000000001', '1', 'published', 1),
       pg_temp.listing('10000000-0000-4000-8000-000000000002', '1', 'published', 1000),
       pg_temp.listing('10000000-0000-4000-8000-000000000003', '1', 'published', 1),
       pg_temp.listing('15000000-0000-4000-8000-000000000001', '5', 'published', 1);
SELECT pg_temp.listing(format('1d000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, '1', 'draft', 1),
       pg_temp.listing(format('1e000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, '1', 'submitted', 1)
	FROM generate_series(1, 4) n;
-- The companies that are or were suspended have many.
SELECT pg_temp.listing(format('1%s000000-0000-4000-8000-%s', company, lpad(n::text, 12, '0'))::uuid, company::text,
	'published', 1) FROM generate_series(2, 4) company, generate_series(1, 450) n;
UPDATE listing SET rating_count = 4, rating_mean = 3, rating_bayesian = 3.5357, rating_seq = 1
	WHERE id = '10000000-0000-4000-8000-000000000001';

INSERT INTO company_state (company_id, suspended, seq) VALUES
	('c0000000-0000-4000-8000-000000000002', true, 2), ('c0000000-0000-4000-8000-000000000004', true, 3);
INSERT INTO listing_search (id, company_id, rating, price, currency, capacity, units, published_at, terms, numbers,
	busy_days, busy)
	SELECT l.id, l.company_id, coalesce(l.rating_bayesian, 0), 1000, 'EUR', 0, l.units, l.published_at, ARRAY[t.term],
	'{}', search_busy_days('{}'), '{}' FROM listing l JOIN listing_type t ON t.key = l.type
	WHERE l.state = 'published' AND l.company_id NOT IN (SELECT company_id FROM company_state);
INSERT INTO listing_text (id, words) SELECT id, to_tsvector('simple', 'stood before') FROM listing_search;

-- Bookings of users a (ann), c (mia) and e (erased); `begins` from now.
CREATE FUNCTION pg_temp.booking(number text, listing text, person text, begins interval, length interval, many integer)
RETURNS void LANGUAGE sql AS
$$ WITH made AS (INSERT INTO booking (id, listing_id, company_id, user_id, period, units, note, created_at)
	SELECT format('b0000000-0000-4000-8000-%s', lpad(number, 12, '0'))::uuid, l.id, l.company_id,
	('a0000000-0000-4000-8000-00000000000' || person)::uuid, tstzrange(now() + begins, now() + begins + length), many,
	'Call me', least(now() - interval '1 hour', now() + begins + interval '1 day')
	FROM listing l WHERE l.id = listing::uuid RETURNING *)
	INSERT INTO booking_unit (booking_id, listing_id, unit, period)
	SELECT id, listing_id, unit, period FROM made, generate_series(1, units) unit $$;
SELECT pg_temp.booking(number, '10000000-0000-4000-8000-00000000000' || listing, person, begins, length, units) FROM (VALUES
	('1', '1', 'a', interval '-3 days', interval '2 microseconds', 1),
	('2', '1', 'a', interval '-50 hours', interval '1 hour', 1),  -- made when it was over
	('3', '1', 'a', interval '3 days', interval '2 microseconds', 1),
	('4', '2', 'a', interval '4 days', interval '1 day', 150),
	('5', '1', 'a', interval '-200 days', interval '1 day', 1),
	('6', '1', 'c', interval '-5 days', interval '3 hours', 1),   -- by one of the company
	('7', '1', 'e', interval '7 days', interval '1 day', 1),      -- its note came after its user had gone
	('8', '1', 'a', interval '-20 days', interval '1 day', 1),
	('9', '2', 'a', interval '-9 days', interval '2 microseconds', 1),
	('10', '2', 'a', interval '-10 days', interval '1 day', 150),
	('12', '3', 'a', interval '-12 days', interval '1 day', 1),
	('13', '3', 'a', interval '-14 days', interval '1 day', 1)) old(number, listing, person, begins, length, units);
SELECT pg_temp.booking('11', '13000000-0000-4000-8000-000000000001', 'a', interval '5 days', interval '1 day', 1);
-- Cancelled by the company so that nobody would review it; and brought by an import, cancelled as it was.
DELETE FROM booking_unit WHERE booking_id IN (SELECT id FROM booking WHERE listing_id = '10000000-0000-4000-8000-000000000003');
UPDATE booking SET state = 'cancelled', cancelled_at = upper(period) + interval '1 hour', created_at = CASE
	WHEN id = 'b0000000-0000-4000-8000-000000000012' THEN lower(period) - interval '1 day'
	ELSE upper(period) + interval '1 hour' END
	WHERE listing_id = '10000000-0000-4000-8000-000000000003';

-- A caller wrote the listing's id in capitals.
INSERT INTO outbox (id, topic, key, payload) SELECT gen_random_uuid(), 'events.booking.created',
	'1D000000-0000-4000-8000-000000000001', '{}';
