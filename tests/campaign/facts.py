"""What the daemon told of a history's listings: the rows of its outbox, in the order of `seq`.

They settle what became of calls without an answer, and show what the daemon did by itself.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

READ = "SELECT seq, topic, key, payload, occurred_at FROM outbox WHERE key = ANY (%s) ORDER BY seq"
# Causes of facts that no call made.
BY_ITSELF = {"expiry", "clock", "overlap", "suspension"}
# Calls about one of a group that do something to the others, and what.
ENDS_WAITING = {"approve", "decline", "cancel"}
OF_OTHERS = {"approve", "group", "cancel"}
CAUSES = {
    "events.booking.create": {"create", "request"},
    "events.booking.approve": {"approve", "offer", "agree"},
    "events.booking.accept": {"accept", "approve", "agree"},
    "events.booking.add_occurrence": {"create", "request"},
    "events.listing.set_rules": {"events.listing.rules_changed"},
    "events.listing.set_pricing": {"events.listing.pricing_changed"},
}


@dataclass(frozen=True)
class Fact:
    seq: int
    topic: str
    listing: str
    payload: dict
    when: datetime

    @property
    def cause(self):
        return self.payload.get("cause", self.topic)

    @property
    def is_of_booking(self):
        return self.topic.startswith("events.booking.")

    @property
    def is_counted(self):
        return self.is_of_booking or self.topic in ("events.listing.rules_changed", "events.listing.pricing_changed")


def read(database, listings):
    rows = database.execute(READ, [list(listings)]).fetchall()
    return [fact for fact in (Fact(*row) for row in rows) if fact.is_counted]


def causes_of(method):
    return CAUSES.get(method, {method.rpartition(".")[2]})


def keys_of_call(call):
    """What an answer and its facts have in common; [] for a series of which nothing is booked."""
    told = [(part.listing, part.result) for part in call.parts() if "version" in part.result]
    return [(result.get("id") or listing, result["version"]) for listing, result in told]


def key_of_fact(fact):
    return fact.payload.get("id") if fact.is_of_booking else fact.listing, fact.payload.get("version")


def take_series(calls, facts):
    """Gives calls that made a series its bookings as they were told of, and the place of these among the writes."""
    told = {}
    for fact in facts:
        told.setdefault(key_of_fact(fact)[0], fact)
    for call in calls:
        if call.method == "events.booking.create_recurring" and call.result:
            ids = [one["booking_id"] for one in call.result["occurrences"] if one["booking_id"]]
            made = sorted((told[one] for one in ids if one in told), key=lambda fact: fact.seq)
            call.made = [fact.payload | {"seq": made[-1].seq} for fact in made]
            call.result = call.result | {"seq": made[-1].seq if made else 0}


def settle_lost(calls, facts, since, ended):
    """Gives calls that nobody answered the answer that the daemon wrote down for them, where it did."""
    claimed = {key for call in calls if call.result is not None and call.is_write for key in keys_of_call(call)}
    for call in calls:
        if not (call.lost and call.is_write):
            continue
        for fact in facts:
            if fact.seq > since and key_of_fact(fact) not in claimed and is_of(fact, call):
                claimed.add(key_of_fact(fact))
                call.result, call.error, call.lost = fact.payload | {"seq": fact.seq}, None, False
                call.end = ended
                break


def is_of(fact, call):
    if fact.listing != call.listing or fact.cause not in causes_of(call.method):
        return False
    return fact.payload.get("id") == call.params["id"] if "id" in call.params else not fact.is_of_booking


def unclaimed(calls, facts, since):
    """Faults: facts that no call made and the daemon may not make, and answers without their fact."""
    told = {key: call for call in calls if call.is_write and call.result is not None for key in keys_of_call(call)}
    known = {key_of_fact(fact) for fact in facts}
    faults = [f"no fact for {call.told()}" for key, call in told.items() if key not in known]
    together = {with_group(fact) for fact in facts if key_of_fact(fact) in told and fact.cause in ENDS_WAITING}
    for fact in facts:
        if key_of_fact(fact) in told or (with_group(fact) in together and fact.cause in OF_OTHERS):
            continue
        if fact.seq > since and fact.cause not in BY_ITSELF:
            faults.append(f"a fact of no call: {fact.seq} {fact.topic} {fact.payload}")
    return faults


def with_group(fact):
    """What the facts of one group or series have in common that one call made."""
    return fact.payload.get("group_id") or fact.payload.get("series_id") or fact.seq, fact.when


def transitions(facts):
    """Counter of (state before, state after), of bookings but not of blocks."""
    states, found = {}, Counter()
    for fact in facts:
        if not fact.is_of_booking or fact.payload["kind"] != "booking":
            continue
        key, state = fact.payload["id"], fact.payload["state"]
        if states.get(key) != state:
            found[states.get(key), state] += 1
        states[key] = state
    return found
