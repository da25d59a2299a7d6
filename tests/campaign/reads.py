"""What the model says of reads: bookings, lists, quotes, refunds, slots, explanations."""

import compare
import prices
from judgement import Done, Refused
from ledger import find_units, widened
from paths_in import OPEN, extras_of, wished_span
from paths_out import cancel, cancellation_fee, change, price_of_change, the_booking, wished_change
from times import DAY, MINUTE, Span, parse, span_of
from verdict import LONGEST_DAYS, lasting, verdict


def differs(ledger, call, now):
    """What is wrong about an answer, were it of that state at that time; [] when nothing."""
    if "id" in call.params and call.params["id"] not in ledger.bookings:
        return ["the booking is not there"]
    try:
        return READS[call.method](ledger.at(now), call, now)
    except Refused as refusal:
        return [f"answered, where the model refuses ({refusal})"]


def get(ledger, call, now):
    return booking_differs(call.result, ledger.bookings[call.params["id"]])


def booking_differs(result, booking):
    want, told = compare.facts(booking), compare.facts_of(result)
    if booking.state == "expired" and told["state"] in ("held", "requested"):
        # The sweeper only makes it visible.
        want |= {"state": told["state"], "fee": None, "price": told["price"]}
    return compare.differing(without(told, "expires"), without(want, "expires"))


def without(facts, name):
    return {key: value for key, value in facts.items() if key != name}


def listed(ledger, call, now):
    """All bookings of the listing, where one page holds them."""
    told = {one["id"]: one for one in call.result["items"]}
    if call.result["next_cursor"]:
        return []
    if set(told) != set(ledger.bookings):
        return [f"the list and the model differ in {sorted(set(told) ^ set(ledger.bookings))}"]
    return [words for key, one in told.items() for words in booking_differs(one, ledger.bookings[key])]


def quote(ledger, call, now):
    return priced_differently(call.result["price"], quote_of(ledger, call.params, now))


def quote_of(ledger, params, now):
    terms, span = ledger.terms, wished_span(ledger.terms, params)
    return prices.price(terms, span, params.get("units", 1), params.get("guests"), extras_of(params), now)


def priced_differently(told, price):
    if price is None or told is None or told["total"] is None:
        return (
            [] if price is None and (told is None or told["total"] is None) else [f"the price is {told}, not {price}"]
        )
    found = compare.differing({"total": told["total"]}, {"total": price["total"]})
    amounts = [[line["amount"] for line in one["lines"]] for one in (told, price)]
    return found + ([f"the lines are {amounts[0]}, not {amounts[1]}"] if amounts[0] != amounts[1] else [])


def quote_cancel(ledger, call, now):
    """The moment that the answer names is the one that counts."""
    as_of = parse(call.result["as_of"])
    booking = ledger.at(as_of).bookings[call.params["id"]]
    want = {
        "total": booking.price and booking.price["total"],
        "cancellation_fee": cancellation_fee(booking, call, as_of),
    }
    return compare.differing(call.result, want)


def quote_change(ledger, call, now):
    booking = ledger.bookings[call.params["id"]]
    as_of = parse(call.result["as_of"])
    made = wished_change(ledger, booking, call.params)
    price = prices.price(ledger.terms, made.span, made.units, made.guests, made.extras, as_of)
    price = price_of_change(booking, made, price, call, as_of)
    before, total = (one and one["total"] for one in (booking.price, price))
    return compare.differing(call.result, {"total_before": before, "total": total})


def get_rules(ledger, call, now):
    told = {name: one["value"] for name, one in call.result["rules"].items()}
    want = ledger.terms.rules | {"version": ledger.terms.version}
    return compare.differing(told | {"version": call.result["version"]}, want)


def clashes_differ(ledger, call, now):
    """Bookings to come that new rules would forbid are told."""
    if "clashes" not in call.result:
        return []
    told = {one["id"]: one["rule"] for one in call.result["clashes"]}
    coming = [one for one in ledger.bookings.values() if one.kind == "booking" and one.state in OPEN]
    want = {one.id: lasting(ledger.terms, one.span, one.units, one.guests) for one in coming if one.span.end > now}
    want = {key: rules for key, rules in want.items() if rules}
    wrong = set(told) ^ set(want) or {key for key, rule in told.items() if rule not in want[key]}
    return [f"the clashes {told} are not the model's {want}"] if wrong else []


def explain(ledger, call, now):
    """Bookable or not, and every rule that forbids it."""
    params, told = call.params, call.result
    span, causes = wished_span(ledger.terms, params), set()
    units = params.get("units", 1)
    causes = verdict(ledger.terms, span, units, params.get("guests"), now)
    if find_units(ledger.terms, ledger.taking(), widened(span, ledger.terms.buffers), units) is None:
        causes.add("booked")
    named = {one["rule"] for one in told["refusals"]}
    named -= {name for name in named if name.startswith("user_")}
    if "closed" in named:
        causes.discard("unit_grid")  # of closed dates there is no grid to be off
        named.discard("unit_grid")
    found = [] if named == causes else [f"it names {sorted(named)}, the model {sorted(causes)}"]
    return found + compare.differing({"bookable": told["bookable"]}, {"bookable": not told["refusals"]})


def slots(ledger, call, now):
    """Every start that is named can be booked, and where the starts stand on a grid, none is missing."""
    terms, params = ledger.terms, call.params
    length = params.get("length_minutes")
    if length is None or terms.unit != "hour" or call.result.get("truncated"):
        return []
    told = [span_of(one) for one in call.result["starts"]]
    units = params.get("units", 1)
    bad = [one for one in told if not bookable(ledger, one, units, now)]
    if bad:
        return [f"a start that cannot be booked: {bad[0]}"]
    missing = [one for one in candidates(terms, span_of(params["period"]), length) if bookable(ledger, one, units, now)]
    missing = [one for one in missing if one not in told and terms.rule("start_grid_minutes")]
    return [f"a start is missing: {missing[0]}"] if missing else []


def candidates(terms, window, length):
    """Periods of that length on the grid of starts, within the window."""
    grid = (terms.rule("start_grid_minutes") or 60) * MINUTE
    start, found = window.start, []
    while start + length * MINUTE <= window.end:
        found.append(Span(start, start + length * MINUTE))
        start += grid
    return found


def bookable(ledger, span, units, now):
    taken = widened(span, ledger.terms.buffers)
    if find_units(ledger.terms, ledger.taking(), taken, units) is None:
        return False
    return not verdict(ledger.terms, span, units, None, now)


READS = {
    "events.booking.get": get,
    "events.booking.list": listed,
    "events.booking.quote": quote,
    "events.booking.quote_cancel": quote_cancel,
    "events.booking.quote_change": quote_change,
    "events.listing.get_rules": get_rules,
    "events.availability.explain": explain,
    "events.availability.slots": slots,
}


def may_see(ledger, call, now):
    the_booking(ledger, call)
    return Done(ledger, doubts=frozenset({"state", "begun", "before_end"}))


def may_be_priced(ledger, call, now):
    quote_of(ledger, call.params, now)
    longest = {"max_duration"} if wished_span(ledger.terms, call.params).length > LONGEST_DAYS * DAY else set()
    return Done(ledger, doubts=frozenset({"closed", "not_found"} | longest))


# What refuses reads: they are of what the caller may do.
REFUSALS = {
    "events.booking.get": may_see,
    "events.booking.quote_cancel": cancel,
    "events.booking.quote_change": change,
    "events.booking.quote": may_be_priced,
}
