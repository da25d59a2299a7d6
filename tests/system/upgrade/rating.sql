-- Reviews that were taken when there were fewer rules, and a summary that counts them all.

INSERT INTO review (id, booking_id, subject_id, author_id, author_name, score, text, created_at)
	SELECT format('e0000000-0000-4000-8000-00000000000%s', number)::uuid,
	format('b0000000-0000-4000-8000-00000000000%s', booking)::uuid, '10000000-0000-4000-8000-000000000001',
	('a0000000-0000-4000-8000-00000000000' || author)::uuid, CASE author WHEN 'a' THEN 'ann' ELSE 'mia' END, score,
	'Stood before', now() - ago
	FROM (VALUES (1, 5, 'a', 5, interval '198 days'), (2, 1, 'a', 1, interval '70 hours'),
	(3, 2, 'a', 1, interval '48 hours'), (4, 6, 'c', 5, interval '4 days')) old(number, booking, author, score, ago);
INSERT INTO rating_summary (subject_id, count, sum, stars)
	VALUES ('10000000-0000-4000-8000-000000000001', 4, 12, '{2,0,0,0,2}');

INSERT INTO erased_author (user_id, seq) VALUES ('a0000000-0000-4000-8000-00000000000e', 1);

-- Told and not yet heard, the second with an id in capitals.
INSERT INTO outbox (id, topic, key, payload) SELECT gen_random_uuid(), 'rating.summary.changed', key,
	json_build_object('subject_id', lower(key), 'count', 4, 'mean', 3, 'bayesian', 3.5357)
	FROM (VALUES ('10000000-0000-4000-8000-000000000001'), ('1D000000-0000-4000-8000-000000000001')) told(key);
