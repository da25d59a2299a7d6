"""All listings of a history at one instant. What shares walls takes time of each other; what else does not.

A Scene never changes, as a Ledger does not.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Walls:
    """parts: {whole: its parts}, of ids of listings."""

    parts: dict = field(default_factory=dict)

    def near(self, listing):
        """The listings that are never sold against this one: its parts, its wholes, and wholes that share a part."""
        own = set(self.parts.get(listing, ()))
        found = own | {whole for whole, parts in self.parts.items() if listing in parts or own & set(parts)}
        return sorted(found - {listing})

    def space(self, listing):
        """All that is connected with it, and itself: a write to one waits for those to the others."""
        found, new = set(), {listing}
        while new:
            found |= new
            new = {other for one in new for other in self.near(one)} - found
        return found


@dataclass(frozen=True)
class Scene:
    """ledgers: {listing: Ledger}."""

    ledgers: dict
    walls: Walls = Walls()

    def of(self, listing):
        """The ledger of a listing, with what is taken of it by way of its walls."""
        ledger, near = self.ledgers[listing], self.walls.near(listing)
        beyond = [one for other in near for one in self.ledgers[other].bookings.values()]
        return replace(ledger, beyond=tuple(as_whole(one, ledger.terms.units) for one in beyond))

    def put(self, listing, ledger):
        return replace(self, ledgers=self.ledgers | {listing: replace(ledger, beyond=())})

    def at(self, now, listings):
        """These listings as the clock leaves them."""
        return replace(self, ledgers=self.ledgers | {one: self.ledgers[one].at(now) for one in listings})

    def group(self, name):
        """(listing, booking) of all that was made together."""
        found = [(listing, one) for listing, ledger in self.ledgers.items() for one in ledger.bookings.values()]
        return [(listing, one) for listing, one in found if name and one.group == name]


def as_whole(booking, units):
    """A booking as it takes a listing that shares walls with its own: all units."""
    return replace(booking, units=units, numbers=tuple(range(1, units + 1)))
