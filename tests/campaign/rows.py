"""What a campaign does in the tables of events while histories are played: it lets holds expire, and looks at units."""

import psycopg

EXPIRE = """
UPDATE booking SET expires_at = clock_timestamp() WHERE id = %s AND state IN ('held', 'requested')
	AND expires_at > clock_timestamp() RETURNING expires_at
"""
PACKED = """
SELECT booking_id::text, min(lower(period)), array_agg(unit ORDER BY unit)
FROM booking_unit WHERE listing_id = ANY (%s::uuid[]) GROUP BY 1
"""
LAST_SEQ = "SELECT max(seq) FROM outbox WHERE key = ANY (%s)"
HELD = "SELECT id::text, listing_id::text FROM booking WHERE listing_id = ANY (%s::uuid[]) AND state = 'held'"


class Rows:
    """The database of events, connected anew after PostgreSQL was killed."""

    def __init__(self, stack):
        self.stack = stack
        self.connection = stack.database("events")

    def _all(self, sql, argument):
        try:
            return self.connection.execute(sql, [argument]).fetchall()
        except psycopg.OperationalError:
            self.connection = self.stack.database("events")
            return self.connection.execute(sql, [argument]).fetchall()

    def last_seq(self, listings):
        """Of what was told of the listings."""
        return self._all(LAST_SEQ, listings)[0][0] or 0

    def packed(self, listings):
        """{booking: (beginning, units)}."""
        return {row[0]: row[1:] for row in self._all(PACKED, listings)}

    def expire(self, booking):
        """[when] the hold or request expired now; [] when it is none any more."""
        return [when for (when,) in self._all(EXPIRE, booking)]

    def held(self, listings):
        """(booking, listing) of all holds."""
        return self._all(HELD, listings)

    def close(self):
        self.connection.close()
