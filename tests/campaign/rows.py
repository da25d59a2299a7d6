"""What a campaign does in the tables of events while histories are played: it lets holds expire, and looks at units."""

import psycopg

# Of a group all at one instant, as they do by themselves.
EXPIRE = """
UPDATE booking SET expires_at = (SELECT clock_timestamp())
WHERE id IN (SELECT o.id FROM booking b JOIN booking o ON o.id = b.id OR o.group_id = b.group_id WHERE b.id = %s)
	AND state IN ('held', 'requested') AND expires_at > clock_timestamp()
RETURNING listing_id::text, id::text, expires_at
"""
PACKED = """
SELECT u.booking_id::text, min(lower(u.period)), array_agg(u.unit ORDER BY u.unit)
FROM booking_unit u JOIN booking b ON b.id = u.booking_id AND b.listing_id = u.listing_id
WHERE u.listing_id = ANY (%s::uuid[]) GROUP BY 1
"""
LAST_SEQ = "SELECT max(seq) FROM outbox WHERE key = ANY (%s)"
HELD = "SELECT id::text FROM booking WHERE listing_id = ANY (%s::uuid[]) AND state = 'held'"


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
        """[(listing, booking, when)] of the hold or request that expired now, and its group; [] when it is none."""
        return self._all(EXPIRE, booking)

    def held(self, listings):
        return [booking for (booking,) in self._all(HELD, listings)]

    def close(self):
        self.connection.close()
