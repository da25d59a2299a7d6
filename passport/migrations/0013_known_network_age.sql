-- Networks that a user has not logged in from for long are removed by the housekeeping.

CREATE INDEX known_network_age ON known_network (last_login_at);
