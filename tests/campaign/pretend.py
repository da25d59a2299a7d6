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
from paths import WRITES, touched, write
from paths_out import cancellation_fee, wished_change
from people import UNITS_OF_SALE, Hall, walls_of
from play import utc_now
from record import Call
from replay import CLOCKS
from recurrence import dates_of, left_out
from rpc import RpcError
from scene import Scene
from times import MINUTE, period_of, text, wall
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
        "option": booking.option,
        "user_id": booking.user,
        "customer": booking.customer,
        "group_id": booking.group or None,
        "series_id": booking.series or None,
        "occurrence": booking.occurrence or None,
        "ready": booking.ready,
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
        self.other_owner, self.till = Person("s"), Person("t")
        self.pool = ThreadPoolExecutor(4)
        self.lock = threading.Lock()
        self.broken, self.scene, self.facts, self.quotes, self.keys, self.seq = set(), Scene({}), [], {}, {}, 0

    def refresh(self):
        pass

    def rows(self):
        return self

    def close(self):
        pass

    def halls(self, chance):
        import draw

        halls, plans = [], draw.halls(chance)
        for plan in plans:
            kind = plan.kind
            unit = chance.choice(UNITS_OF_SALE) if kind == "rich" else "hour"
            price = None if kind == "unpriced" else chance.randint(501, 9999)
            units = 1 if plan.parts else chance.randint(1, 4)
            terms = Terms(chance.choice(draw.ZONES), unit, units, 60, price, "EUR", version=2)
            terms = replace(terms, rules=draw.rules_of(chance, plan, unit), shortest=MINUTE / 60)
            staff = (self.other_owner, self.other_owner) if plan.elsewhere else (self.owner, self.employee)
            desk = staff[:1] if plan.elsewhere else (*staff, self.till)
            halls.append(Hall(str(uuid.uuid4()), kind, terms, staff, desk))
        walls = walls_of(plans, halls)
        self.staff = {hall.id: [one.id for one in hall.desk] for hall in halls}
        self.scene = Scene({hall.id: Ledger(hall.terms) for hall in halls}, walls)
        return halls, walls

    # --- rows ---

    def last_seq(self, listings):
        return self.seq

    def packed(self, listings):
        return {}

    def expire(self, booking):
        with self.lock:
            now, ended = utc_now(), []
            for listing, ledger in self.scene.at(now, self.scene.ledgers).ledgers.items():
                for one in ledger.bookings.values():
                    if one.state in ("held", "requested") and (one.id == booking or self.is_with(one, booking)):
                        self.scene = self.scene.put(
                            listing, self.scene.ledgers[listing].with_booking(replace(one, expires=now))
                        )
                        ended.append((listing, one.id, now))
            return ended

    def is_with(self, one, booking):
        return booking in [other.id for _, other in self.scene.group(one.group)]

    def held(self, listings):
        return [one.id for listing in listings for one in self.scene.ledgers[listing].bookings.values() if one.expires]

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
        call = Call(method, params, user, False, self.listing_of(params))
        call.staff, call.manager = user in self.staff[call.listing], user == self.staff[call.listing][0]
        call.result, call.quotes, now = self.to_be(params), self.quotes, utc_now()
        if method == "events.booking.create_recurring":
            call.made = [{"id": str(uuid.uuid4()), "occurrence": str(day)} for day in self.days(call)[0]]
        scene = self.scene.at(now, touched(self.scene, call))
        ledger = scene.of(call.listing)
        try:
            if method in WRITES:
                return self.write(scene, call, now)
            return getattr(self, method.rpartition(".")[2])(ledger, call, now)
        except Refused as refusal:
            word = sorted(refusal.causes)[0]
            data = {"code": "refused", "reason": word}
            raise RpcError({"code": 1, "message": word, "data": data}, method) from None

    def days(self, call):
        first = paths_in.span_of(call.params["period"]).start
        zone = self.scene.ledgers[call.listing].terms.zone
        return dates_of(call.params["recurrence"], wall(first, zone).date())

    def listing_of(self, params):
        if "series_id" in params:
            return next(key for key, ledger in self.scene.ledgers.items() if params["series_id"] in ledger.series)
        if "id" in params:
            return next(key for key, ledger in self.scene.ledgers.items() if params["id"] in ledger.bookings)
        return params.get("listing_id") or params["bookings"][0]["listing_id"]

    def to_be(self, params):
        """An answer with the ids of what may be made."""
        bookings = [{"id": str(uuid.uuid4())} for _ in params.get("bookings", ())]
        return {name: str(uuid.uuid4()) for name in ("id", "group_id", "series_id")} | {"bookings": bookings}

    def write(self, scene, call, now):
        outcome = write(scene, call, now)
        self.note(call, outcome, now)
        self.scene = outcome.scene
        made = [one and answer_of(one, self.seq, now, call.method) for _, one in outcome.bookings]
        if "bookings" in call.params:
            return {"group_id": call.group, "state": made[0]["state"], "bookings": made, "seq": self.seq}
        if call.method == "events.booking.create_recurring":
            return self.series(call, outcome)
        return made[0] or {"version": outcome.scene.ledgers[call.listing].terms.version, "seq": self.seq}

    def series(self, call, outcome):
        made = outcome.scene.ledgers[call.listing].series[call.series]
        occurrences = [
            {
                "date": day,
                "period": wish["period"],
                "booking_id": name or None,
                "result": "booked" if name else "skipped" if left_out(call.params["recurrence"], day) else "refused",
                "refusals": [{"rule": cause} for cause in made.refused.get(day, ())],
            }
            for day, (wish, name) in sorted(made.dates.items())
        ]
        mode, missing = call.params["mode"], self.days(call)[1]
        return {"series_id": call.series, "mode": mode, "months_without": missing, "occurrences": occurrences}

    def note(self, call, outcome, now):
        """A fact for each booking that has another state, those of the call last."""
        mine = [one.id for _, one in outcome.bookings if one]
        for listing, ledger in outcome.scene.ledgers.items():
            old = self.scene.ledgers[listing].bookings
            for key, one in ledger.bookings.items():
                if key not in mine and (key not in old or old[key].state != one.state):
                    self.tell(listing, one, "expiry", now)
        name = call.method.rpartition(".")[2]
        name = "create" if name in ("create_many", "create_recurring", "add_occurrence") else name
        for listing, one in outcome.bookings:
            if one:
                cause = "request" if name == "create" and one.state == "requested" else name
                self.tell(listing, one, cause, now)
        if mine:
            return
        after = outcome.scene.ledgers[call.listing]
        self.seq += 1
        topic = {"set_rules": "events.listing.rules_changed"}.get(name, "events.listing.pricing_changed")
        self.facts.append(facts.Fact(self.seq, topic, call.listing, {"version": after.terms.version}, now))

    def tell(self, listing, booking, cause, now):
        self.seq += 1
        payload = answer_of(booking, self.seq, now, "") | {"cause": cause}
        self.facts.append(facts.Fact(self.seq, f"events.booking.{cause}", listing, payload, now))

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

    def quote_many(self, ledger, call, now):
        made = [self.quote(self.scene.of(part.listing), part, now) for part in call.parts()]
        key = str(uuid.uuid4())
        for number, one in enumerate(made):
            self.quotes[f"{key} {number}"] = self.quotes[one["quote_id"]]
        return {"quote_id": key, "bookings": made}

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
        price = reads.price_of_change(booking, made, price, call, now)
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
