"""Several listings booked together: all or none, and by request until every owner has answered."""

import pytest
from booking_steps import EUROS, do, fails, set_rules, set_time, span, told
from bookings import at_once
from companies import join
from rpc import RpcError
from waiting import wait_until


@pytest.fixture(scope="module")
def elsewhere(stack):
    """Another company, (id, owner)."""
    return stack.company()


@pytest.fixture
def halls(stack, owner):
    return [stack.listing(*owner, price=EUROS, price_unit="hour")["id"] for _ in range(3)]


@pytest.fixture
def tent(stack, elsewhere):
    """By request, of the other company."""
    return set_rules(
        elsewhere[1], stack.listing(*elsewhere, price=EUROS, price_unit="hour")["id"], confirmation="request"
    )


def wanted(*listings, first=0, last=2, **more):
    return {"bookings": [{"listing_id": one, "period": span(first, last)} | more for one in listings]}


def many(user, *listings, **more):
    return user.rpc("events.booking.create_many", wanted(*listings, **more))


def refused(user, *listings, **more):
    return user.error("events.booking.create_many", wanted(*listings, **more))


def states(user, group):
    return [do(user, "get", one)["state"] for one in group["bookings"]]


def fields(error):
    return {one["path"]: one["rule"] for one in error.data["fields"]}


def test_all_are_booked_or_none(halls, guest, other):
    made = many(guest, *halls)
    assert made["state"] == "confirmed" and made["totals"] == [{"amount": 6000, "currency": "EUR"}]
    assert [one["listing_id"] for one in made["bookings"]] == halls
    assert {one["group_id"] for one in made["bookings"]} == {made["group_id"]}
    do(guest, "cancel", made["bookings"][1])
    error = refused(other, halls[1], halls[2])
    assert (error.reason, error.data["path"]) == ("booked", "/params/bookings/1")
    assert other.rpc("events.booking.list", {"state": "confirmed"})["items"] == []
    assert many(other, halls[1])["bookings"][0]["state"] == "confirmed"


def test_they_cost_what_was_quoted_together(stack, halls, owner, guest):
    asked = wanted(*halls)
    quote = guest.rpc("events.booking.quote_many", asked)
    assert quote["bookable"] and quote["totals"] == [{"amount": 6000, "currency": "EUR"}]
    version = owner[1].rpc("events.listing.get_pricing", {"listing_id": halls[0]})["version"]
    dearer = {"listing_id": halls[0], "version": version, "pricing": {"minimum": 99_000}}
    owner[1].rpc("events.listing.set_pricing", dearer)
    told_before = {"bookings": [one | {"expected_total": 2000} for one in asked["bookings"]]}
    error = guest.error("events.booking.create_many", told_before)
    assert (error.reason, error.data["quote"]["totals"][0]["amount"]) == ("price_changed", 103_000)
    swapped = {"bookings": asked["bookings"][::-1], "quote_id": quote["quote_id"]}
    assert guest.error("events.booking.create_many", swapped).data["cause"] == "other_request"
    made = guest.rpc("events.booking.create_many", asked | {"quote_id": quote["quote_id"]})
    assert made["totals"] == quote["totals"]


def test_one_by_request_makes_requests_of_all(stack, halls, tent, owner, elsewhere, guest, other):
    made = many(guest, halls[0], tent)
    assert made["state"] == "requested"
    assert [(one["state"], one["ready"]) for one in made["bookings"]] == [("requested", True), ("requested", False)]
    assert len({one["expires_at"] for one in made["bookings"]}) == 1
    assert refused(other, halls[0]).reason == refused(other, tent).reason == "booked"  # both have their units
    assert fails(owner[1], "approve", made["bookings"][0]) == "ready"
    assert fails(guest, "change", made["bookings"][1], guests=3) == "group"
    assert do(elsewhere[1], "approve", made["bookings"][1])["state"] == "confirmed"
    assert states(guest, made) == ["confirmed", "confirmed"]
    assert told(stack, made["bookings"][0]) == [("requested", "request"), ("confirmed", "approve")]


def test_all_owners_answer(stack, tent, owner, elsewhere, guest):
    hall = set_rules(owner[1], stack.listing(*owner, price=EUROS)["id"], confirmation="request")
    made = many(guest, hall, tent)
    first = do(owner[1], "approve", made["bookings"][0])
    assert (first["state"], first["ready"], first["cause"]) == ("requested", True, "agree")
    assert states(guest, made) == ["requested", "requested"]
    do(elsewhere[1], "approve", made["bookings"][1])
    assert states(guest, made) == ["confirmed", "confirmed"]
    assert told(stack, made["bookings"][0])[1:] == [("agreed", "agree"), ("confirmed", "approve")]
    assert do(guest, "cancel", made["bookings"][0])["state"] == "cancelled"  # each for itself from now on
    assert states(guest, made) == ["cancelled", "confirmed"]


