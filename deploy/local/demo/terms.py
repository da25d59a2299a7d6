"""On what terms the demo listings are booked: opening hours, notice, refunds, prices, by what they are."""

import random

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LATE = ["fri", "sat"]
# Included in what guests are shown, or added: as in the country of the currency.
TAXES = {
    "EUR": {"name": "IVA", "rate_bp": 2300, "included": True},
    "NOK": {"name": "MVA", "rate_bp": 2500, "included": True},
    "CAD": {"name": "HST", "rate_bp": 1300, "included": False},
    "AUD": {"name": "GST", "rate_bp": 1000, "included": True},
    "JPY": {"name": "Consumption tax", "rate_bp": 1000, "included": True},
}
HOURS = {
    "hour": [
        {"days": [day for day in WEEK if day not in LATE], "from": "08:00", "to": "23:00"},
        {"days": LATE, "from": "08:00", "to": "02:00"},
    ],
    "day": [{"days": WEEK, "from": "09:00", "to": "01:00"}],
    "session": [{"days": WEEK, "from": "11:00", "to": "15:00"}, {"days": WEEK, "from": "17:00", "to": "22:00"}],
}
LENGTHS = {
    "hour": {"min_minutes": 60, "max_minutes": 720, "step_minutes": 60, "start_grid_minutes": 30},
    "day": {"max_days": 14},
    "session": {},
}
POLICIES = {
    "flexible": [{"until_hours_before_start": 24, "refund_bp": 10000}],
    "moderate": [
        {"until_hours_before_start": 336, "refund_bp": 10000},
        {"until_hours_before_start": 72, "refund_bp": 5000},
    ],
}


# Guests come when they like, for as long as they like.
ANY_TIME = ("hall", "venue")


def sells_dates(listing):
    return listing["price_unit"] == "day" and listing["type"] not in ANY_TIME


def rules(listing):
    """Parameters of events.listing.set_rules."""
    chance = random.Random(f"rules {listing['title']}")
    unit = listing["price_unit"]
    policy = chance.choice(list(POLICIES))
    hours = {} if listing["type"] in ANY_TIME else {"opening_hours": HOURS[unit], **LENGTHS[unit]}
    return {
        **hours,
        "exceptions": [{"from": "2026-12-24", "to": "2026-12-26", "yearly": True, "closed": True, "note": "Christmas"}],
        "buffer_after_minutes": 30 if unit == "hour" else 0,
        "notice_minutes": chance.choice((60, 240, 1440)),
        "horizon_days": 730,
        "confirmation": "request" if listing["type"] in ("boat", "theatre", "castle", "museum") else "instant",
        "overlapping_requests": "decline",
        "cancellation": POLICIES[policy],
    }


def part(amount, percent):
    """So many percent of an amount, as a price would be written."""
    return max(1, round(amount * percent / 100 / 50) * 50)


def pricing(listing):
    """Parameters of events.listing.set_pricing."""
    chance = random.Random(f"pricing {listing['title']}")
    base, currency = listing["price"]["amount"], listing["price"]["currency"]
    season = {"from": "2026-12-01", "to": "2026-12-23", "yearly": True}
    priced = {
        "rules": [
            {"id": 1, "name": "Weekend", "days": ["fri", "sat"], "amount": part(base, 125)},
            {"id": 2, "name": "December", "season": season, "priority": 10, "amount": part(base, 150)},
        ],
        "adjustments": [{"id": 1, "name": "Early bird", "on": "lead_time", "at_least": 2160, "percent_bp": -500}],
        "extras": [
            {"key": "cleaning", "name": "Cleaning", "amount": part(base, 10), "per": "booking", "refundable": False},
            {"key": "technician", "name": "Technician", "amount": part(base, 15), "per": "hour", "most": 4},
        ],
        "taxes": [TAXES[currency]],
        "deposit_bp": chance.choice((1000, 2000, 3000)),
    }
    if listing["price_unit"] == "hour":
        discount = {"id": 2, "name": "Half a day", "on": "length", "at_least": 6, "percent_bp": -1000}
        priced["adjustments"].append(discount)
        priced["minimum"] = base * 2
    return priced
