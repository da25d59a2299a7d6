"""How a listing is priced: set by its managers, named where it is wrong, seen by everybody, in one currency."""

import datetime as dt

import pytest

EUR = {"amount": 10000, "currency": "EUR"}
SOUND = {
    "currency": "EUR",
    "rules": [
        {"id": 1, "amount": 15000, "name": "Weekend", "days": ["sat", "sun"], "priority": 5},
        {"id": 2, "amount": 20000, "season": {"from": "2027-12-20", "to": "2028-01-06", "yearly": True}},
        {"id": 3, "amount": 9000, "hours": {"from": "22:00", "to": "24:00"}},
    ],
    "adjustments": [{"id": 1, "on": "length", "at_least": 7, "percent_bp": -1000, "name": "Week"}],
    "extras": [{"key": "cleaning", "name": "Cleaning", "amount": 5000, "per": "booking", "refundable": False}],
    "minimum": 12000,
    "taxes": [{"name": "VAT", "rate_bp": 1900, "included": True}],
    "deposit_bp": 2000,
}


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, price=EUR, price_unit="day")["id"]


def set_pricing(owner, hall, pricing, version=0):
    return owner[1].rpc("events.listing.set_pricing", {"listing_id": hall, "version": version, "pricing": pricing})


def test_what_was_set_is_what_everybody_reads(stack, owner, hall):
    before = stack.rpc("events.listing.get_pricing", {"listing_id": hall})
    assert before == {"listing_id": hall, "version": 0, "price": EUR, "price_unit": "day", "pricing": {}}
    answer = set_pricing(owner, hall, SOUND)
    assert answer.pop("seq") > 0
    assert answer == before | {"version": 1, "pricing": SOUND}
    assert stack.rpc("events.listing.get_pricing", {"listing_id": hall}) == answer
    assert set_pricing(owner, hall, {}, version=1)["pricing"] == {}


def test_a_version_that_is_not_the_present_one_is_stale(owner, hall):
    for version in (1, 2147483647):
        params = {"listing_id": hall, "version": version, "pricing": {}}
        error = owner[1].error("events.listing.set_pricing", params)
        assert (error.word, error.data["reason"]) == ("conflict", "stale_version")
    set_pricing(owner, hall, SOUND)
    params = {"listing_id": hall, "version": 0, "pricing": {}}
    assert owner[1].error("events.listing.set_pricing", params).data["reason"] == "stale_version"


def test_only_the_company_sees_the_pricing_of_a_draft(stack, owner):
    draft = stack.listing(*owner, price=EUR, publish=False)["id"]
    set_pricing(owner, draft, SOUND)
    params = {"listing_id": draft}
    for stranger in (stack, stack.user(), stack.company()[1]):
        assert stranger.error("events.listing.get_pricing", params).word == "not_found"
    change = params | {"version": 1, "pricing": {}}
    assert stack.user().error("events.listing.set_pricing", change).word == "not_found"
    for insider in (owner[1], stack.admin()):
        assert insider.rpc("events.listing.get_pricing", params)["pricing"] == SOUND
    unknown = {"listing_id": owner[0]}
    assert stack.error("events.listing.get_pricing", unknown).word == "not_found"
    assert owner[1].error("events.listing.set_pricing", change | unknown).word == "not_found"


def test_strangers_set_no_pricing(stack, hall):
    params = {"listing_id": hall, "version": 0, "pricing": {}}
    error = stack.user().error("events.listing.set_pricing", params)
    assert (error.word, error.data["reason"]) == ("forbidden", "company_right")


RULE = {"id": 1, "amount": 100}
LESS = {"id": 1, "on": "length", "amount": -100}
CLEANING = {"key": "cleaning", "name": "Cleaning", "amount": 1, "per": "booking"}
VAT = {"name": "VAT", "rate_bp": 100, "included": True}
WRONG = [
    ({"rules": [RULE, RULE | {"amount": 2}]}, "/rules/1/id", "unique"),
    ({"adjustments": [LESS, LESS]}, "/adjustments/1/id", "unique"),
    ({"extras": [CLEANING, CLEANING | {"name": "B"}]}, "/extras/1/key", "unique"),
    ({"taxes": [VAT, VAT | {"rate_bp": 1}]}, "/taxes/1/name", "unique"),
    ({"rules": [{"id": n + 1, "amount": n} for n in range(501)]}, "/rules", "maxItems"),
    ({"adjustments": [LESS | {"id": n + 1} for n in range(101)]}, "/adjustments", "maxItems"),
    ({"extras": [CLEANING | {"key": f"e{n}"} for n in range(101)]}, "/extras", "maxItems"),
    ({"taxes": [VAT | {"name": f"T{n}"} for n in range(6)]}, "/taxes", "maxItems"),
    ({"rules": [RULE | {"amount": -1}]}, "/rules/0/amount", "minimum"),
    ({"rules": [RULE | {"amount": 9_000_000_000_000_001}]}, "/rules/0/amount", "maximum"),
    ({"rules": [RULE | {"id": 0}]}, "/rules/0/id", "minimum"),
    ({"rules": [RULE | {"currency": "NOK"}]}, "/rules/0/currency", "one_currency"),
    ({"currency": "NOK"}, "/currency", "one_currency"),
    ({"extras": [CLEANING | {"currency": "NOK"}]}, "/extras/0/currency", "one_currency"),
    ({"rules": [RULE | {"days": []}]}, "/rules/0/days", "minItems"),
    ({"rules": [RULE | {"days": ["mon", "mon"]}]}, "/rules/0/days", "uniqueItems"),
    ({"rules": [RULE | {"season": {"from": "2027-02-02", "to": "2027-02-01"}}]}, "/rules/0/season/to", "not_before"),
    ({"rules": [RULE | {"season": {"from": "2027-02-29", "to": "2027-03-01"}}]}, "/rules/0/season/from", "format"),
    (
        {"rules": [RULE | {"season": {"from": "2027-01-01", "to": "2028-01-02", "yearly": True}}]},
        "/rules/0/season/to",
        "maximum_days",
    ),
    ({"rules": [RULE | {"season": {}}]}, "/rules/0/season/from", "required"),
    ({"rules": [RULE | {"hours": {"from": "24:00", "to": "24:00"}}]}, "/rules/0/hours/from", "pattern"),
    ({"rules": [RULE | {"hours": {"from": "08:00", "to": "24:01"}}]}, "/rules/0/hours/to", "pattern"),
    ({"adjustments": [LESS | {"percent_bp": 1}]}, "/adjustments/0/amount", "form"),
    ({"adjustments": [{"id": 1, "on": "length"}]}, "/adjustments/0/percent_bp", "form"),
    ({"adjustments": [{"id": 1, "on": "length", "percent_bp": -10001}]}, "/adjustments/0/percent_bp", "minimum"),
    ({"adjustments": [LESS | {"amount": -10001}]}, "/adjustments/0/amount", "negative_price"),
    ({"adjustments": [LESS | {"at_least": 4, "less_than": 4}]}, "/adjustments/0/less_than", "exclusiveMinimum"),
    ({"minimum": -1}, "/minimum", "minimum"),
    ({"deposit_bp": 10001}, "/deposit_bp", "maximum"),
    ({"discount": 1}, "/discount", "additionalProperties"),
]


