-- Of one author the latest review of a subject counts in its summary; the earlier ones stay to be read.
ALTER TABLE review ADD COLUMN counts boolean NOT NULL DEFAULT true;

CREATE INDEX review_of_author ON review (author_id, subject_id, created_at DESC, id DESC) WHERE author_id IS NOT NULL;

-- Subjects whose summary is to be made anew from their reviews (summary_recount.h).
CREATE TABLE summary_recount (
	subject_id uuid PRIMARY KEY
);

WITH superseded AS (
	UPDATE review r SET counts = false WHERE EXISTS (SELECT FROM review later WHERE later.author_id = r.author_id
		AND later.subject_id = r.subject_id AND (later.created_at, later.id) > (r.created_at, r.id))
	RETURNING r.subject_id)
INSERT INTO summary_recount SELECT DISTINCT subject_id FROM superseded;

-- With the lock on the summary's row, which makes the reviews of a subject come one after the other: it holds on every path.
CREATE UNIQUE INDEX review_counted ON review (author_id, subject_id) WHERE counts AND author_id IS NOT NULL;
