"""Holds a booking as an answer or a row has it against the model's."""

from dataclasses import replace

from ledger import most_taken
from times import parse, span_of

replaced = replace
FEES = ("cancelled", "declined", "no_show")  # the states in which a fee was settled


def answer(call, expected):
    """(the booking as it is from now on, what differs) for the answer of a write; no booking for rules and prices."""
    result = call.result
    if expected is None:
        return None, differing({"version": result.get("version")}, {"version": call.params["version"] + 1})
    booking = replace(expected, version=result["version"])
    if booking.state in FEES and booking.fee is None:
        booking = replace(booking, fee=result["cancellation_fee"])
    differs = differing(facts_of(result), facts(expected)) + prices_differ(result, expected)
    if expected.takes() and expected.numbers:
        differs += differing({"units": tuple(result["unit_numbers"])}, {"units": expected.numbers})
    return booking, differs


def facts(booking):
    """What is compared, of the model's booking."""
    price = booking.price
    return {
        "id": booking.id,
        "state": booking.state,
        "kind": booking.kind,
        "from": booking.span.start,
        "to": booking.span.end,
        "units": booking.units,
        "guests": booking.guests,
        "extras": booking.extras,
        "policy": booking.kind == "booking" and steps(booking.policy),
        "expires": booking.expires if booking.state in ("held", "requested") else None,
        "fee": booking.fee if booking.state in FEES else None,
        "price": price and price["total"] if booking.state != "held" else None,
        "rules_version": booking.rules_version if booking.kind == "booking" else None,
        "overlapped": booking.overlaps if booking.state in ("requested", "declined") else None,
        "user": booking.user,
        "customer": booking.customer,
        "group": booking.group or None,
        "series": booking.series or None,
        "occurrence": booking.occurrence or None,
        "ready": booking.ready,
    }


def facts_of(result):
    """The same of an answer."""
    span = span_of(result["period"])
    state = result["state"]
    return {
        "id": result["id"],
        "state": state,
        "kind": result["kind"],
        "from": span.start,
        "to": span.end,
        "units": result["units"],
        "guests": result["guests"],
        "extras": tuple(sorted((one["key"], one["quantity"]) for one in result["extras"])),
        "policy": result["kind"] == "booking" and steps(as_pairs(result["policy"])),
        "expires": parse(result["expires_at"]) if state in ("held", "requested") else None,
        "fee": result["cancellation_fee"] if state in FEES else None,
        "price": result["price"] and result["price"]["amount"] if state != "held" else None,
        "rules_version": result["rules_version"] if result["kind"] == "booking" else None,
        "overlapped": result["overlapped"] if state in ("requested", "declined") else None,
        "user": result["user_id"] if result["kind"] == "booking" else None,
        "customer": without_account(result["customer"]),
        "group": result["group_id"],
        "series": result["series_id"],
        "occurrence": result["occurrence"],
        "ready": result["ready"],
    }


def without_account(customer):
    """Who an account is of is told to the staff, and is of no matter here."""
    return None if customer and "user_id" in customer else customer


def as_pairs(policy):
    return tuple((one["until_hours_before_start"], one["refund_bp"]) for one in policy)


def steps(policy):
    """None says the same as all until the beginning."""
    return tuple(policy) or ((0, 10000),)


def differing(told, want):
    names = [name for name in want if told.get(name) != want[name]]
    return [f"{name} is {told.get(name)}, the model says {want[name]}" for name in names]


def prices_differ(result, expected):
    """The lines add up to the total, and are the model's."""
    told = result["price_lines"]
    if expected.state == "held" or expected.price is None or not told:
        return []
    if sum(line["amount"] for line in told["lines"]) != told["total"]:
        return [f"the lines of the price do not add up: {told}"]
    amounts = [[line["amount"] for line in one["lines"]] for one in (told, expected.price)]
    if amounts[0] != amounts[1]:
        return [f"the lines of the price are {amounts[0]}, the model says {amounts[1]}"]
    known = {name: expected.price[name] for name in ("deposit", "taxes") if name in expected.price}
    return differing(told, known) if told["total"] == expected.price["total"] else []


def units(ledger, booking, call):
    """What is taken with this booking is not more than there is; those beyond what the listing has are used last."""
    if not booking.takes():
        return []
    terms, others = ledger.terms, ledger.taking(booking.id)
    near = [one for one in others if one.taken.overlaps(booking.taken)]
    if most_taken([*near, booking], booking.taken) > terms.total:
        return ["more units are taken than there are"]
    twice = {number for one in near for number in one.numbers} & set(booking.numbers)
    if twice:
        return [f"units {sorted(twice)} are taken twice"]
    if terms.named or not call.result.get("overbooked") or "hold_id" in call.params or "id" in call.params:
        return []
    needed = any(most_taken([*others, booking], one.taken) > terms.units for one in [*others, booking])
    return [] if needed else ["overbooked without need"]
