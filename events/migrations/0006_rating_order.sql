-- The place of the rating shown in rating's log: a fact that comes after a later one must not bring the old rating back.
ALTER TABLE listing ADD COLUMN rating_seq bigint NOT NULL DEFAULT 0;
