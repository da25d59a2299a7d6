"""Holds a booking as an answer or a row has it against the model's."""

from dataclasses import replace

from ledger import most_taken
from times import parse, span_of

replaced = replace
FEES = ("cancelled", "declined", "no_show")  # the states in which a fee was settled


def answer(call, expected, clock):
    """(the booking as it is from now on, what differs) for the answer of a write."""
    result = call.result
    if expected is None:
        return None, differing({"version": result.get("version")}, {"version": call.params["version"] + 1})
    told = facts_of(result)
    want = facts(expected)
    if not result.get("expires_at"):
        told["expires"] = want["expires"] = None
    booking = replace(
        expected, version=result["version"], fee=result["cancellation_fee"] if want["fee"] is None else want["fee"]
    )
    if "unit_numbers" in result and expected.takes() and expected.numbers:
        booking = replace(booking, numbers=tuple(result["unit_numbers"]))
    return booking, differing(told, want) + prices_differ(result, expected)


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
    }


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
    return [f"the lines of the price are {amounts[0]}, the model says {amounts[1]}"] if amounts[0] != amounts[1] else []


def units(ledger, booking):
    """What is taken with this booking is not more than there is; named units are not taken twice."""
    if not booking.takes() or booking.kind not in ("booking", "block"):
        return []
    others = [one for one in ledger.taking(booking.id) if one.taken.overlaps(booking.taken)]
    if most_taken([*others, booking], booking.taken) > ledger.terms.total:
        return ["more units are taken than there are"]
    twice = {number for one in others for number in one.numbers} & set(booking.numbers)
    return [f"units {sorted(twice)} are taken twice"] if twice else []
