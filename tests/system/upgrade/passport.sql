-- Users (the password of all is the one of tests), companies, and facts that events has heard, refused or not heard yet.

CREATE FUNCTION pg_temp.account(id uuid, name text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO user_account (id, email, email_folded, password_hash, name) VALUES (id, name || '@upgrade.example',
	name || '@upgrade.example',
	'$argon2id$v=19$m=64,t=1,p=1$c3Rvb2QgYmVmb3JlIG5vdw$7jjSgQFyLQswcaPIbv8XEKdZuutDKin0arfAXOjM25U', name) $$;
SELECT pg_temp.account('a0000000-0000-4000-8000-00000000000a', 'ann'), -- books and reviews
       pg_temp.account('a0000000-0000-4000-8000-00000000000b', 'bob'), -- owns the companies
       pg_temp.account('a0000000-0000-4000-8000-00000000000c', 'mia'), -- works for the first of them
       pg_temp.account('a0000000-0000-4000-8000-00000000000d', 'mod');
UPDATE user_account SET roles = '{user,moderator}' WHERE name = 'mod';

-- As erasing an account left it.
INSERT INTO user_account (id, email, email_folded, password_hash, name, state)
	SELECT id, address, address, '', '', 'erased' FROM (VALUES ('a0000000-0000-4000-8000-00000000000e'::uuid,
	'erased-a0000000-0000-4000-8000-00000000000e@erased.invalid')) gone(id, address);

INSERT INTO company (id, name, state) VALUES
	('c0000000-0000-4000-8000-000000000001', 'Halls', 'active'),
	('c0000000-0000-4000-8000-000000000002', 'Suspended, as events knows', 'suspended'),
	('c0000000-0000-4000-8000-000000000003', 'Suspended, which events could not fold', 'suspended'),
	('c0000000-0000-4000-8000-000000000004', 'Restored, of which events has not heard', 'active'),
	('c0000000-0000-4000-8000-000000000005', 'Suspended, which was given up', 'suspended');
INSERT INTO company_member (company_id, user_id, "right")
	SELECT id, 'a0000000-0000-4000-8000-00000000000b', 'owner' FROM company;
INSERT INTO company_member VALUES
	('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-00000000000c', 'manager');

-- More in an hour than anybody may invite now; their companies' ids were written in either form.
INSERT INTO invitation (id, company_id, email, email_folded, "right", invited_by, expires_at)
	SELECT format('d0000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid,
	'c0000000-0000-4000-8000-000000000001', address, address, 'staff', 'a0000000-0000-4000-8000-00000000000b',
	now() + interval '7 days'
	FROM generate_series(1, 160) n, LATERAL (SELECT CASE n WHEN 1 THEN 'ann' ELSE 'guest' || n END || '@upgrade.example')
	one(address);

-- An API key of which nobody knows who made it.
INSERT INTO service_account (id, name, company_id, "right", scope) VALUES
	('f0000000-0000-4000-8000-000000000001', 'Calendar', 'c0000000-0000-4000-8000-000000000001', 'manager', 'events.*');
INSERT INTO service_secret (hash, account_id, hint) VALUES
	(sha256('evl_key_beforetheupgradebeforetheupgradebeforetheup'), 'f0000000-0000-4000-8000-000000000001', 'heup');

CREATE FUNCTION pg_temp.tell(topic text, key text, state text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO outbox (id, topic, key, payload)
	VALUES (gen_random_uuid(), topic, key, json_build_object('id', lower(key), 'state', state)) $$;

-- Folded.
INSERT INTO outbox (id, topic, key, payload) VALUES (gen_random_uuid(), 'passport.user.erased',
	'a0000000-0000-4000-8000-00000000000e', '{"id": "a0000000-0000-4000-8000-00000000000e"}');
SELECT pg_temp.tell('passport.company.suspended', 'c0000000-0000-4000-8000-000000000002', 'suspended'),
       pg_temp.tell('passport.company.suspended', 'c0000000-0000-4000-8000-000000000004', 'suspended');
-- Refused and put off, and given up; the caller wrote the id of the first in capitals.
SELECT pg_temp.tell('passport.company.suspended', 'C0000000-0000-4000-8000-000000000003', 'suspended'),
       pg_temp.tell('passport.company.suspended', 'c0000000-0000-4000-8000-000000000005', 'suspended');
INSERT INTO outbox_retry (subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts, reason)
	SELECT 'events', xid, seq, id, topic, key, payload, occurred_at, 3, 'deadline_exceeded' FROM outbox
	WHERE key = 'C0000000-0000-4000-8000-000000000003';
INSERT INTO outbox_dead_letter (subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts, reason)
	SELECT 'events', xid, seq, id, topic, key, payload, occurred_at, 12, 'deadline_exceeded' FROM outbox
	WHERE key = 'c0000000-0000-4000-8000-000000000005';
INSERT INTO outbox_cursor (subscriber, xid, seq)
	SELECT subscriber, xid, seq FROM (VALUES ('events'), ('rating')) known(subscriber), outbox
	WHERE key = 'c0000000-0000-4000-8000-000000000005';
-- Told by a log that has been cut since.
INSERT INTO outbox_dead_letter (subscriber, xid, seq, id, topic, key, payload, occurred_at, attempts, reason) VALUES
	('rating', '1', 1, gen_random_uuid(), 'passport.user.erased', 'A0000000-0000-4000-8000-00000000000F',
	'{"id": "a0000000-0000-4000-8000-00000000000f"}', now() - interval '30 days', 12, 'internal');
-- Not told yet.
SELECT pg_temp.tell('passport.company.restored', 'c0000000-0000-4000-8000-000000000004', 'active');
