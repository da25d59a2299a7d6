"""What creating a booking answers and tells is what reading it shows."""

import pytest
from booking_steps import EUROS, ask, do, set_rules, span

RULES = {
    "overbooking": 1,
    "cancellation": [{"until_hours_before_start": 24, "refund_bp": 5000}],
    "buffer_after_minutes": 15,
}


@pytest.fixture(scope="module")
def listings(stack, owner, staff):
    made = {
        "plain": stack.listing(*owner)["id"],
        "priced": stack.listing(*owner, price=EUROS, price_unit="hour", units=3)["id"],
        "named": stack.listing(*owner, price=EUROS, price_unit="hour", units=3)["id"],
        "by request": stack.listing(*owner, price=EUROS, price_unit="hour")["id"],
    }
    set_rules(staff, made["priced"], **RULES)
    set_rules(staff, made["named"], units_mode="named", **RULES)
    set_rules(staff, made["by request"], confirmation="request")
    for name in ("priced", "named"):
        pricing = {"extras": [{"key": "beamer", "name": "Beamer", "amount": 100, "per": "booking"}]}
        version = staff.rpc("events.listing.get_rules", {"listing_id": made[name]})["version"]
        params = {"listing_id": made[name], "version": version, "pricing": pricing}
        staff.rpc("events.listing.set_pricing", params)
    return made


def same(stack, user, made):
    """The answer but for its seq, and the fact, are what get answers to the user and to the company."""
    del made["seq"]
    assert do(user, "get", made) == made
    with stack.database("events") as database:
        told = database.execute(
            "SELECT payload FROM outbox WHERE payload->>'id' = %s ORDER BY xid, seq LIMIT 1", [made["id"]]
        ).fetchone()[0]
    return told


@pytest.mark.parametrize(
    ("listing", "method", "more"),
    [
        ("plain", "create", {}),
        ("plain", "hold", {"note": 'The "big" room, \\ é'}),
        ("priced", "create", {"guests": 5, "units": 2, "note": "Two\nlines"}),
        ("priced", "create", {"units": 4, "extras": [{"key": "beamer", "quantity": 2}]}),
        ("named", "create", {"unit_numbers": [3, 1], "extras": [{"key": "beamer", "quantity": 1}]}),
        ("named", "hold", {"units": 2}),
        ("by request", "create", {"guests": 1}),
    ],
)
def test_a_new_booking_reads_as_it_was_answered(stack, listings, guest, staff, listing, method, more):
    made = ask(guest, listings[listing], 0, 2, method=method, **more)
    told = same(stack, guest, made)
    seen = do(staff, "get", made)
    contact = seen["customer"] and seen["customer"]["user_id"]  # of who has booked, once it is confirmed
    assert (contact == guest.id) == (made["state"] == "confirmed")
    assert seen | {"customer": None} == told
    assert (made["price"] is None) == (told["price"] is None) == (listing == "plain" or method == "hold")
    if made["state"] != "requested":
        do(guest, "cancel", made)


def test_blocks_and_options_too(stack, listings, staff):
    block = ask(staff, listings["priced"], 4, 5, method="block", note="painters")
    assert same(stack, staff, block) == block and block["unit_numbers"] == [1, 2, 3, 4]
    option = ask(staff, listings["named"], 4, 5, method="hold", until=span(0, 1)["to"])
    assert same(stack, staff, option) == option | {"override": None} and option["option"]


def test_bookings_of_a_listing_are_created_in_the_order_of_their_seq(stack, owner, guest, other):
    listing = stack.listing(*owner, units=30)["id"]
    made = [ask(user, listing) for _ in range(10) for user in (guest, other)]
    assert [one["created_at"] for one in sorted(made, key=lambda one: one["seq"])] == sorted(
        one["created_at"] for one in made
    )
