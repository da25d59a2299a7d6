-- What a suspended company or an erased user has much of goes in batches; these find the next one.
CREATE INDEX booking_noted ON booking (user_id, id) WHERE note <> '';
