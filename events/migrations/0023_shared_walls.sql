-- Listings that share walls: Hall A, Hall B and the whole house. What is booked of one takes time of the others.

ALTER TABLE listing
	ADD COLUMN includes uuid[] NOT NULL DEFAULT '{}', -- of a whole: its parts
	ADD COLUMN space_id uuid;                         -- the same for all that are connected by includes; NULL: shares none
CREATE INDEX listing_space ON listing (space_id) WHERE space_id IS NOT NULL;

-- A booking has rows in the listings that share walls with its own, too. In a part those of the whole take every unit; in
-- a whole, which has one unit, each booking of a part has one row, whose unit is a number of its own: two parts may be
-- taken at one time, and never meet there.
ALTER TABLE booking_unit DROP CONSTRAINT booking_unit_pkey;
ALTER TABLE booking_unit ADD CONSTRAINT booking_unit_pkey PRIMARY KEY (booking_id, listing_id, unit) DEFERRABLE INITIALLY IMMEDIATE;

CREATE SEQUENCE booking_shared_unit AS integer MINVALUE 1000001 MAXVALUE 2147483647 START 1000001 CYCLE;

-- The rules of a listing l of type t, as they count: what shares walls is never overbooked, and a whole is one unit.
CREATE FUNCTION listing_rules(of_type jsonb, own jsonb, space_id uuid, includes uuid[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$
	SELECT CASE WHEN space_id IS NULL THEN of_type || own
		WHEN includes = '{}' THEN (of_type || own) - 'overbooking'
		ELSE (of_type || own) - '{overbooking,units_mode,unit_names}'::text[] END
$$;

-- Writes the rows of a booking in all listings that share walls with its own.
CREATE FUNCTION booking_share(booking uuid, own uuid, taken tstzrange) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- Of a whole: every unit of its parts, and the other wholes of these.
	INSERT INTO booking_unit (booking_id, listing_id, unit, period)
	SELECT booking, p.id, n, taken FROM listing w JOIN listing p ON p.id = ANY (w.includes), generate_series(1, p.units) n
	WHERE w.id = own
	UNION ALL
	SELECT booking, o.id, nextval('booking_shared_unit'), taken FROM listing w JOIN listing o ON o.space_id = w.space_id
	WHERE w.id = own AND o.id <> own AND o.includes && w.includes
	UNION ALL
	-- Of a part: its wholes.
	SELECT booking, o.id, nextval('booking_shared_unit'), taken FROM listing p JOIN listing o ON o.space_id = p.space_id
	WHERE p.id = own AND own = ANY (o.includes);
END $$;

-- Gives the bookings of its wholes every unit that the part has now.
CREATE FUNCTION booking_share_units(part uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM booking_unit u USING booking b, listing l WHERE l.id = part AND l.includes = '{}' AND u.listing_id = part
	AND upper(u.period) > now() AND u.unit > l.units AND b.id = u.booking_id AND b.listing_id <> part;
	INSERT INTO booking_unit (booking_id, listing_id, unit, period)
	SELECT DISTINCT u.booking_id, part, n, u.period FROM booking_unit u JOIN booking b ON b.id = u.booking_id
	JOIN listing l ON l.id = part AND l.includes = '{}', generate_series(1, l.units) n
	WHERE u.listing_id = part AND upper(u.period) > now() AND b.listing_id <> part AND NOT EXISTS (SELECT FROM booking_unit x
		WHERE x.booking_id = u.booking_id AND x.listing_id = part AND x.unit = n);
END $$;

-- Makes the rows of all bookings to come of these listings in others anew.
CREATE FUNCTION booking_share_again(listings uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM booking_unit u USING booking b WHERE u.listing_id = ANY (listings) AND upper(u.period) > now()
	AND b.id = u.booking_id AND b.listing_id <> u.listing_id;
	PERFORM booking_share(own.booking_id, own.listing_id, own.period) FROM (
		SELECT DISTINCT u.booking_id, u.listing_id, u.period FROM booking_unit u JOIN listing l ON l.id = u.listing_id
		WHERE u.listing_id = ANY (listings) AND l.space_id IS NOT NULL AND upper(u.period) > now()) own;
END $$;
