"""What is given back of a booking is what a plain model says: shown before, and recorded when it is cancelled."""

import datetime as dt
import random

import price_model
import pytest

HOUR = dt.timedelta(hours=1)
POLICY = [
    {"until_hours_before_start": 720, "refund_bp": 10000},
    {"until_hours_before_start": 168, "refund_bp": 6667},
    {"until_hours_before_start": 24, "refund_bp": 3333},
]
PRICING = {
    "adjustments": [{"id": 1, "on": "length", "at_least": 3, "percent_bp": -1500}],
    "extras": [
        {"key": "cleaning", "name": "Cleaning", "amount": 4999, "per": "booking", "refundable": False},
        {"key": "chairs", "name": "Chairs", "amount": 133, "per": "hour"},
    ],
    "taxes": [
        {"name": "VAT", "rate_bp": 1900, "included": True},
        {"name": "City tax", "rate_bp": 355, "included": False},
    ],
}


@pytest.fixture(scope="module")
def hall(stack, owner):
    listing = stack.listing(*owner, price={"amount": 3333, "currency": "EUR"}, price_unit="hour", units=100)["id"]
    rules = {"listing_id": listing, "version": 0, "rules": {"cancellation": POLICY}}
    owner[1].rpc("events.listing.set_rules", rules)
    owner[1].rpc("events.listing.set_pricing", {"listing_id": listing, "version": 1, "pricing": PRICING})
    return listing


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def book(user, hall, start, hours, keys):
    period = {"from": text(start), "to": text(start + hours * HOUR)}
    extras = [{"key": key, "quantity": 1} for key in keys]
    return user.rpc("events.booking.create", {"listing_id": hall, "period": period, "extras": extras})


def test_a_booking_from_before_policies_is_given_back_whole(stack, hall):
    user = stack.user()
    booking = book(user, hall, dt.datetime.now(dt.UTC).replace(microsecond=0) + 3 * HOUR, 2, [])
    with stack.database("events") as database:
        database.execute("UPDATE booking SET policy = '[]' WHERE id = %s", [booking["id"]])
    told = user.rpc("events.booking.quote_cancel", {"id": booking["id"]})
    assert (told["refund_bp"], told["cancellation_fee"]) == (10000, 0)


def test_refunds_are_those_of_a_plain_model(stack, owner, hall):
    chance, user, met = random.Random(11), stack.user(), set()
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for number, before in enumerate((1, 23, 25, 25, 167, 169, 169, 719, 721, 2000) * 2):
        keys = chance.sample(("cleaning", "chairs"), chance.randint(0, 2))
        start = now + before * HOUR
        booking = book(user, hall, start, chance.randint(1, 5), keys)
        paid = chance.choice((0, booking["price"]["amount"] // 3, booking["price"]["amount"]))
        with stack.database("events") as database:
            database.execute("UPDATE booking SET paid = %s WHERE id = %s", [paid, booking["id"]])
        by_company = number % 7 == 6
        caller, cause = (owner[1], "company") if by_company else (user, "guest")
        params = {"id": booking["id"]}
        shown = caller.rpc("events.booking.quote_cancel", params)
        moment = dt.datetime.fromisoformat(shown["as_of"])
        wanted = price_model.refund(booking["price_lines"], POLICY, start, moment, cause, paid)
        assert (shown["refund_bp"], shown["cancellation_fee"], shown["refund_due"], shown["paid"]) == (
            wanted["refund_bp"],
            wanted["fee"],
            wanted["due"],
            paid,
        ), (before, keys, cause)
        reason = {"reason": "The roof leaks."} if by_company else {}
        cancelled = caller.rpc("events.booking.cancel", params | reason)
        assert (cancelled["cancellation_fee"], cancelled["refund_due"]) == (wanted["fee"], wanted["due"])
        met.add((cause, wanted["refund_bp"]))
    assert met == {("company", 10000), ("guest", 10000), ("guest", 6667), ("guest", 3333), ("guest", 0)}
