"""What the stories of a campaign are made of: moves, people, listings, and wishes at random."""

import uuid
from dataclasses import dataclass

import draw
from times import period_of, span_of


@dataclass
class Move:
    method: str
    params: dict
    user: object
    hall: object


@dataclass
class Expire:
    """The hold or request of that id is to expire now."""

    hall: object
    booking: str


class World:
    """What stories are made of: chance, listings, people."""

    def __init__(self, chance, cast, halls):
        self.chance, self.cast, self.halls = chance, cast, halls

    def hall(self, *kinds):
        return self.chance.choice([one for one in self.halls if not kinds or one.kind in kinds] or self.halls)

    def customer(self, *besides):
        return self.chance.choice([one for one in self.cast.customers if one not in besides])

    def staff(self, hall):
        return self.chance.choice(hall.staff)

    def units(self, hall):
        return self.chance.choice((1, 1, 1, min(2, hall.terms.units), hall.terms.units))

    def span(self, hall):
        """A period to ask for, often one that meets another booking."""
        made = [one for near in (hall, *hall.near) for one in near.bookings.values()]
        known = [one for one in made if one["state"] in ("confirmed", "held", "requested")]
        if known and self.chance.random() < 0.6:
            return draw.shifted(self.chance, hall.terms, span_of(self.chance.choice(known)["period"]))
        return draw.soon(self.chance, hall.terms)

    def wish(self, hall, span=None, units=None):
        """The parameters of a create or a hold."""
        wished = {"listing_id": hall.id, "period": period_of(span or self.span(hall))}
        wished["units"] = units or self.units(hall)
        if hall.terms.named and self.chance.random() < 0.3:
            count = min(wished["units"], hall.terms.units)
            wished["unit_numbers"] = sorted(self.chance.sample(range(1, hall.terms.units + 1), count))
            wished["units"] = count
        if self.chance.random() < 0.6:
            wished["guests"] = self.chance.choice((2, 15, 25, 40, 90))
        return wished

    def with_extras(self, hall, wished):
        known = [one["key"] for one in hall.terms.pricing.get("extras", ())]
        if known and self.chance.random() < 0.5:
            keys = self.chance.sample(known, self.chance.randint(1, len(known)))
            wished["extras"] = [{"key": key, "quantity": 1 if key == "cleaning" else 7} for key in keys]
        return wished


def booking(name, params, user, hall):
    if name in ("create", "create_many", "create_recurring", "add_occurrence", "hold", "block"):
        params = {"idempotency_key": str(uuid.uuid4()), **params}
    return Move(f"events.booking.{name}", params, user, hall)


def done(call):
    return call.result is not None and not call.lost


def ask(w, hall, user, **wish):
    return booking("create", w.with_extras(hall, w.wish(hall, **wish)), user, hall)


def without(params, *names):
    return {name: value for name, value in params.items() if name not in names}
