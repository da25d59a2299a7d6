-- The names that the server knew on the day of this database. Now the list is the daemon's, and time_zone_known asks the
-- server as it is.
DROP TABLE time_zone;
