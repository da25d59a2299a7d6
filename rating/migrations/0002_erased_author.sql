-- Users who have erased their accounts: nothing that is written later, or was on its way, brings their names back.
CREATE TABLE erased_author (
	user_id uuid PRIMARY KEY,
	seq     bigint NOT NULL                        -- of passport.user.erased
);
CREATE INDEX review_author ON review (author_id) WHERE author_id IS NOT NULL;
