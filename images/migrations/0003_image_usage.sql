-- How much of the store is whose: what a user keeps, and what was uploaded on the day (UTC) of the last upload.

CREATE TABLE image_usage (
	owner_id   uuid PRIMARY KEY,
	images     bigint NOT NULL,
	bytes      bigint NOT NULL,
	day        date NOT NULL,
	day_images bigint NOT NULL,
	day_bytes  bigint NOT NULL
);

INSERT INTO image_usage (owner_id, images, bytes, day, day_images, day_bytes)
SELECT owner_id, count(*), sum(bytes), (now() AT TIME ZONE 'UTC')::date, 0, 0
FROM image WHERE owner_id IS NOT NULL GROUP BY owner_id;
