"""A quote is a price promised to one caller for one request for fifteen minutes; what it says can be booked."""

import datetime as dt

import pytest
from waiting import wait_until

DAY = dt.timedelta(days=1)
EUR = {"amount": 10000, "currency": "EUR"}
PRICING = {
    "rules": [{"id": 1, "amount": 20000, "name": "Weekend", "days": ["sat", "sun"]}],
    "extras": [
        {"key": "cleaning", "name": "Cleaning", "amount": 5000, "per": "booking", "refundable": False},
        {"key": "chairs", "name": "Chairs", "amount": 100, "per": "unit", "most": 50},
    ],
    "taxes": [{"name": "VAT", "rate_bp": 1900, "included": False}],
}


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def friday():
    """A Friday to come, ten in the morning UTC."""
    now = dt.datetime.now(dt.UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    return now + ((4 - now.weekday()) % 7 + 7) * DAY


def make_hall(stack, owner, pricing=PRICING, **changes):
    hall = stack.listing(*owner, **({"price": EUR, "price_unit": "day", "units": 5} | changes))["id"]
    if pricing:
        params = {"listing_id": hall, "version": 0, "pricing": pricing}
        owner[1].rpc("events.listing.set_pricing", params)
    return hall


@pytest.fixture
def hall(stack, owner):
    return make_hall(stack, owner)


def request(hall, days=2, **more):
    start = friday()
    return {"listing_id": hall, "period": {"from": text(start), "to": text(start + days * DAY)}} | more


def test_a_quote_shows_the_request_the_price_and_the_policy(guest, hall):
    extras = [{"key": "chairs", "quantity": 20}, {"key": "cleaning", "quantity": 1}]
    params = request(hall, units=2, guests=80, extras=extras[::-1])
    quote = guest.rpc("events.booking.quote", params)
    lifetime = dt.datetime.fromisoformat(quote.pop("expires_at")) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=14) < lifetime <= dt.timedelta(minutes=15)
    price = quote.pop("price")
    amounts = [(line["kind"], line["key"], line["quantity"], line["amount"]) for line in price["lines"]]
    assert amounts == [
        ("time", None, 2, 20000),
        ("time", "1", 2, 40000),
        ("extra", "cleaning", 1, 5000),
        ("extra", "chairs", 40, 4000),
        ("tax", None, None, 13110),
    ]
    assert (price["total"], price["taxes"], price["deposit"], price["currency"]) == (82110, 13110, 0, "EUR")
    quote.pop("quote_id"), quote.pop("seq")
    period = {name: time.replace("Z", ".000000Z") for name, time in params["period"].items()}
    assert quote == {
        "listing_id": hall,
        "period": period,
        "units": 2,
        "guests": 80,
        "extras": extras,
        "refund_policy": [{"until_hours_before_start": 0, "refund_bp": 10000}],
        "bookable": True,
        "refusals": [],
    }


def test_what_is_not_said_is_one_unit_and_nothing_else(guest, hall):
    quote = guest.rpc("events.booking.quote", request(hall))
    assert (quote["units"], quote["guests"], quote["extras"]) == (1, None, [])
    assert quote["price"]["total"] == 35700


def test_a_listing_without_a_price_has_no_total(stack, owner, guest):
    hall = make_hall(stack, owner, pricing=None, price=None)
    price = guest.rpc("events.booking.quote", request(hall))["price"]
    empty = {"total": None, "currency": None, "deposit": None, "taxes": None, "tax_sums": [], "lines": []}
    assert price == empty


def test_what_rules_forbid_is_priced_and_said(guest, hall):
    start = friday() - 90 * DAY
    period = {"from": text(start), "to": text(start + DAY)}
    quote = guest.rpc("events.booking.quote", {"listing_id": hall, "period": period})
    assert not quote["bookable"]
    assert [refusal["rule"] for refusal in quote["refusals"]] == ["in_past"]
    assert quote["refusals"][0]["message"]["en"]
    assert quote["price"]["total"] > 0


