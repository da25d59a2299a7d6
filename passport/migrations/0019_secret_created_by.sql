-- Whoever had a secret made has read it: what its tokens do is theirs, also when another made the account before. Of
-- what stands already the audit trail, written in the same transaction, says who rotated the key.
ALTER TABLE service_secret ADD COLUMN created_by uuid REFERENCES user_account;

UPDATE service_secret s SET created_by = coalesce(
	(SELECT u.id FROM audit_event e JOIN user_account u ON u.id::text = e.actor
	 WHERE e.action = 'api_key.rotated' AND e.actor_kind = 'user' AND e.company_id = a.company_id
	 AND e.occurred_at = s.created_at AND e.details->>'id' = a.id::text LIMIT 1),
	a.created_by)
FROM service_account a WHERE a.id = s.account_id;