@pytest.mark.parametrize(("pricing", "path", "rule"), WRONG, ids=[f"{rule} {path}" for _, path, rule in WRONG])
def test_what_is_wrong_is_named_when_it_is_set(stack, owner, wrong_hall, pricing, path, rule):
    params = {"listing_id": wrong_hall, "version": 0, "pricing": pricing}
    error = owner[1].error("events.listing.set_pricing", params)
    assert error.word == "invalid_params"
    assert (error.data["fields"][0]["path"], error.data["fields"][0]["rule"]) == (f"/params/pricing{path}", rule)
    assert "breaks the rule" not in error.message


@pytest.fixture(scope="module")
def wrong_hall(stack, owner):
    return stack.listing(*owner, price=EUR, price_unit="day")["id"]


def test_500_rules_fit(stack, owner, hall):
    pricing = {"rules": [{"id": n + 1, "amount": n, "name": f"Rule {n}", "days": ["mon"]} for n in range(500)]}
    assert len(set_pricing(owner, hall, pricing)["pricing"]["rules"]) == 500
    assert stack.rpc("events.listing.get_pricing", {"listing_id": hall})["pricing"] == pricing


def test_a_pricing_needs_a_base_price(stack, owner):
    free = stack.listing(*owner)["id"]
    assert set_pricing(owner, free, {})["version"] == 1
    error = owner[1].error("events.listing.set_pricing", {"listing_id": free, "version": 1, "pricing": {"minimum": 1}})
    assert (error.word, error.data["rule"]) == ("precondition_failed", "no_price")


def update(stack, owner, hall, price):
    version = stack.rpc("events.listing.get", {"id": hall})["version"]
    return {"id": hall, "version": version, "price": price}


def refused(stack, owner, hall, price):
    error = owner[1].error("events.listing.update", update(stack, owner, hall, price))
    return (error.word, error.data["rule"], error.data["currency"]) == ("precondition_failed", "currency_in_use", "EUR")


def test_the_currency_stays_while_the_pricing_has_amounts_in_it(stack, owner, hall):
    set_pricing(owner, hall, {"minimum": 1})
    assert refused(stack, owner, hall, {"amount": 1, "currency": "NOK"})
    assert refused(stack, owner, hall, None)
    for amount in (1, 0):
        price = {"amount": amount, "currency": "EUR"}
        assert owner[1].rpc("events.listing.update", update(stack, owner, hall, price))["price"] == price
    set_pricing(owner, hall, {}, version=1)
    for price in ({"amount": 1, "currency": "NOK"}, None, EUR):
        assert owner[1].rpc("events.listing.update", update(stack, owner, hall, price))["price"] == price


def test_the_currency_stays_while_there_are_bookings_to_come(stack, owner, hall):
    day = dt.datetime.now(dt.UTC).replace(hour=10, minute=0, second=0, microsecond=0) + dt.timedelta(days=3)
    period = {"from": day.strftime("%FT%TZ"), "to": (day + dt.timedelta(hours=5)).strftime("%FT%TZ")}
    guest = stack.user()
    booking = guest.rpc("events.booking.create", {"listing_id": hall, "period": period})
    nok = {"amount": 1, "currency": "NOK"}
    assert refused(stack, owner, hall, nok)
    guest.rpc("events.booking.cancel", {"id": booking["id"]})
    assert owner[1].rpc("events.listing.update", update(stack, owner, hall, nok))["price"] == nok
    kept = guest.rpc("events.booking.create", {"listing_id": hall, "period": period})
    assert owner[1].rpc("events.listing.update", update(stack, owner, hall, None))["price"] is None
    assert guest.rpc("events.booking.get", {"id": kept["id"]})["price"] == nok