def test_a_price_that_a_company_sets_is_accepted_before_all_are_confirmed(stack, halls, elsewhere, guest):
    priceless = set_rules(elsewhere[1], stack.listing(*elsewhere, price=None)["id"], min_minutes=30)
    made = many(guest, halls[0], priceless)
    offered = do(elsewhere[1], "approve", made["bookings"][1], price={"amount": 700, "currency": "EUR"})
    assert offered["expires_at"] == made["bookings"][0]["expires_at"] and states(guest, made) == ["requested"] * 2
    assert do(guest, "accept", offered, expected_total=700)["state"] == "confirmed"
    assert states(guest, made) == ["confirmed", "confirmed"]


@pytest.mark.parametrize("how", ["decline", "cancel", "withdrawn by the company", "expiry", "suspension"])
def test_when_one_ends_all_end(stack, halls, guest, other, how):
    company = stack.company()
    asked = set_rules(company[1], stack.listing(*company, price=EUROS)["id"], confirmation="request")
    made = many(guest, halls[0], halls[1], asked)
    last = made["bookings"][2]
    ends = {
        "decline": ("declined", "declined"),
        "cancel": ("cancelled", "cancelled"),
        "expiry": ("expired", "expired"),
        "withdrawn by the company": ("cancelled", "cancelled"),
        "suspension": ("expired", "declined"),
    }[how]
    if how == "decline":
        do(company[1], "decline", last, reason="no tents in winter")
    elif how == "cancel":
        do(guest, "cancel", made["bookings"][0])
    elif how == "withdrawn by the company":
        do(company[1], "cancel", last)
    elif how == "expiry":
        for one in made["bookings"]:
            set_time(stack, one, expires_at="now()")
    else:
        stack.admin().rpc("passport.company.suspend", {"id": company[0], "reason": "a test"})
    wait_until(lambda: states(guest, made) == [ends[0], ends[0], ends[1]], what=f"all to end by {how}")
    assert many(other, halls[0], halls[1])["state"] == "confirmed"


def test_the_desk_books_several_for_a_customer(stack, owner, halls, elsewhere, tent):
    clerk = join(stack, owner[1], owner[0])
    kari = {"name": "Kari Nordmann", "phone": "+47 22 00 00 00"}
    made = clerk.rpc("events.booking.create_many", wanted(*halls) | {"customer": kari})
    assert {(one["state"], one["booked_by"], one["customer"]["name"]) for one in made["bookings"]} == {
        ("confirmed", clerk.id, "Kari Nordmann")
    }
    error = clerk.error("events.booking.create_many", wanted(halls[0], tent, first=5, last=6) | {"customer": kari})
    assert error.word == "forbidden"  # the tent is another company's


def test_bad_input_is_named_by_its_place(stack, halls, guest):
    error = guest.error("events.booking.create_many", wanted(*[halls[0]] * 21))
    assert fields(error) == {"/params/bookings": "maxItems"}
    assert fields(guest.error("events.booking.create_many", {"bookings": []})) == {"/params/bookings": "minItems"}
    assert fields(refused(guest, halls[0], halls[0])) == {"/params/bookings/1/period": "overlap"}
    apart = wanted(halls[0])["bookings"] + wanted(halls[0], first=2, last=3)["bookings"]
    assert guest.rpc("events.booking.create_many", {"bookings": apart})["state"] == "confirmed"
    backwards = wanted(halls[1])["bookings"] + [{"listing_id": halls[2], "period": span(3, 2)}]
    assert fields(guest.error("events.booking.create_many", {"bookings": backwards})) == {
        "/params/bookings/1/period/to": "after"
    }
    nowhere = wanted(halls[1], "01932b5c-7a10-7000-8000-000000000001")
    assert guest.error("events.booking.create_many", nowhere).word == "not_found"
    again = wanted(halls[1]) | {"idempotency_key": "twice"}
    first = guest.rpc("events.booking.create_many", again)
    assert guest.rpc("events.booking.create_many", again) == first


def test_limits_of_a_user_count_all_of_them(stack, owner, guest):
    hall = set_rules(owner[1], stack.listing(*owner, price=EUROS)["id"], limits={"bookings_per_user": 2})
    three = {"bookings": [wanted(hall, first=n, last=n + 1)["bookings"][0] for n in range(3)]}
    error = guest.error("events.booking.create_many", three)
    assert (error.data["rule"], error.data["path"]) == ("user_bookings", "/params/bookings/2")


def test_callers_who_want_the_same_in_any_order_never_wait_in_a_circle(stack, halls):
    users = [stack.user() for _ in range(6)]

    def book(number):
        try:
            return many(users[number], *(halls if number % 2 else halls[::-1]))["state"]
        except RpcError as error:
            return error.reason

    assert sorted(at_once(6, book)) == ["booked"] * 5 + ["confirmed"]