@pytest.mark.parametrize(
    ("more", "path", "rule"),
    [
        ({"extras": [{"key": "boat", "quantity": 1}]}, "/params/extras/0/key", "exists"),
        ({"extras": [{"key": "chairs", "quantity": 1}] * 2}, "/params/extras/1/key", "unique"),
        ({"extras": [{"key": "chairs", "quantity": 51}]}, "/params/extras/0/quantity", "maximum"),
        ({"extras": [{"key": "chairs", "quantity": 0}]}, "/params/extras/0/quantity", "minimum"),
        ({"period": None}, "/params/period", "required"),
        ({"dates": {"from": "2027-01-01", "to": "2027-01-02"}}, "/params/dates", "beside"),
        ({"units": 0}, "/params/units", "minimum"),
        ({"guests": 0}, "/params/guests", "minimum"),
    ],
)
def test_what_cannot_be_priced_is_named(guest, hall, more, path, rule):
    error = guest.error("events.booking.quote", request(hall, **more))
    assert error.word == "invalid_params"
    assert (error.data["fields"][0]["path"], error.data["fields"][0]["rule"]) == (path, rule)


def test_only_what_is_on_offer_is_quoted(stack, owner, guest):
    draft = stack.listing(*owner, price=EUR, publish=False)["id"]
    for user in (guest, owner[1]):
        assert user.error("events.booking.quote", request(draft)).word == "not_found"
    assert guest.error("events.booking.quote", request(owner[0])).word == "not_found"


def test_a_quote_is_charged_even_when_prices_have_changed(owner, guest, hall):
    params = request(hall, guests=40, extras=[{"key": "cleaning", "quantity": 1}])
    quote = guest.rpc("events.booking.quote", params)
    change = {"listing_id": hall, "version": 1, "pricing": {"minimum": 999999}}
    owner[1].rpc("events.listing.set_pricing", change)
    booking = guest.rpc("events.booking.create", params | {"quote_id": quote["quote_id"]})
    assert booking["price"] == {"amount": quote["price"]["total"], "currency": "EUR"}
    assert booking["price_lines"] == quote["price"]
    other = request(hall)
    assert guest.rpc("events.booking.create", other)["price"]["amount"] == 999999


def refused(user, params, quote):
    error = user.error("events.booking.create", params | {"quote_id": quote})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "quote")
    return error.data["cause"]


def test_a_quote_is_good_for_its_caller_and_request_only(stack, owner, guest, hall):
    params = request(hall, guests=40, units=2, extras=[{"key": "chairs", "quantity": 3}])
    quote = guest.rpc("events.booking.quote", params)["quote_id"]
    assert refused(stack.user(), params, quote) == "unknown"
    assert refused(guest, params, hall) == "unknown"
    changes = [
        {"units": 1},
        {"guests": 41},
        {"extras": [{"key": "chairs", "quantity": 2}]},
        {"extras": []},
        {"period": request(hall, days=3)["period"]},
        {"listing_id": make_hall(stack, owner)},
    ]
    for change in changes:
        assert refused(guest, params | change, quote) == "other_request", change
    without = {name: value for name, value in params.items() if name != "guests"}
    assert refused(guest, without, quote) == "other_request"
    assert guest.rpc("events.booking.create", params | {"quote_id": quote})["units"] == 2


def test_a_quote_ends_after_its_time(stack, guest, hall):
    params = request(hall)
    early, late = (guest.rpc("events.booking.quote", params)["quote_id"] for _ in range(2))
    with stack.database("events") as database:
        end = "UPDATE quote SET expires_at = clock_timestamp() + %s * interval '1 second' WHERE id = %s"
        database.execute(end, [0, early])
        database.execute(end, [60, late])
    assert refused(guest, params, early) == "expired"
    guest.rpc("events.booking.create", params | {"quote_id": late})


