"""A stack that is none: the model answers by itself, so that histories can be played and judged without a daemon."""

import threading
import uuid
from dataclasses import dataclass, replace

import facts
import paths_in
import prices
import reads
from judgement import Refused
from ledger import Ledger
from paths_out import cancellation_fee, wished_change
from people import UNITS_OF_SALE, Hall
from play import utc_now
from record import Call
from replay import CLOCKS, PATHS
from rpc import RpcError
from times import MINUTE, period_of, text
from verdict import Terms, verdict


def answer_of(booking, seq, clock, method):
    """A booking as the API answers it."""
    price = booking.price
    return {
        "id": booking.id,
        "kind": booking.kind,
        "state": booking.state,
        "period": period_of(booking.span),
        "units": booking.units,
        "unit_numbers": list(booking.numbers),
        "guests": booking.guests,
        "extras": [{"key": key, "quantity": quantity} for key, quantity in booking.extras],
        "policy": [{"until_hours_before_start": hours, "refund_bp": bp} for hours, bp in booking.policy],
        "price": price and booking.state != "held" and {"amount": price["total"], "currency": "EUR"} or None,
        "price_lines": None,
        "expires_at": booking.expires and text(booking.expires),
        "cancellation_fee": booking.fee,
        "rules_version": booking.rules_version,
        "overlapped": booking.overlaps,
        "version": (booking.version or 1) + 1,
        "seq": seq,
        "created_at": text(clock),
        CLOCKS.get(method, "created_at"): text(clock),
    }


@dataclass
class Person:
    id: str


