"""Prices and refunds, by tests/lib/price_model.py: what the model of bookings needs of them."""

import opening
import price_model
from judgement import Refused
from times import TICK

BASIS = 10000
EVERYTHING = ((0, BASIS),)  # all back until it begins
rounded = price_model.rounded


def price(terms, span, units, guests, extras, now):
    """{total, currency, lines}; None where the listing has no price. Refused when it cannot be priced."""
    request = {"start": span.start, "end": span.end, "now": now, "units": units, "guests": guests or 0}
    request["extras"] = [{"key": key, "quantity": quantity} for key, quantity in extras]
    dates = opening.dates_of_period(terms.rules, terms.zone, terms.unit, span) if terms.by_date else None
    if dates:
        request["dates"] = {"from": str(dates[0]), "to": str(dates[1])}
    try:
        made = price_model.price(as_listing(terms), request)
    except price_model.Unknown as error:
        raise Refused({error.args[1]}) from None
    return made if made["total"] is not None else None


def as_listing(terms):
    price = None if terms.price is None else {"amount": terms.price, "currency": terms.currency}
    facts = {"price": price, "price_unit": terms.unit, "time_zone": terms.zone}
    return facts | {"pricing": terms.pricing, "rules": terms.rules}


def as_steps(policy):
    return [{"until_hours_before_start": hours, "refund_bp": bp} for hours, bp in policy or EVERYTHING]


def step(policy, start, now):
    """The basis points that a policy gives back at a time."""
    return price_model.refund_bp(as_steps(policy), start, now)


def fee(policy, price, start, now, cause="guest"):
    """What of the price the company keeps. start: the earliest beginning that the booking ever had."""
    return price_model.refund(price, as_steps(policy), start, now, cause, 0)["fee"] if price else 0


def no_show_fee(policy, price, start):
    return fee(policy, price, start, start, "no_show")


def of_amount(amount, currency):
    """A price that the company named."""
    return {"total": amount, "currency": currency, "lines": [a_line("time", amount)]}


def grows_with_time(line):
    return line["kind"] in ("time", "adjustment", "shortened") or (
        line["kind"] == "extra" and line.get("per") not in (None, "booking", "unit", "guest")
    )


def given_back(price, back, length, bp):
    """A price after time was given back, of which the policy refunds so many basis points."""
    of_time = sum(
        one["amount"] + one["tax_added"] for one in price["lines"] if one["refundable"] and grows_with_time(one)
    )
    given = rounded(min(max(of_time, 0), price["total"]) * (back // TICK), length // TICK)
    refunded = rounded(given * bp, BASIS)
    if given == 0:
        return price
    kept = [a_line("kept", given - refunded, refundable=False)] if given > refunded else []
    lines = [*price["lines"], a_line("shortened", -given), *kept]
    return {"total": price["total"] - refunded, "currency": price["currency"], "lines": lines}


def replaced(before, now, bp, by_company):
    """The price of now, and what the policy keeps of what the booking cost more before."""
    kept = sum(one["amount"] for one in before["lines"] if one["kind"] == "kept")
    less = max(0, before["total"] - kept - now["total"])
    lost = max(fixed(before) - fixed(now), 0)
    open_part = max(less - lost, 0)
    kept += 0 if by_company else lost + open_part - rounded(open_part * bp, BASIS)
    if not kept:
        return now
    lines = [*now["lines"], a_line("kept", kept, refundable=False)]
    return {"total": now["total"] + kept, "currency": now["currency"], "lines": lines}


def fixed(price):
    """What of it is not refundable, but for what was kept."""
    lines = [one for one in price["lines"] if one["kind"] not in ("kept", "tax") and not one["refundable"]]
    return sum(one["amount"] + one["tax_added"] for one in lines)


def a_line(kind, amount, refundable=True):
    return {"kind": kind, "amount": amount, "tax_added": 0, "refundable": refundable}
