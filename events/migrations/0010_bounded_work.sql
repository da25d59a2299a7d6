-- What a suspended company or an erased user has much of goes in batches; these find the next one.
CREATE INDEX listing_published ON listing (company_id, id) WHERE state = 'published';
CREATE INDEX listing_draft ON listing (company_id) WHERE state IN ('draft', 'submitted', 'rejected');
CREATE INDEX booking_noted ON booking (user_id, id) WHERE note <> '';

-- Search leaves their listings out from the moment of the suspension: the rows of listing_search go later.
CREATE INDEX company_suspended ON company_state (company_id) WHERE suspended;
