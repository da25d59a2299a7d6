"""The desk: the company's staff and its integrations book on behalf of customers, who may have no account."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from booking_steps import ask, do, fails, refused, set_rules, span
from companies import join
from integration import exchange, make_key
from waiting import wait_until

KARI = {"name": "Kari Nordmann", "phone": "+47 22 00 00 00", "email": "kari@customers.example"}


WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
TAKEN_UP = """
UPDATE booking SET state = 'confirmed', option = false, expires_at = NULL, user_id = NULL,
	customer = '{"name": "Ola", "phone": "+47 22 00 00 01"}' WHERE id = %s
"""


def fields(error):
    return {one["path"]: one["rule"] for one in error.data["fields"]}


@pytest.fixture(scope="module")
def clerk(stack, owner):
    """A member with the right staff alone."""
    return join(stack, owner[1], owner[0])


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, price={"amount": 1000, "currency": "EUR"}, price_unit="hour")["id"]


@pytest.fixture(scope="module")
def till(stack, owner):
    """A token of an integration with the right staff."""
    return exchange(stack, make_key(owner[1], owner[0], "events.booking.*", right="staff")["secret"])


def test_a_clerk_books_for_who_telephones(stack, hall, clerk, owner, guest):
    set_rules(owner[1], hall, confirmation="request")
    made = ask(clerk, hall, customer=KARI)
    assert (made["state"], made["user_id"], made["customer"]) == ("confirmed", None, KARI)
    assert made["booked_by"] == clerk.id and made["price"]["amount"] == 2000
    assert ask(guest, hall, 3, 4)["state"] == "requested"  # the rule holds for all others
    assert fails(guest, "get", made) == "not_found"
    changed = do(clerk, "change", made, guests=3)
    assert changed["customer"] == KARI and do(owner[1], "cancel", changed)["cancelled_by"] == "company"


def test_a_booking_for_an_account_is_the_customers(hall, clerk, guest):
    made = ask(clerk, hall, customer={"user_id": guest.id})
    assert (made["user_id"], made["customer"], made["booked_by"]) == (guest.id, None, clerk.id)
    assert made["id"] in [one["id"] for one in guest.rpc("events.booking.list", {})["items"]]
    assert do(guest, "cancel", made)["cancelled_by"] == "customer"
    own = ask(clerk, hall, customer={"user_id": clerk.id})
    assert (own["user_id"], own["booked_by"]) == (clerk.id, None)


def test_a_till_books_and_holds(stack, hall, till):
    params = {"listing_id": hall, "period": span(0, 2)}
    assert fields(stack.error("events.booking.create", params, till)) == {"/params/customer": "required"}
    quote = stack.rpc("events.booking.quote", params, till)
    made = stack.rpc("events.booking.create", params | {"customer": KARI, "quote_id": quote["quote_id"]}, till)
    assert made["price"]["amount"] == quote["price"]["total"] and made["booked_by"]
    held = params | {"period": span(5, 6), "customer": KARI, "until": span(4, 5)["from"]}
    option = stack.rpc("events.booking.hold", held, till)
    assert option["option"] and option["customer"] == KARI
    taken = stack.rpc("events.booking.create", {"listing_id": hall, "hold_id": option["id"]}, till)
    assert (taken["state"], taken["customer"], taken["id"]) == ("confirmed", KARI, option["id"])


def test_whoever_is_not_of_the_company_books_for_nobody_else(hall, guest, other):
    assert refused(guest, hall, customer=KARI).word == "forbidden"
    assert refused(guest, hall, customer={"user_id": other.id}, method="hold").word == "forbidden"


@pytest.mark.parametrize(
    ("customer", "field", "rule"),
    [
        ({"name": "Nobody"}, "/params/customer/email", "required"),
        ({"phone": "+47 22 00 00 00"}, "/params/customer/name", "required"),
        (KARI | {"user_id": "01932b5c-7a10-7000-8000-000000000001"}, "/params/customer/user_id", "beside"),
        ({}, "/params/customer", "minProperties"),
        (KARI | {"email": "kari@x\r\nBcc: all@customers.example"}, "/params/customer/email", "format"),
        (KARI | {"name": "Kari\nNordmann"}, "/params/customer/name", "format"),
        (KARI | {"phone": "ring me"}, "/params/customer/phone", "pattern"),
    ],
)
def test_a_customer_can_be_named_and_reached(hall, clerk, customer, field, rule):
    assert fields(refused(clerk, hall, customer=customer))[field] == rule


def test_an_option_is_a_matter_of_all_the_staff(stack, hall, clerk, owner, guest):
    until = span(9, 10)["from"]
    first = ask(owner[1], hall, 10, 12, method="hold", until=until)
    assert do(clerk, "cancel", first)["state"] == "cancelled"
    second = ask(owner[1], hall, 10, 12, method="hold", until=until, customer={"user_id": guest.id})
    assert second["option"] and second["user_id"] == guest.id
    taken = guest.rpc("events.booking.create", {"listing_id": hall, "hold_id": second["id"]})
    assert taken["state"] == "confirmed" and taken["booked_by"] == owner[1].id
    third = ask(owner[1], hall, 14, 15, method="hold", until=until)
    mine = clerk.rpc("events.booking.create", {"listing_id": hall, "hold_id": third["id"], "customer": KARI})
    assert (mine["user_id"], mine["customer"], mine["booked_by"]) == (None, KARI, clerk.id)
    assert guest.error("events.booking.create", {"listing_id": hall, "hold_id": third["id"]}).word == "not_found"


@pytest.mark.parametrize("canceller", ["clerk", "guest"])
def test_who_cancels_an_option_while_it_is_taken_up_cancels_no_booking(stack, hall, clerk, owner, guest, canceller):
    """Staff may cancel an option, but no booking; and who held it before may not cancel another customer's."""
    customer = {"customer": {"user_id": guest.id}} if canceller == "guest" else {}
    option = ask(owner[1], hall, 10, 12, method="hold", until=span(9, 10)["from"], **customer)
    with stack.database("events") as other, stack.database("events") as watch, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute("SELECT 1 FROM listing WHERE id = %s FOR UPDATE", [hall])
            cancelled = pool.submit(fails, clerk if canceller == "clerk" else guest, "cancel", option)
            wait_until(lambda: watch.execute(WAITS).fetchone()[0], 10, "the cancellation to wait")
            other.execute(TAKEN_UP, [option["id"]])
        assert cancelled.result() == "stale_version"
    assert do(owner[1], "get", option)["state"] == "confirmed"


