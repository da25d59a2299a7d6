"""Every price that the daemon quotes is that of a plain model; days are counted as the database counts them."""

import datetime as dt
import random

import price_model
import pricings

AMOUNTS = (0, 1, 333, 10000)
PRICINGS, EACH = 48, 8


def text(moment):
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(time):
    return dt.datetime.fromisoformat(time)


def params_of(listing, request):
    period = {"from": text(request["start"]), "to": text(request["end"])}
    time = {"dates": request["dates"]} if request.get("dates") else {"period": period}
    params = {"listing_id": listing["id"], "units": request["units"], "extras": request["extras"]} | time
    return params | ({"guests": request["guests"]} if request["guests"] else {})


def answers(user, listing, requests):
    """What the daemon says of each: a quote, or (word, fields)."""
    calls = [
        {"jsonrpc": "2.0", "id": number, "method": "events.booking.quote", "params": params_of(listing, request)}
        for number, request in enumerate(requests)
    ]
    found = {answer["id"]: answer for answer in user.endpoint.post(calls, user.token).json()}
    return [found[number].get("result") or found[number]["error"]["data"] for number in range(len(requests))]


def expected(listing, request, quote):
    """What the model says, at the moment of the quote."""
    now = moment(quote["expires_at"]) - dt.timedelta(minutes=15) if "expires_at" in quote else dt.datetime.now(dt.UTC)
    if request.get("dates") and "period" in quote:
        request = request | {"start": moment(quote["period"]["from"]), "end": moment(quote["period"]["to"])}
    try:
        return price_model.price(listing, request | {"now": now})
    except price_model.TooDear as dear:
        return "too_large", f"/params/{dear.args[0]}", "max_price"
    except price_model.Unknown as unknown:
        return "invalid_params", *unknown.args


def said(quote):
    if "price" in quote:
        return quote["price"]
    return quote["code"], quote["fields"][0]["path"], quote["fields"][0]["rule"]


def booking_rules(chance, unit):
    """Grids of hours; dates from afternoon to the next morning."""
    if unit in ("day", "night"):
        hours = {"days": list(price_model.WEEKDAYS), "from": "15:00", "to": "11:00"}
        return {"opening_hours": [hours]} if chance.random() < 0.5 else {}
    rules = {} if unit != "hour" or chance.random() < 0.4 else {"step_minutes": chance.choice((15, 30, 90))}
    return rules | ({"start_grid_minutes": 20} if unit == "hour" and chance.random() < 0.3 else {})


def make_listing(stack, owner, number, chance):
    unit, zone = pricings.UNITS[number % 4], pricings.ZONES[number % len(pricings.ZONES)]
    price = {"amount": AMOUNTS[number % len(AMOUNTS)], "currency": "EUR"}
    listing = stack.listing(*owner, price=price, price_unit=unit, time_zone=zone, units=100)
    rules = booking_rules(chance, unit)
    owner[1].rpc("events.listing.set_rules", {"listing_id": listing["id"], "version": 0, "rules": rules})
    return listing | {"rules": rules}


def dates(chance):
    """Some nights, or days, of which the clocks may be changed in one."""
    first = pricings.date(chance)
    return {"dates": {"from": str(first), "to": str(first + dt.timedelta(days=chance.choice((1, 2, 3, 30))))}}


def make_request(chance, listing):
    request = pricings.request(chance, listing["time_zone"], listing["pricing"])
    return request | (dates(chance) if "opening_hours" in listing["rules"] else {})


def test_prices_are_those_of_a_plain_model(stack, owner):
    chance = random.Random(20270101)
    user = stack.user()
    listings = [make_listing(stack, owner, number, chance) for number in range(12)]
    wrong, kinds = [], set()
    for number in range(PRICINGS):
        listing = listings[number % len(listings)] | {"pricing": pricings.pricing(chance)}
        version = 1 + number // len(listings)
        params = {"listing_id": listing["id"], "version": version, "pricing": listing["pricing"]}
        owner[1].rpc("events.listing.set_pricing", params)
        requests = [make_request(chance, listing) for _ in range(EACH)]
        kinds |= {"dates" for request in requests if request.get("dates")}
        for request, quote in zip(requests, answers(user, listing, requests), strict=True):
            wanted = expected(listing, request, quote)
            kinds |= {line["kind"] for line in wanted["lines"]} if isinstance(wanted, dict) else {wanted[0]}
            if said(quote) != wanted:
                wrong.append((listing, request, said(quote), wanted))
    assert not wrong, wrong[:2]
    assert kinds >= {"time", "adjustment", "extra", "minimum", "tax", "invalid_params", "dates"}


def test_days_are_counted_as_the_database_counts_them(stack, owner):
    chance = random.Random(7)
    user = stack.user()
    for zone in pricings.ZONES:
        price = {"amount": 1, "currency": "EUR"}
        listing = stack.listing(*owner, price=price, price_unit="day", time_zone=zone, units=100)
        requests = [pricings.request(chance, zone, {"extras": []}) for _ in range(16)]
        requests = [request | {"units": 1, "extras": []} for request in requests]
        with stack.database("events") as database:
            counted = database.execute(
                "SELECT local_days(tstzrange(c.first, c.last), %s) "
                "FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS c(first, last, n) ORDER BY c.n",
                [zone, [request["start"] for request in requests], [request["end"] for request in requests]],
            ).fetchall()
        quoted = [(quote["price"]["total"],) for quote in answers(user, listing, requests)]
        assert quoted == counted, zone