def test_of_one_caller_the_last_hundred_are_kept(stack, hall):
    user, other = stack.user(), stack.user()
    kept = other.rpc("events.booking.quote", request(hall))["quote_id"]
    first, second = (user.rpc("events.booking.quote", request(hall))["quote_id"] for _ in range(2))
    with stack.database("events") as database:
        database.execute(
            "INSERT INTO quote SELECT gen_random_uuid(), user_id, listing_id, period, units, guests, extras, price, "
            "expires_at + n * interval '1 second' FROM quote, generate_series(1, 98) n WHERE id = %s",
            [first],
        )
        database.execute("UPDATE quote SET expires_at = expires_at - interval '1 second' WHERE id = %s", [first])
    user.rpc("events.booking.quote", request(hall))
    with stack.database("events") as database:
        left = database.execute("SELECT id::text FROM quote WHERE user_id = %s", [user.id]).fetchall()
        assert len(left) == 100 and (first,) not in left and (second,) in left
        assert database.execute("SELECT count(*) FROM quote WHERE id = %s", [kept]).fetchone() == (1,)


def test_expired_quotes_are_deleted_in_batches(stack, guest, hall):
    live = guest.rpc("events.booking.quote", request(hall))["quote_id"]
    with stack.database("events") as database:
        database.execute(
            "INSERT INTO quote SELECT gen_random_uuid(), user_id, listing_id, period, units, guests, extras, price, "
            "now() - interval '1 second' FROM quote, generate_series(1, 2345) WHERE id = %s",
            [live],
        )
    stack["events"].stop()
    stack["events"].start()
    with stack.database("events") as database:
        count = "SELECT count(*) FILTER (WHERE expires_at <= now()), count(*) FILTER (WHERE id = %s) FROM quote"
        wait_until(lambda: database.execute(count, [live]).fetchone() == (0, 1), 30, "expired quotes to be gone")


def test_dates_are_charged_from_opening_to_closing(stack, owner, guest):
    """Longer by the clock than they are dates: opening at 8 of the first, closing at 2 of the night after the last."""
    hall = make_hall(stack, owner, time_zone="Europe/Berlin")
    hours = [
        {"days": ["fri"], "from": "08:00", "to": "22:00"},
        {"days": ["sat", "sun"], "from": "12:00", "to": "11:00"},
    ]
    rules = {"listing_id": hall, "version": 1, "rules": {"opening_hours": hours}}
    owner[1].rpc("events.listing.set_rules", rules)
    first = friday().date()
    dates = {"from": str(first), "to": str(first + 2 * DAY)}
    quote = guest.rpc("events.booking.quote", {"listing_id": hall, "dates": dates})
    assert quote["bookable"]
    assert [(line["key"], line["quantity"]) for line in quote["price"]["lines"]] == [(None, 1), ("1", 2), (None, None)]
    asked = {"listing_id": hall, "period": quote["period"]}
    assert guest.rpc("events.booking.quote", asked)["price"] == quote["price"]
    booking = guest.rpc("events.booking.create", {**asked, "quote_id": quote["quote_id"]})
    assert booking["price"]["amount"] == quote["price"]["total"]
    closed = {"from": str(first - DAY), "to": str(first)}
    quote = guest.rpc("events.booking.quote", {"listing_id": hall, "dates": closed})
    assert (quote["bookable"], [one["rule"] for one in quote["refusals"]]) == (False, ["closed"])
    error = guest.error("events.booking.create", {"listing_id": hall, "dates": closed})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "closed")


def test_nights_are_charged_from_arrival_to_departure(stack, owner, guest):
    hall = make_hall(stack, owner, time_zone="Europe/Berlin", price_unit="night")
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    hours = [{"days": week, "from": "15:00", "to": "11:00"}]
    rules = {"listing_id": hall, "version": 1, "rules": {"opening_hours": hours}}
    owner[1].rpc("events.listing.set_rules", rules)
    first = friday().date()
    dates = {"from": str(first), "to": str(first + 3 * DAY)}
    quote = guest.rpc("events.booking.quote", {"listing_id": hall, "dates": dates})
    assert [(line["key"], line["quantity"]) for line in quote["price"]["lines"]] == [(None, 1), ("1", 2), (None, None)]
    error = guest.error("events.booking.quote", {"listing_id": hall, "dates": {"from": str(first), "to": str(first)}})
    assert error.data["fields"][0]["path"] == "/params/dates/to"
