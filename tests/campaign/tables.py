"""What the tables say in the end: they are asked themselves, not the daemon."""

from datetime import timedelta

from compare import differing
from times import Span

GRACE = timedelta(seconds=10)  # for the daemon to see that something has expired or ended
BOOKINGS = """
SELECT id::text, kind, state, lower(period), upper(period), units, guests, price_amount, cancellation_fee, takes_units
FROM booking WHERE listing_id = %s
"""
UNITS = """
SELECT u.booking_id::text, u.unit, lower(u.period), upper(u.period), b.listing_id = u.listing_id
FROM booking_unit u JOIN booking b ON b.id = u.booking_id WHERE u.listing_id = %s ORDER BY u.unit, u.period
"""
SETTLED = """
SELECT NOT EXISTS (SELECT FROM booking WHERE listing_id = ANY (%s::uuid[])
	AND (state IN ('held', 'requested') AND expires_at < now()
		OR state = 'confirmed' AND kind = 'booking' AND upper(period) < now()))
"""


def settled(database, listings):
    """Whether the daemon has ended all that time has ended."""
    return database.execute(SETTLED, [list(listings)]).fetchone()[0]


def check(database, listing, ledger):
    """Faults of one listing: ledger is the model's at the end of its history."""
    with database.transaction():
        database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        now = database.execute("SELECT now()").fetchone()[0]
        bookings = {row[0]: row[1:] for row in database.execute(BOOKINGS, [listing])}
        units = database.execute(UNITS, [listing]).fetchall()
    ledger = ledger.at(now)
    faults = [f"told and not there: {key}" for key in set(ledger.bookings) - set(bookings)]
    faults += [f"there, and nobody was told: {key} {bookings[key]}" for key in set(bookings) - set(ledger.bookings)]
    for key in set(bookings) & set(ledger.bookings):
        faults += [f"booking {key}: {words}" for words in row_differs(bookings[key], ledger.bookings[key])]
    return faults + units_differ(units, bookings, ledger)


def row_differs(row, booking):
    """What differs between a booking's row and the model's."""
    names = ("kind", "state", "from", "to", "units", "guests", "price", "fee", "takes_units")
    told = dict(zip(names, row, strict=True))
    price = booking.price and booking.price["total"]
    want = {"kind": booking.kind, "state": booking.state, "from": booking.span.start, "to": booking.span.end}
    want |= {"units": booking.units, "guests": booking.guests}
    if booking.kind == "booking" and booking.state not in ("held", "expired", "cancelled"):
        want["price"] = price
    if booking.fee is not None:
        want["fee"] = booking.fee
    return differing(told, want)


def units_differ(rows, bookings, ledger):
    """Who takes units has as many as it is of, for its time; none is taken twice; none is beyond those there are."""
    faults, held, beyond = [], {}, {}
    for first, second in zip(rows, rows[1:], strict=False):
        if first[1] == second[1] and second[2] < first[3]:
            faults.append(f"a unit is taken twice: {first} and {second}")
    for key, unit, start, end, own in rows:
        (held if own else beyond).setdefault(key, []).append((unit, Span(start, end)))
        if own and unit > ledger.terms.total:
            faults.append(f"unit {unit} of {ledger.terms.total}: {key}")
    for key, booking in ledger.bookings.items():
        want = booking.units if booking.takes() else 0
        mine = held.pop(key, [])
        if len(mine) != want:
            faults.append(f"booking {key} ({booking.state}) has {len(mine)} units and is of {want}")
        if any(span != booking.taken for _, span in mine):
            faults.append(f"booking {key} takes {mine[0][1]}, the model says {booking.taken}")
        if booking.numbers and mine and {unit for unit, _ in mine} != set(booking.numbers):
            faults.append(f"booking {key} has units {mine}, the model says {booking.numbers}")
    faults += beyond_differs(beyond, ledger)
    return faults + [f"units of no booking: {key} {spans}" for key, spans in held.items()]


def beyond_differs(held, ledger):
    """What shares walls and takes units has a row here, and its time."""
    want = {one.id: one.taken for one in ledger.beyond if one.takes()}
    faults = [f"booking {key} takes nothing by way of its walls" for key in want.keys() - held.keys()]
    for key, units in held.items():
        if any(span != want.get(key) for _, span in units):
            faults.append(f"booking {key} takes {units} by way of its walls, the model says {want.get(key)}")
    return faults
