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
from integration import exchange, make_key
from rows import Rows
from rpc import RpcError
from scene import Walls
from stack import FRESH
from verdict import Terms

UNITS_OF_SALE = ("hour", "day", "night", "session")
SHORTEST = timedelta(seconds=1)
CUSTOMERS = 4


@dataclass
class Hall:
    """A listing, as the callers know it. staff: the owner of its company and an employee; desk: these and a till; near:
    those that share walls with it; bookings: {id: its last answer}."""

    id: str
    kind: str
    terms: Terms
    staff: tuple = ()
    desk: tuple = ()
    near: list = field(default_factory=list)
    bookings: dict = field(default_factory=dict)

    @property
    def owner(self):
        return self.staff[0]

    def is_staff(self, user):
        return user.id in [one.id for one in self.desk]


@dataclass
class Till:
    """A program of a company, which calls by an API key with the right of staff."""

    id: str
    endpoint: object
    token: str


class Cast:
    """Two companies, the first with an employee, and customers: made once, logged in anew now and then."""

    def __init__(self, stack):
        self.stack = stack
        self.company, self.owner = stack.company()
        self.employee = join(stack, self.owner, self.company)
        self.other_company, self.other_owner = stack.company()
        self._key = make_key(self.owner, self.company, "events.booking.*", right="staff")
        self.till = self._new_till()
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
        self.owner, self.employee, self.other_owner = map(self._again, (self.owner, self.employee, self.other_owner))
        self.customers = list(map(self._again, self.customers))
        self.till = self._new_till()

    def _new_till(self):
        return Till(self._key["id"], self.owner.endpoint, exchange(self.stack, self._key["secret"]))

    def _again(self, user):
        return self.stack.login(user.email)

    def halls(self, chance):
        """(listings for a history, their walls)."""
        plans = draw.halls(chance)
        made = list(self.pool.map(self._hall, plans, [chance.randrange(1 << 30) for _ in plans]))
        for plan, hall in zip(plans, made, strict=True):
            if plan.parts:
                self._include(hall, [made[number].id for number in plan.parts])
        return made, walls_of(plans, made)

    def desk_of(self, staff):
        return (*staff, self.till) if self.owner in staff else staff[:1]

    def _include(self, whole, parts):
        read = {"id": whole.id, "version": self.owner.rpc("events.listing.get", {"id": whole.id})["version"]}
        self.owner.rpc("events.listing.set_includes", read | {"includes": parts})

    def _hall(self, plan, seed):
        chance, kind = random.Random(seed), plan.kind
        unit = chance.choice(UNITS_OF_SALE) if kind == "rich" else "hour"
        units = 1 if plan.parts else chance.randint(1, 4)
        facts = {"time_zone": chance.choice(draw.ZONES), "price_unit": unit, "units": units}
        facts["capacity"] = chance.choice((60, 100))
        if kind != "unpriced":
            facts["price"] = {"amount": chance.randint(501, 9999), "currency": "EUR"}
        staff = (self.other_owner, self.other_owner) if plan.elsewhere else (self.owner, self.employee)
        company = self.other_company if plan.elsewhere else self.company
        listing = staff[0].rpc("events.listing.create", self._described(facts) | {"company_id": company})
        for caller, method in ((staff[0], "submit"), (self._admin, "approve")):
            read = {"id": listing["id"], "version": listing["version"]}
            listing = caller.rpc(f"events.listing.{method}", read)
        return self._with_rules(chance, plan, Hall(listing["id"], kind, terms_of(facts), staff, self.desk_of(staff)))

    def _described(self, facts):
        return {"type": self.stack.listing_type(), "title": "Hall of a campaign", **facts}

    def _with_rules(self, chance, plan, hall):
        terms = replace(hall.terms, rules=draw.rules_of(chance, plan, hall.terms.unit))
        if hall.kind != "unpriced":
            terms = replace(terms, pricing=draw.pricing(chance, terms.unit))
        for name in ("rules", "pricing"):
            if getattr(terms, name):
                params = {"listing_id": hall.id, "version": terms.version, name: getattr(terms, name)}
                answer = hall.owner.rpc(f"events.listing.set_{name}", params)
                terms = replace(terms, version=answer["version"])
        hall.terms = terms
        return hall


def walls_of(plans, halls):
    """Walls of the listings, which then know whom they share them with."""
    named = {hall.id: hall for hall in halls}
    parts = {
        hall.id: [halls[number].id for number in plan.parts]
        for plan, hall in zip(plans, halls, strict=True)
        if plan.parts
    }
    walls = Walls(parts)
    for hall in halls:
        hall.near = [named[one] for one in walls.near(hall.id)]
    return walls


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
