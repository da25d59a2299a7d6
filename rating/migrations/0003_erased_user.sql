-- The marks of erased users are kept alike in all daemons (common: erased_user).
INSERT INTO erased_user (user_id, seq) SELECT user_id, seq FROM erased_author ON CONFLICT DO NOTHING;
DROP TABLE erased_author;

-- An author's reviews in the order of their ids, so that their names go in batches.
CREATE INDEX review_author_id ON review (author_id, id) WHERE author_id IS NOT NULL;
DROP INDEX review_author;
