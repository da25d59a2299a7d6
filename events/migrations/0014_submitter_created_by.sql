-- Of an API key that handed something in: who made the key. NULL: a user did, or it is not known. The name of the key
-- stays in submitted_by.
ALTER TABLE listing ADD COLUMN submitter_created_by uuid;
ALTER TABLE listing_change ADD COLUMN submitter_created_by uuid;
