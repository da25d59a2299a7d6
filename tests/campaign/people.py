"""Who takes part in a campaign, and the listings of one history."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import contract
import draw
from companies import join
from rows import Rows
from rpc import RpcError
from stack import FRESH
from verdict import Terms

UNITS_OF_SALE = ("hour", "day", "night", "session")
SHORTEST = timedelta(seconds=1)
CUSTOMERS = 4


@dataclass
class Hall:
    """A listing, as the callers know it. bookings: {id: its last answer}."""

    id: str
    kind: str
    terms: Terms
    bookings: dict = field(default_factory=dict)


class Cast:
    """A company with its owner and an employee, and customers: made once, logged in anew now and then."""

    def __init__(self, stack):
        self.stack = stack
        self.company, self.owner = stack.company()
        self.employee = join(stack, self.owner, self.company)
        self.customers = [stack.user(f"Customer {number}") for number in range(CUSTOMERS)]
        self.pool = ThreadPoolExecutor(4)
        self._logged_in = time.monotonic()
        self._admin = stack.admin()  # here, for threads ask for listings
        self.broken = set()  # promises of descriptions that answers broke

    def ask(self, user, method, params):
        """The result of a call, or RpcError. An answer that the method's description does not know is noted."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        document = user.endpoint.post(json.dumps(request), user.token).json()
        try:
            contract.check(user.endpoint.base, request, document)
        except AssertionError as error:
            self.broken.add(str(error).partition(": {")[0])
        if "error" in document:
            raise RpcError(document["error"], method)
        return document["result"]

    def rows(self):
        return Rows(self.stack)

    def refresh(self):
        self._admin = self.stack.admin()
        if time.monotonic() - self._logged_in < FRESH:
            return
        self._logged_in = time.monotonic()
        self.owner, self.employee = map(self._again, (self.owner, self.employee))
        self.customers = list(map(self._again, self.customers))

    def _again(self, user):
        return self.stack.login(user.email)

    def is_staff(self, user):
        return user.id in (self.owner.id, self.employee.id)

    def halls(self, chance):
        """New listings for a history: one whose time is free, one by request, and others at random."""
        kinds = ["plain", "request", *chance.sample(("rich", "rich", "unpriced", "plain"), chance.randint(1, 2))]
        return list(self.pool.map(self._hall, kinds, [chance.randrange(1 << 30) for _ in kinds]))

    def _hall(self, kind, seed):
        chance = random.Random(seed)
        unit = chance.choice(UNITS_OF_SALE) if kind == "rich" else "hour"
        facts = {"time_zone": chance.choice(draw.ZONES), "price_unit": unit, "units": chance.randint(1, 4)}
        facts["capacity"] = chance.choice((60, 100))
        if kind != "unpriced":
            facts["price"] = {"amount": chance.randint(501, 9999), "currency": "EUR"}
        listing = self.owner.rpc("events.listing.create", self._described(facts))
        for caller, method in ((self.owner, "submit"), (self._admin, "approve")):
            read = {"id": listing["id"], "version": listing["version"]}
            listing = caller.rpc(f"events.listing.{method}", read)
        return self._with_rules(chance, Hall(listing["id"], kind, terms_of(facts)))

    def _described(self, facts):
        return {"company_id": self.company, "type": self.stack.listing_type(), "title": "Hall of a campaign", **facts}

    def _with_rules(self, chance, hall):
        terms = replace(hall.terms, rules=draw.rules(chance, hall.kind, hall.terms.unit))
        if hall.kind != "unpriced":
            terms = replace(terms, pricing=draw.pricing(chance, terms.unit))
        for name in ("rules", "pricing"):
            if getattr(terms, name):
                params = {"listing_id": hall.id, "version": terms.version, name: getattr(terms, name)}
                answer = self.owner.rpc(f"events.listing.set_{name}", params)
                terms = replace(terms, version=answer["version"])
        hall.terms = terms
        return hall


def terms_of(facts):
    price = facts.get("price")
    return Terms(
        zone=facts["time_zone"],
        unit=facts["price_unit"],
        units=facts["units"],
        capacity=facts["capacity"],
        price=price and price["amount"],
        currency=price and price["currency"],
        shortest=SHORTEST,
    )
