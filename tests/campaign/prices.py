"""Prices and refunds, by tests/lib/price_model.py: what the model of bookings needs of them."""

import opening
import price_model
from judgement import Refused

EVERYTHING = ((0, 10000),)  # all back until it begins
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


def less(price, refund):
    """A price after some of it was given back."""
    lines = [*price["lines"], a_line("shortened", -refund)]
    return {"total": price["total"] - refund, "currency": price["currency"], "lines": lines}


def a_line(kind, amount):
    return {"kind": kind, "amount": amount, "tax_added": 0, "refundable": True}