class Pretended:
    """Cast, stack and rows in one: see people.Cast, stack.Stack and rows.Rows."""

    def __init__(self):
        from concurrent.futures import ThreadPoolExecutor

        self.owner, self.employee, *self.customers = [Person(name) for name in ("o", "e", "a", "b", "c", "d")]
        self.pool = ThreadPoolExecutor(4)
        self.lock = threading.Lock()
        self.broken, self.ledgers, self.facts, self.quotes, self.keys, self.seq = set(), {}, [], {}, {}, 0

    def refresh(self):
        pass

    def rows(self):
        return self

    def close(self):
        pass

    def is_staff(self, user):
        return user.id in "oe"

    def halls(self, chance):
        import draw

        halls = []
        for kind in ["plain", "request", *chance.sample(("rich", "rich", "unpriced", "plain"), chance.randint(1, 2))]:
            unit = chance.choice(UNITS_OF_SALE) if kind == "rich" else "hour"
            price = None if kind == "unpriced" else chance.randint(501, 9999)
            terms = Terms(chance.choice(draw.ZONES), unit, chance.randint(1, 4), 60, price, "EUR", version=2)
            terms = replace(terms, rules=draw.rules(chance, kind, unit), shortest=MINUTE / 60)
            halls.append(Hall(str(uuid.uuid4()), kind, terms))
            self.ledgers[halls[-1].id] = Ledger(terms)
        return halls

    # --- rows ---

    def last_seq(self, listings):
        return self.seq

    def packed(self, listings):
        return {}

    def expire(self, booking):
        with self.lock:
            for listing, ledger in self.ledgers.items():
                found = ledger.at(utc_now()).bookings.get(booking)
                if found and found.state in ("held", "requested"):
                    now = utc_now()
                    self.ledgers[listing] = ledger.with_booking(replace(found, expires=now))
                    return [now]
        return []

    def held(self, listings):
        found = [
            (one.id, listing) for listing in listings for one in self.ledgers[listing].bookings.values() if one.expires
        ]
        return found

    # --- calls ---

    def ask(self, user, method, params):
        with self.lock:
            key = params.get("idempotency_key")
            if key in self.keys and key:
                return self.keys[key]
            answer = self.answer(method, params, user.id)
            self.keys[key] = answer
            return answer

    def answer(self, method, params, user):
        call = Call(method, params, user, user in "oe", params.get("listing_id") or self.listing_of(params["id"]))
        call.manager = user == "o"
        call.result, call.quotes, now = {"id": str(uuid.uuid4())}, self.quotes, utc_now()
        ledger = self.ledgers[call.listing].at(now)
        try:
            if method in PATHS:
                return self.write(ledger, call, now)
            return getattr(self, method.rpartition(".")[2])(ledger, call, now)
        except Refused as refusal:
            word = sorted(refusal.causes)[0]
            data = {"code": "refused", "reason": word}
            raise RpcError({"code": 1, "message": word, "data": data}, method) from None

    def listing_of(self, booking):
        return next(key for key, ledger in self.ledgers.items() if booking in ledger.bookings)

    def write(self, ledger, call, now):
        done = PATHS[call.method](ledger, call, now)
        self.note(call, ledger, done.ledger, now)
        self.ledgers[call.listing] = done.ledger
        if done.booking is None:
            return {"version": done.ledger.terms.version, "seq": self.seq}
        return answer_of(done.booking, self.seq, now, call.method)

    def note(self, call, before, after, now):
        """A fact for each booking that has another state, that of the call last."""
        mine = call.params.get("id") or call.params.get("hold_id") or call.booking_id
        old = self.ledgers[call.listing].bookings
        for key, one in after.bookings.items():
            if key != mine and (key not in old or old[key].state != one.state):
                self.tell(call.listing, one, "expiry")
        name = call.method.rpartition(".")[2]
        if mine in after.bookings:
            cause = {"create": "request" if after.bookings[mine].state == "requested" else "create"}.get(name, name)
            return self.tell(call.listing, after.bookings[mine], cause)
        self.seq += 1
        topic = {"set_rules": "events.listing.rules_changed"}.get(name, "events.listing.pricing_changed")
        self.facts.append(facts.Fact(self.seq, topic, call.listing, {"version": after.terms.version}, now))

    def tell(self, listing, booking, cause):
        self.seq += 1
        payload = {
            "id": booking.id,
            "version": (booking.version or 1) + 1,
            "kind": booking.kind,
            "state": booking.state,
            "cause": cause,
        }
        self.facts.append(facts.Fact(self.seq, f"events.booking.{cause}", listing, payload, utc_now()))

    def get(self, ledger, call, now):
        reads.may_see(ledger, call, now)
        return answer_of(ledger.bookings[call.params["id"]], 0, now, call.method)

    def list(self, ledger, call, now):
        return {"items": [answer_of(one, 0, now, "") for one in ledger.bookings.values()], "next_cursor": None}

    def price(self, ledger, call, now):
        params, span = call.params, paths_in.wished_span(ledger.terms, call.params)
        asked = params.get("units", 1), params.get("guests"), paths_in.extras_of(params)
        return span, prices.price(ledger.terms, span, *asked, now)

    def quote(self, ledger, call, now):
        span, price = self.price(ledger, call, now)
        key, expires = str(uuid.uuid4()), now + 15 * MINUTE
        request = paths_in.request_of(call.params, span)
        self.quotes[key] = paths_in.Quoted(call.user, call.listing, request, price, expires)
        return {"quote_id": key, "period": period_of(span), "price": price, "expires_at": text(expires)}

    def quote_cancel(self, ledger, call, now):
        reads.may_see(ledger, call, now)
        booking = ledger.bookings[call.params["id"]]
        fee = cancellation_fee(booking, call, now)
        return {"as_of": text(now), "total": booking.price and booking.price["total"], "cancellation_fee": fee}

    def quote_change(self, ledger, call, now):
        reads.may_see(ledger, call, now)
        booking = ledger.bookings[call.params["id"]]
        made = wished_change(ledger, booking, call.params)
        price = prices.price(ledger.terms, made.span, made.units, made.guests, made.extras, now)
        total = lambda one: one and one["total"]
        return {"as_of": text(now), "total_before": total(booking.price), "total": total(price)}

    def get_rules(self, ledger, call, now):
        rules = {name: {"value": value} for name, value in ledger.terms.rules.items()}
        return {"version": ledger.terms.version, "rules": rules}

    def explain(self, ledger, call, now):
        params = call.params
        span = paths_in.wished_span(ledger.terms, params)
        causes = verdict(ledger.terms, span, params["units"], None, now)
        if not reads.bookable(ledger, span, params["units"], now) and not causes:
            causes = {"booked"}
        elif (
            causes
            and paths_in.find_units(
                ledger.terms, ledger.taking(), paths_in.widened(span, ledger.terms.buffers), params["units"]
            )
            is None
        ):
            causes.add("booked")
        return {"bookable": not causes, "refusals": [{"rule": one} for one in causes]}

    def slots(self, ledger, call, now):
        length = call.params.get("length_minutes")
        if not length:
            return {"starts": []}
        window = reads.span_of(call.params["period"])
        found = [one for one in reads.candidates(ledger.terms, window, length) if reads.bookable(ledger, one, 1, now)]
        return {"starts": [period_of(one) for one in found]}
