-- The catalogue to start with. Administrators change it through the API; this file is applied once.

INSERT INTO listing_type (key, name, description, unit) VALUES
	('venue', 'Venue', 'A place for events of any kind.', 'day'),
	('hall', 'Hall', 'A large room for banquets, concerts and meetings.', 'day'),
	('loft', 'Loft', 'An open space in an old industrial building.', 'day'),
	('studio', 'Studio', 'A room for photography, recording or rehearsal.', 'hour'),
	('theatre', 'Theatre', 'A stage with seats in rows.', 'session'),
	('gallery', 'Gallery', 'Walls and light for exhibitions.', 'day'),
	('outdoor', 'Outdoor space', 'A garden, a courtyard, a roof, a field.', 'day'),
	('boat', 'Boat', 'A deck on the water.', 'hour'),
	('restaurant', 'Restaurant', 'Tables and a kitchen of its own.', 'session'),
	('meeting_room', 'Meeting room', 'A table, chairs and a screen.', 'hour'),
	('catering', 'Catering', 'Food and drink brought to the event.', 'session'),
	('equipment', 'Equipment', 'Sound, light, tents, furniture.', 'day');

INSERT INTO property_category (key, name, position) VALUES
	('space', 'Space', 10),
	('seating', 'Seating and stage', 20),
	('access', 'Getting there and in', 30),
	('catering', 'Food and drink', 40),
	('technology', 'Technology', 50),
	('comfort', 'Comfort', 60),
	('rules', 'Rules', 70);

CREATE TEMPORARY TABLE seed (category text, key text, kind text, unit text, name text, keys text[], names text[]) ON COMMIT DROP;

INSERT INTO seed VALUES
	('space', 'area', 'number', 'm2', 'Area', NULL, NULL),
	('space', 'ceiling_height', 'number', 'm', 'Ceiling height', NULL, NULL),
	('space', 'rooms', 'number', NULL, 'Rooms', NULL, NULL),
	('space', 'floor', 'number', NULL, 'Floor', NULL, NULL),
	('space', 'daylight', 'boolean', NULL, 'Daylight', NULL, NULL),
	('space', 'can_be_darkened', 'boolean', NULL, 'Can be darkened', NULL, NULL),
	('space', 'garden', 'boolean', NULL, 'Garden or terrace', NULL, NULL),
	('space', 'style', 'enum', NULL, 'Style', '{classic,modern,industrial,rustic}', '{Classic,Modern,Industrial,Rustic}'),
	('space', 'built_on', 'date', NULL, 'Built', NULL, NULL),
	('space', 'renovated_on', 'date', NULL, 'Last renovated', NULL, NULL),
	('seating', 'seats', 'number', NULL, 'Seats', NULL, NULL),
	('seating', 'standing_places', 'number', NULL, 'Standing places', NULL, NULL),
	('seating', 'stages', 'number', NULL, 'Stages', NULL, NULL),
	('seating', 'stage', 'boolean', NULL, 'Has a stage', NULL, NULL),
	('seating', 'dance_floor', 'boolean', NULL, 'Dance floor', NULL, NULL),
	('seating', 'layouts', 'multi_enum', NULL, 'Layouts', '{banquet,theatre,classroom,boardroom,reception}', '{Banquet,Theatre,Classroom,Boardroom,Reception}'),
	('seating', 'dressing_rooms', 'number', NULL, 'Dressing rooms', NULL, NULL),
	('access', 'parking', 'enum', NULL, 'Parking', '{none,street,own}', '{None,On the street,On the premises}'),
	('access', 'parking_places', 'number', NULL, 'Parking places', NULL, NULL),
	('access', 'accessibility', 'multi_enum', NULL, 'Accessibility', '{step_free,lift,accessible_toilet,hearing_loop,guide_dogs}', '{Step-free,Lift,Accessible toilet,Hearing loop,Guide dogs welcome}'),
	('access', 'public_transport', 'text', NULL, 'Public transport', NULL, NULL),
	('access', 'loading_dock', 'boolean', NULL, 'Loading dock', NULL, NULL),
	('access', 'goods_lift', 'boolean', NULL, 'Goods lift', NULL, NULL),
	('access', 'bicycle_stands', 'boolean', NULL, 'Bicycle stands', NULL, NULL),
	('catering', 'catering_allowed', 'boolean', NULL, 'Own catering allowed', NULL, NULL),
	('catering', 'kitchen', 'enum', NULL, 'Kitchen', '{none,tea,warming,full}', '{None,Tea kitchen,For warming up,Full}'),
	('catering', 'bar', 'boolean', NULL, 'Bar', NULL, NULL),
	('catering', 'alcohol_licence', 'boolean', NULL, 'Licence for alcohol', NULL, NULL),
	('catering', 'cuisines', 'multi_enum', NULL, 'Cuisines', '{european,asian,middle_eastern,american,vegetarian,vegan}', '{European,Asian,Middle Eastern,American,Vegetarian,Vegan}'),
	('catering', 'price_a_head', 'number', NULL, 'Price a head', NULL, NULL),
	('technology', 'wifi', 'boolean', NULL, 'Wireless network', NULL, NULL),
	('technology', 'projector', 'boolean', NULL, 'Projector or screen', NULL, NULL),
	('technology', 'sound_system', 'boolean', NULL, 'Sound system', NULL, NULL),
	('technology', 'stage_lighting', 'boolean', NULL, 'Stage lighting', NULL, NULL),
	('technology', 'power', 'number', 'kW', 'Electric power', NULL, NULL),
	('technology', 'livestream', 'boolean', NULL, 'Set up for live streams', NULL, NULL),
	('comfort', 'air_conditioning', 'boolean', NULL, 'Air conditioning', NULL, NULL),
	('comfort', 'heating', 'boolean', NULL, 'Heating', NULL, NULL),
	('comfort', 'toilets', 'number', NULL, 'Toilets', NULL, NULL),
	('comfort', 'cloakroom', 'boolean', NULL, 'Cloakroom', NULL, NULL),
	('comfort', 'overnight', 'boolean', NULL, 'Rooms to stay overnight', NULL, NULL),
	('rules', 'music', 'enum', NULL, 'Music', '{none,quiet,loud}', '{None,Quiet,Loud}'),
	('rules', 'sound_limit', 'number', 'dB', 'Sound limit', NULL, NULL),
	('rules', 'smoking', 'boolean', NULL, 'Smoking allowed', NULL, NULL),
	('rules', 'pets', 'boolean', NULL, 'Pets allowed', NULL, NULL),
	('rules', 'children', 'boolean', NULL, 'Suited to children', NULL, NULL),
	('rules', 'open_fire', 'boolean', NULL, 'Open fire allowed', NULL, NULL),
	('rules', 'house_rules', 'text', NULL, 'House rules', NULL, NULL);

INSERT INTO property (key, name, category, kind, unit, term_yes, term_no, slot)
	SELECT key, name, category, kind, unit,
	       CASE WHEN kind = 'boolean' THEN nextval('search_term') END,
	       CASE WHEN kind = 'boolean' THEN nextval('search_term') END,
	       CASE WHEN kind IN ('number', 'date') THEN nextval('search_slot') END
	FROM seed;

INSERT INTO property_value (property, key, name, position)
	SELECT seed.key, value.key, value.name, value.position
	FROM seed, unnest(seed.keys, seed.names) WITH ORDINALITY AS value(key, name, position)
	WHERE seed.keys IS NOT NULL;

UPDATE catalogue_revision SET revision = revision + 1;