def test_the_company_has_answered_who_takes_its_option_up(hall, owner, guest):
    set_rules(owner[1], hall, confirmation="request")
    option = ask(owner[1], hall, 10, 12, method="hold", until=span(9, 10)["from"], customer={"user_id": guest.id})
    taken = guest.rpc("events.booking.create", {"listing_id": hall, "hold_id": option["id"]})
    assert taken["state"] == "confirmed"


def test_a_price_for_who_has_no_account_is_accepted_at_the_desk(stack, owner, clerk, guest):
    hall = stack.listing(*owner, price=None)["id"]
    set_rules(owner[1], hall, min_minutes=30)
    asked = ask(clerk, hall, customer=KARI)
    assert asked["state"] == "requested"
    do(clerk, "approve", asked, price={"amount": 5000, "currency": "EUR"})
    assert fails(guest, "accept", asked, expected_total=5000) == "not_found"
    assert do(clerk, "accept", asked, expected_total=5000)["state"] == "confirmed"
    set_aside = ask(
        owner[1],
        hall,
        5,
        6,
        customer=KARI,
        price_override={"amount": 70, "currency": "EUR"},
        override_reason="as last year",
    )
    assert (set_aside["state"], set_aside["price"]["amount"]) == ("confirmed", 70)


def test_a_manager_sets_price_and_rules_aside_and_says_why(stack, hall, owner, clerk, guest):
    set_rules(owner[1], hall, min_minutes=240, notice_minutes=60 * 24 * 300)
    assert {one["rule"] for one in refused(owner[1], hall, customer=KARI).data["refusals"]} == {
        "notice",
        "min_duration",
    }
    aside = {"ignore_rules": ["notice", "min_duration"], "price_override": {"amount": 1, "currency": "EUR"}}
    why = {"override_reason": "the mayor asked"}
    assert fields(refused(owner[1], hall, **aside)) == {"/params/override_reason": "required"}
    assert fields(refused(owner[1], hall, **why)) == {"/params/price_override": "required"}
    assert refused(clerk, hall, customer=KARI, **aside, **why).word == "forbidden"
    assert refused(owner[1], hall, ignore_rules=["notice"], **why).data["rule"] == "min_duration"
    made = ask(owner[1], hall, customer={"user_id": guest.id}, **aside, **why)
    assert made["price"] == {"amount": 1, "currency": "EUR"}
    assert [one["kind"] for one in made["price_lines"]["lines"]] == ["override"]
    assert {**made["override"], "at": None} == {
        "by": owner[1].id,
        "at": None,
        "reason": "the mayor asked",
        "price": aside["price_override"],
        "ignore_rules": aside["ignore_rules"],
    }
    assert "override" not in do(guest, "get", made)
    assert all("override" not in one for one in guest.rpc("events.booking.list", {})["items"])
    audit = {"company_id": owner[0], "overridden": True}
    assert made["id"] in [one["id"] for one in owner[1].rpc("events.booking.list", audit)["items"]]
    assert clerk.rpc("events.booking.list", audit | {"limit": 1})["items"][0]["override"]["by"] == owner[1].id
    assert fields(owner[1].error("events.booking.list", {"overridden": True})) == {"/params/company_id": "required"}
    assert refused(owner[1], hall, **aside, **why).reason == "booked"  # units are never set aside
    other_money = aside | {"price_override": {"amount": 1, "currency": "NOK"}}
    odd = fields(refused(owner[1], hall, 5, 6, **other_money, **why))
    assert odd == {"/params/price_override/currency": "one_currency"}


