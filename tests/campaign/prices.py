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


def set_aside(terms, amount, currency):
    """A price that a manager set instead of the listing's: with its taxes and deposit."""
    pricing = terms.pricing
    lines = price_model.Lines({"units": 1})
    lines.add(price_model.line("override", amount))
    sums = price_model.add_taxes(lines, pricing)
    made = {"total": lines.subtotal, "currency": currency, "lines": list(lines), "tax_sums": sums}
    deposit = rounded(lines.subtotal * pricing.get("deposit_bp", 0), BASIS)
    return made | {"deposit": deposit, "taxes": sum(one["amount"] for one in sums)}


def grows_with_time(line):
    return line["kind"] in ("time", "override", "adjustment", "shortened") or (
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
    lines = add_line(add_line(price["lines"], "shortened", -given), "kept", given - refunded)
    total = price["total"] - refunded
    made = {"total": total, "currency": price["currency"], "lines": lines}
    if "deposit" not in price:
        return made
    sums = sums_of(price)
    for key, (all_given, back) in tax_shares(price, given, refunded).items():
        amount, kept_before = sums.get(key, (0, 0))
        sums[key] = amount - back, kept_before + all_given - back
    deposit = rounded(price["deposit"] * total, price["total"])
    return made | {"deposit": deposit} | taxes_of(sums)


def sums_of(price):
    """{(name, rate, included): (amount, the part of it in what was kept)}"""
    return {
        (one["name"], one["rate_bp"], one["included"]): (one["amount"], one.get("kept", 0)) for one in price["tax_sums"]
    }


def taxes_of(sums):
    told = [
        {"name": name, "rate_bp": rate, "included": included, "amount": amount} | ({"kept": kept} if kept else {})
        for (name, rate, included), (amount, kept) in sums.items()
    ]
    return {"taxes": sum(amount for amount, _ in sums.values()), "tax_sums": told}


def tax_shares(price, *parts):
    """{(name, rate, True): its share in each of these parts of what had not been kept before}"""
    whole = price["total"] - sum(one["amount"] for one in price["lines"] if one["kind"] == "kept")
    bases, shares = {}, {}
    for (name, rate, _), (amount, kept) in sums_of(price).items():
        bases[name, rate] = bases.get((name, rate), 0) + amount - kept
    for (name, rate), base in bases.items():
        of = [rounded(base * min(part, whole), whole) if whole > 0 else 0 for part in parts]
        if any(of):
            shares[name, rate, True] = of
    return shares


def add_line(lines, kind, amount):
    """One line of a kind, however often something is given back."""
    before = [one for one in lines if one["kind"] == kind]
    if not before:
        return [*lines, a_line(kind, amount, refundable=kind != "kept")] if amount else lines
    return [one | {"amount": one["amount"] + amount} if one is before[0] else one for one in lines]


def replaced(before, now, bp, by_company):
    """The price of now, and what the policy keeps of what the booking cost more before."""
    kept = sum(one["amount"] for one in before["lines"] if one["kind"] == "kept")
    less = max(0, before["total"] - kept - now["total"])
    lost = max(fixed(before) - fixed(now), 0)
    open_part = max(less - lost, 0)
    more = 0 if by_company else lost + open_part - rounded(open_part * bp, BASIS)
    if not kept + more:
        return now
    total, lines = now["total"] + kept + more, add_line(now["lines"], "kept", kept + more)
    made = {"total": total, "currency": now["currency"], "lines": lines}
    if "deposit" not in before or "deposit" not in now:
        return made
    return made | taxes_of(kept_sums(before, now, more)) | {"deposit": deposit_of(now, total)}


def kept_sums(before, now, more):
    """The taxes of now, and those of what was kept before and of so much more; these stand in their lines' amounts."""
    sums, shares = sums_of(now), tax_shares(before, more)
    for (name, rate, included), (_, kept) in sums_of(before).items():
        share = shares.setdefault((name, rate, True), [0])
        share[0] += kept if included else 0
    for key, (kept,) in shares.items():
        amount, kept_now = sums.get(key, (0, 0))
        if kept:
            sums[key] = amount + kept, kept_now + kept
    return sums


def deposit_of(now, total):
    """What of a total is to be paid at once, as of the price of now."""
    return rounded(now["deposit"] * total, now["total"]) if now["total"] > 0 else 0


def fixed(price):
    """What of it is not refundable, but for what was kept."""
    lines = [one for one in price["lines"] if one["kind"] not in ("kept", "tax") and not one["refundable"]]
    return sum(one["amount"] + one["tax_added"] for one in lines)


def a_line(kind, amount, refundable=True):
    return {"kind": kind, "amount": amount, "tax_added": 0, "refundable": refundable}
