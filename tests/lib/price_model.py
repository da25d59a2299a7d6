"""What a booking costs and what is refunded of it, computed a second time, plainly, from docs/pricing.md.

Tests hold the daemon's answers against it. Money is whole minor units; nothing is a float.
"""

import datetime as dt
import zoneinfo

MOST = 9_000_000_000_000_000
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TooDear(Exception):
    """No amount can hold the price; its argument is the parameter that makes it so."""


class Unknown(Exception):
    """The request cannot be priced; its arguments are the path of the parameter and the rule."""


def rounded(numerator, denominator):
    """The quotient as a whole number, half away from zero."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def reading(clock, zone):
    """The moment at which a zone's clock shows that; the later one where the clock is skipped or shown twice."""
    return max(clock.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def wall(moment, zone):
    """What the zone's clock shows."""
    return moment.astimezone(zone).replace(tzinfo=None)


def local_days(start, end, zone):
    """The smallest n such that start plus n local days is not before end."""
    clock = wall(start, zone)
    n = max(1, (end - start).days - 2)
    assert n == 1 or reading(clock + (n - 1) * DAY, zone) < end
    while reading(clock + n * DAY, zone) < end:
        n += 1
    return n


def days_of(listing, request):
    """How many days or nights are charged. dates: of a request by dates, the first and the last (or of departure)."""
    if request.get("dates"):
        first, last = (dt.date.fromisoformat(request["dates"][name]) for name in ("from", "to"))
        return (last - first).days + (listing["price_unit"] != "night")
    return local_days(request["start"], request["end"], zoneinfo.ZoneInfo(listing["time_zone"]))


# --- which amount holds ---


def in_season(season, day):
    first, last = (dt.date.fromisoformat(season[name]) for name in ("from", "to"))
    if not season.get("yearly"):
        return first <= day <= last
    if (last - first).days >= 365:
        return True
    of_year = [(date.month, date.day) for date in (first, day, last)]
    if of_year[0] <= of_year[2]:
        return of_year[0] <= of_year[1] <= of_year[2]
    return of_year[1] >= of_year[0] or of_year[1] <= of_year[2]


def in_hours(hours, clock):
    minute = clock.hour * 60 + clock.minute
    first, last = (int(hours[name][:2]) * 60 + int(hours[name][3:]) for name in ("from", "to"))
    if first < last:
        return first <= minute < last
    return minute >= first or minute < last


def fits(rule, clock):
    """Whether a price rule is for what begins when the venue's clock shows that."""
    if "season" in rule and not in_season(rule["season"], clock.date()):
        return False
    if "days" in rule and WEEKDAYS[clock.weekday()] not in rule["days"]:
        return False
    return "hours" not in rule or in_hours(rule["hours"], clock)


def order(item):
    return -item.get("priority", 0), item["id"]


def rule_at(pricing, clock):
    return next((rule for rule in sorted(pricing.get("rules", []), key=order) if fits(rule, clock)), None)


# --- lines ---


def line(kind, amount, **more):
    empty = {"key": None, "label": None, "quantity": None, "per": None, "unit_amount": None, "refundable": True}
    return empty | {"kind": kind, "amount": amount, "tax_included": 0, "tax_added": 0} | more


def beginnings(listing, request, days):
    """(what the venue's clock shows, minutes) of each hour, day, night or session charged."""
    zone, unit = zoneinfo.ZoneInfo(listing["time_zone"]), listing["price_unit"]
    start, length = request["start"], request["end"] - request["start"]
    if unit == "session":
        return [(wall(start, zone), None)]
    if unit != "hour":
        return [(wall(start, zone) + n * DAY, None) for n in range(days)]
    rules = listing.get("rules", {})
    grid = dt.timedelta(minutes=rules.get("step_minutes") or rules.get("start_grid_minutes") or 60)
    charged = -(-length // grid) * grid
    parts = [(n * HOUR, min(charged - n * HOUR, HOUR)) for n in range(-(-charged // HOUR))]
    return [(wall(start + after, zone), part // dt.timedelta(minutes=1)) for after, part in parts]


def time_lines(listing, request, days):
    groups = {}
    for clock, minutes in beginnings(listing, request, days):
        rule = rule_at(listing["pricing"], clock)
        group = groups.setdefault(rule["id"] if rule else None, {"rule": rule, "count": 0, "minutes": 0})
        group["count"] += 1
        group["minutes"] += minutes or 0
    for group in groups.values():
        rule, units = group["rule"], request["units"]
        one = rule["amount"] if rule else listing["price"]["amount"]
        named = {"key": str(rule["id"]), "label": rule.get("name")} if rule else {}
        if listing["price_unit"] == "hour":
            minutes = group["minutes"] * units
            whole = group["minutes"] % 60 == 0
            counted = {"quantity": minutes // 60, "per": "hour"} if whole else {"quantity": minutes, "per": "minute"}
            yield line("time", rounded(one * minutes, 60), unit_amount=one, **counted, **named)
        else:
            count = group["count"] * units
            counted = {"quantity": count, "per": listing["price_unit"], "unit_amount": one}
            yield line("time", one * count, **counted, **named)


def applies(adjustment, listing, request, days):
    if adjustment["on"] == "guests":
        value, unit = request["guests"], 1
    elif adjustment["on"] == "lead_time":
        value, unit = request["start"] - request["now"], HOUR
    elif listing["price_unit"] in ("day", "night"):
        value, unit = days, 1
    else:
        value, unit = request["end"] - request["start"], HOUR
    least, bound = adjustment.get("at_least", 0), adjustment.get("less_than")
    return value >= least * unit and (bound is None or value < bound * unit)


def extra_line(extra, quantity, request, days):
    hours = -(-(request["end"] - request["start"]) // HOUR)
    times = {"booking": 1, "unit": request["units"], "guest": request["guests"], "day": days, "hour": hours}
    count = quantity * times[extra["per"]]
    counted = {"quantity": count, "per": extra["per"], "unit_amount": extra["amount"]}
    named = {"key": extra["key"], "label": extra["name"], "refundable": extra.get("refundable", True)}
    return line("extra", extra["amount"] * count, **counted, **named)


def check_extras(pricing, request):
    known, seen = {extra["key"]: extra for extra in pricing.get("extras", [])}, set()
    for number, chosen in enumerate(request["extras"]):
        path = f"/params/extras/{number}"
        extra = known.get(chosen["key"])
        if not extra:
            raise Unknown(f"{path}/key", "exists")
        if chosen["key"] in seen:
            raise Unknown(f"{path}/key", "unique")
        if chosen["quantity"] > extra.get("most", 1000):
            raise Unknown(f"{path}/quantity", "maximum")
        if extra["per"] == "guest" and not request["guests"]:
            raise Unknown("/params/guests", "required")
        seen.add(chosen["key"])


class Lines(list):
    """Lines and their running subtotal, which no amount may exceed."""

    def __init__(self, request):
        super().__init__()
        self.request, self.subtotal = request, 0

    def add(self, one):
        self.append(one)
        self.subtotal += one["amount"]
        if abs(one["amount"]) > MOST or abs(self.subtotal) > MOST:
            several = "units" if self.request["units"] > 1 else "period"
            raise TooDear("extras" if one["kind"] == "extra" else several)


def add_adjustments(lines, listing, request, days):
    for adjustment in sorted(listing["pricing"].get("adjustments", []), key=order):
        if adjustment["on"] == "guests" and not request["guests"]:
            raise Unknown("/params/guests", "required")
        if not applies(adjustment, listing, request, days):
            continue
        amount = adjustment.get("amount")
        if amount is None:
            amount = rounded(lines.subtotal * adjustment["percent_bp"], 10000)
        lines.add(line("adjustment", amount, key=str(adjustment["id"]), label=adjustment.get("name")))
        if lines.subtotal < 0:
            lines.add(line("floor", -lines.subtotal))


def add_taxes(lines, pricing):
    """The sums of the taxes; what is added becomes lines."""
    taxes, sums = pricing.get("taxes", []), []
    contained = sum(tax["rate_bp"] for tax in taxes if tax["included"])
    for tax in taxes:
        whole = 10000 + (contained if tax["included"] else 0)
        amount = 0
        for one in [one for one in lines if one["kind"] != "tax"]:
            share = rounded(one["amount"] * tax["rate_bp"], whole)
            one["tax_included" if tax["included"] else "tax_added"] += share
            amount += share
        sums.append({name: tax[name] for name in ("name", "rate_bp", "included")} | {"amount": max(0, amount)})
        if not tax["included"]:
            lines.add(line("tax", max(0, amount), label=tax["name"]))
    return sums


def price(listing, request):
    """The PriceBreakdown.

    listing: {price: {amount, currency} or None, price_unit, time_zone, pricing, rules: those that hold for it}.
    request: {start, end, now: moments; units, guests: 0 when not said; extras: [{key, quantity}]; dates if by dates}.
    """
    pricing = listing["pricing"]
    check_extras(pricing, request)
    if not listing["price"]:
        return {"currency": None, "total": None, "deposit": None, "taxes": None, "tax_sums": [], "lines": []}
    days = days_of(listing, request)
    lines = Lines(request)
    for one in time_lines(listing, request, days):
        lines.add(one)
    add_adjustments(lines, listing, request, days)
    chosen = {extra["key"]: extra["quantity"] for extra in request["extras"]}
    for extra in pricing.get("extras", []):
        if extra["key"] in chosen:
            lines.add(extra_line(extra, chosen[extra["key"]], request, days))
    if lines.subtotal < pricing.get("minimum", 0):
        lines.add(line("minimum", pricing["minimum"] - lines.subtotal))
    sums = add_taxes(lines, pricing)
    return {
        "currency": listing["price"]["currency"],
        "total": lines.subtotal,
        "deposit": rounded(lines.subtotal * pricing.get("deposit_bp", 0), 10000),
        "taxes": sum(one["amount"] for one in sums),
        "tax_sums": sums,
        "lines": list(lines),
    }


# --- refunds ---


def refund_bp(policy, start, moment):
    """policy: [{until_hours_before_start, refund_bp}], hours descending."""
    for step in policy:
        if moment <= start - step["until_hours_before_start"] * HOUR:
            return step["refund_bp"]
    return 0


def refund(breakdown, policy, start, now, cause, paid):
    """{refund_bp, fee, refunded, due}. cause: guest, company, no_show. start: the earliest that it ever had."""
    total = breakdown["total"] or 0
    part = 10000 if cause == "company" else refund_bp(policy, start, start if cause == "no_show" else now)
    parts = [one for one in breakdown["lines"] if one["kind"] != "tax" and one["refundable"]]
    base = sum(one["amount"] + one["tax_added"] for one in parts)
    base = total if cause == "company" else min(max(0, base), total)
    refunded = rounded(base * part, 10000)
    fee = total - refunded
    return {"refund_bp": part, "fee": fee, "refunded": refunded, "due": max(0, paid - fee)}
