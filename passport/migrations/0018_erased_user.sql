-- What a user has much of goes in batches when the account is erased: their sessions in the order of their ids.
CREATE INDEX session_by_user_id ON session (user_id, id);
DROP INDEX session_by_user;
CREATE INDEX invitation_answered ON invitation (user_id) WHERE user_id IS NOT NULL;

-- Those who have gone already are marked in every daemon too, images is told of them for the first time, and events may
-- forget what came after: the fact is told again, and does nothing where it was folded completely.
INSERT INTO erased_user (user_id, seq) SELECT id, 0 FROM user_account WHERE state = 'erased';
INSERT INTO outbox (id, topic, key, payload)
	SELECT gen_random_uuid(), 'passport.user.erased', id, json_build_object('id', id)
	FROM user_account WHERE state = 'erased';