def test_no_manager_sets_aside_what_holds_for_all(hall, owner):
    why = {"ignore_rules": ["min_duration", "max_duration", "horizon"], "override_reason": "because"}
    assert refused(owner[1], hall, 0, 24 * 400, **why).data["rule"] == "max_duration"


def test_a_customer_without_an_account_is_forgotten(stack, hall, owner, clerk, guest):
    made = ask(clerk, hall, customer=KARI, note="allergic to nuts")
    course = {"listing_id": hall, "period": span(24, 25), "recurrence": {"frequency": "weekly", "count": 2}}
    series = clerk.rpc("events.booking.create_recurring", course | {"customer": KARI, "note": "Kari's course"})
    ids = [one["booking_id"] for one in series["occurrences"]]
    assert (
        fails(clerk, "erase_customer", made) == "company_right" and fails(guest, "erase_customer", made) == "not_found"
    )
    for booking in (made, {"id": ids[0]}):
        gone = do(owner[1], "erase_customer", booking)
        assert (gone["customer"], gone["note"], gone["state"]) == ({}, "", "confirmed")
        assert fails(owner[1], "erase_customer", booking) == "customer"
    with stack.database("events") as database:
        kept = "SELECT count(*) FROM {} t WHERE t::text LIKE '%%Kari%%' AND listing_id = %s"
        for table in ("booking", "booking_series"):
            assert database.execute(kept.format(table), [hall]).fetchone()[0] == 0, table


def test_a_price_set_aside_has_the_taxes_and_the_deposit_of_the_listing(hall, owner):
    version = owner[1].rpc("events.listing.get_pricing", {"listing_id": hall})["version"]
    taxes = [{"name": "VAT", "rate_bp": 2500, "included": False}, {"name": "City", "rate_bp": 1000, "included": True}]
    pricing = {"taxes": taxes, "deposit_bp": 2000, "minimum": 9000}
    owner[1].rpc("events.listing.set_pricing", {"listing_id": hall, "version": version, "pricing": pricing})
    aside = {"price_override": {"amount": 1100, "currency": "EUR"}, "override_reason": "a friend of the house"}
    made = ask(owner[1], hall, customer=KARI, **aside)["price_lines"]
    assert (made["total"], made["deposit"], made["taxes"]) == (1375, 275, 375)
    assert [(one["kind"], one["amount"], one["tax_included"]) for one in made["lines"]] == [
        ("override", 1100, 100),
        ("tax", 275, 0),
    ]
    nothing = ask(owner[1], hall, 4, 6, customer=KARI, **aside | {"price_override": {"amount": 0, "currency": "EUR"}})
    assert nothing["price"] == {"amount": 0, "currency": "EUR"} and nothing["state"] == "confirmed"
    shorter = do(owner[1], "shorten", nothing, to=span(4, 5)["to"])
    assert shorter["price"]["amount"] == 0
