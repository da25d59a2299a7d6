-- Reviews, and the sums that ratings are made of: exact in the transaction that changes a review.

CREATE TABLE review (
	id          uuid PRIMARY KEY,
	booking_id  uuid UNIQUE,                       -- NULL: imported
	subject_id  uuid NOT NULL,
	author_id   uuid,
	author_name text NOT NULL DEFAULT '',
	score       numeric(3, 2) NOT NULL CHECK (score BETWEEN 1 AND 5),
	text        text NOT NULL DEFAULT '',
	external_id text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	UNIQUE (subject_id, external_id)
);
CREATE INDEX review_newest ON review (subject_id, created_at DESC, id DESC);
CREATE INDEX review_score ON review (subject_id, score DESC, id DESC);

-- One row a subject; stars[n] counts the reviews whose score rounds to n (half up).
CREATE TABLE rating_summary (
	subject_id uuid PRIMARY KEY,
	count      bigint NOT NULL,
	sum        numeric NOT NULL,
	stars      bigint[] NOT NULL CHECK (array_length(stars, 1) = 5)
);
