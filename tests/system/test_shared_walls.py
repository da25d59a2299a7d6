"""Hall A, Hall B and the whole house: sold apart, and never against each other."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from booking_steps import EUROS, ask, begin, do, fails, refused, set_rules, set_time, span
from bookings import at_once
from rpc import RpcError
from test_desk import fields


@pytest.fixture
def house(stack, owner):
    """(house, hall A with two units, hall B)."""
    made = [stack.listing(*owner, price=EUROS, price_unit="hour", units=n)["id"] for n in (1, 2, 1)]
    include(owner[1], made[0], made[1:])
    return made


def wanted(staff, whole, parts):
    return {"id": whole, "version": staff.rpc("events.listing.get", {"id": whole})["version"], "includes": parts}


def include(staff, whole, parts):
    return staff.rpc("events.listing.set_includes", wanted(staff, whole, parts))


def includes_fail(staff, whole, parts):
    return staff.error("events.listing.set_includes", wanted(staff, whole, parts))


def is_free(stack, listing, first=0, last=2):
    """Whether search, slots, explain and the quote of a booking agree that it is."""
    stack_user = stack.user()
    company = stack_user.rpc("events.listing.get", {"id": listing})["company_id"]
    found = stack_user.rpc("events.listing.search", {"period": span(first, last), "company_id": company, "limit": 100})
    by_search = listing in [one["id"] for one in found["items"]]
    explained = stack_user.rpc("events.availability.explain", {"listing_id": listing, "period": span(first, last)})
    slots = stack_user.rpc("events.availability.slots", {"listing_id": listing, "period": span(first, last)})["slots"]
    by_slots = any(
        (one["from"][:19], one["to"][:19]) == (span(first, last)["from"][:19], span(first, last)["to"][:19])
        for one in slots
    )
    assert by_search == explained["bookable"] == by_slots, (found["items"], explained, slots)
    return by_search


def test_the_whole_and_its_parts_are_never_sold_against_each_other(stack, house, guest, other):
    whole, first, second = house
    assert all(is_free(stack, one) for one in house)
    booked = ask(guest, first)
    assert not is_free(stack, whole) and is_free(stack, first) and is_free(stack, second)
    ask(guest, second)  # both halls at one time
    assert refused(other, whole).reason == "booked"
    assert ask(other, whole, 2, 4)["state"] == "confirmed"
    assert not is_free(stack, first, 2, 4) and not is_free(stack, second, 2, 4)
    assert refused(guest, first, 3, 5).reason == refused(guest, second, 1, 3).reason == "booked"
    do(guest, "cancel", booked)
    assert not is_free(stack, whole)  # hall B is booked still


def test_explain_says_through_which_wall(house, guest, owner):
    whole, first, second = house
    ask(guest, whole)
    told = guest.rpc("events.availability.explain", {"listing_id": second, "period": span(0, 2)})["first"]
    assert told["rule"] == "booked" and told["shared_with"] == [whole] and "booking_ids" not in told
    assert "since what shares walls with it is booked" in told["message"]["en"]
    ask(guest, first, 5, 6)
    told = guest.rpc("events.availability.explain", {"listing_id": whole, "period": span(5, 6)})["first"]
    assert told["shared_with"] == [first]


def test_every_path_takes_the_others_and_gives_them_back(stack, house, guest, owner):
    whole, first, second = house
    hold = ask(guest, whole, method="hold")
    assert not is_free(stack, second)
    made = guest.rpc("events.booking.create", {"listing_id": whole, "hold_id": hold["id"]})
    moved = do(guest, "change", made, period=span(4, 8))
    assert is_free(stack, second) and not is_free(stack, second, 4, 8)
    do(guest, "shorten", moved, to=span(4, 6)["to"])
    assert is_free(stack, second, 6, 8) and not is_free(stack, second, 4, 6)
    do(guest, "cancel", moved)
    assert is_free(stack, second, 4, 6)
    block = ask(owner[1], first, method="block", units=1)
    assert not is_free(stack, whole) and is_free(stack, first)
    met = owner[1].error("events.booking.block", {"listing_id": whole, "period": span(0, 2)})
    assert [one["id"] for one in met.data["bookings"]] == [block["id"]]
    do(owner[1], "unblock", block)
    assert is_free(stack, whole)
    set_rules(owner[1], whole, confirmation="request")
    asked, meets = ask(guest, whole), ask(guest, first)
    assert fails(owner[1], "approve", asked) == "booked"
    do(guest, "cancel", meets)
    assert do(owner[1], "approve", asked)["state"] == "confirmed" and not is_free(stack, second)


def test_a_hold_that_has_expired_frees_the_others_at_once(stack, house, guest, other):
    whole, first, second = house
    hold = ask(guest, whole, method="hold")
    assert refused(other, first).reason == "booked"
    set_time(stack, hold, expires_at="now()")
    assert ask(other, first)["state"] == "confirmed"


def test_approving_one_answers_requests_of_the_others(house, guest, other, owner):
    whole, first, second = house
    for one in (whole, second):
        set_rules(owner[1], one, confirmation="request", overlapping_requests="decline")
    asked = ask(other, second)
    do(owner[1], "approve", ask(guest, whole))
    assert do(other, "get", asked)["cause"] == "overlap"


def test_two_wholes_share_a_part(stack, owner, guest):
    east, west, first, middle, last = (stack.listing(*owner, price=EUROS)["id"] for _ in range(5))
    include(owner[1], east, [first, middle])
    assert include(owner[1], west, [middle, last])["includes"] == [middle, last]
    ask(guest, east)
    assert not is_free(stack, west) and is_free(stack, last) and refused(guest, west).reason == "booked"
    include(owner[1], west, [last])
    assert is_free(stack, west) and not is_free(stack, first)


def test_what_was_booked_before_is_shared_or_refused(stack, owner, guest):
    whole, part = (stack.listing(*owner, price=EUROS)["id"] for _ in range(2))
    early, late = ask(guest, whole), ask(guest, part, 1, 3)
    error = includes_fail(owner[1], whole, [part])
    assert (error.reason, [one["id"] for one in error.data["bookings"]]) == ("booked", [late["id"]])
    do(guest, "change", late, period=span(2, 3))
    include(owner[1], whole, [part])
    assert not is_free(stack, part) and not is_free(stack, whole, 2, 3)
    include(owner[1], whole, [])
    assert is_free(stack, part) and is_free(stack, whole, 2, 3) and early["state"] == "confirmed"


def test_more_units_of_a_part_are_taken_with_the_whole(stack, house, owner, guest):
    whole, first, _ = house
    ask(guest, whole)

    def units(number):
        listing = owner[1].rpc("events.listing.get", {"id": first})
        owner[1].rpc("events.listing.update", {"id": first, "version": listing["version"], "units": number})

    units(4)
    assert refused(guest, first).reason == "booked"
    units(1)
    assert refused(guest, first).reason == "booked" and ask(guest, first, 4, 5)["state"] == "confirmed"


@pytest.mark.parametrize(
    ("rules", "path"), [({"overbooking": 1}, "overbooking"), ({"units_mode": "named"}, "units_mode")]
)
def test_a_house_is_neither_overbooked_nor_named(house, owner, rules, path):
    version = owner[1].rpc("events.listing.get_rules", {"listing_id": house[0]})["version"]
    error = owner[1].error("events.listing.set_rules", {"listing_id": house[0], "version": version, "rules": rules})
    assert fields(error) == {f"/params/rules/{path}": "shared_walls"}


def test_what_may_include_what(stack, house, owner, guest):
    staff, (whole, first, second) = owner[1], house
    alone, double = stack.listing(*owner)["id"], stack.listing(*owner, units=2)["id"]
    strange = stack.listing(*stack.company())["id"]
    for parts, rule in (
        ([alone, whole], "nested"),  # a circle
        ([alone, strange], "exists"),
        ([alone, "01932b5c-7a10-7000-8000-000000000001"], "exists"),
        ([alone] * 2, "uniqueItems"),
        ([f"01932b5c-7a10-7000-8000-0000000000{n:02}" for n in range(21)], "maxItems"),
    ):
        assert list(fields(includes_fail(staff, alone if parts == [] else whole, parts)).values()) == [rule]
    assert fields(includes_fail(staff, alone, [whole])) == {"/params/includes": "nested"}
    assert fields(includes_fail(staff, first, [alone])) == {"/params/includes": "nested"}  # it is a part
    assert includes_fail(staff, double, [alone]).data["rule"] == "one_unit"
    assert includes_fail(guest, alone, [second]).word == "forbidden"
    listing = staff.rpc("events.listing.get", {"id": whole})
    more = {"id": whole, "version": listing["version"], "units": 2}
    assert staff.error("events.listing.update", more).data["rule"] == "one_unit"
    rules = staff.rpc("events.listing.get_rules", {"listing_id": first})
    assert rules["included_in"] == [whole] and rules["includes"] == []


def test_all_at_once_nobody_waits_in_a_circle_and_nothing_is_sold_twice(stack, house):
    whole, first, second = house
    users = [stack.user() for _ in range(8)]

    def book(number):
        try:
            return ask(users[number], house[number % 3], 0, 2)["listing_id"]
        except RpcError as error:
            assert error.reason == "booked", error
            return None

    won = [one for one in at_once(8, book) if one]
    assert won == [whole] or (whole not in won and len(won) <= 3)


# Bookings of a listing, hour after hour, as the daemon would have written them.
MANY_BOOKINGS = """
WITH made AS (INSERT INTO booking (id, listing_id, company_id, period)
    SELECT gen_random_uuid(), l.id, l.company_id, tstzrange(s.at, s.at + interval '1 hour') FROM listing l, LATERAL (
        SELECT now() + n * interval '1 hour' AS at FROM generate_series(1, %s::integer) n) s
    WHERE l.id = %s RETURNING *)
INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT id, listing_id, 1, period FROM made
"""


def test_walls_are_moved_under_5000_bookings_to_come_and_no_more(stack, owner):
    whole, busy, quiet, busiest = (stack.listing(*owner, price=EUROS)["id"] for _ in range(4))
    with stack.database("events") as database:
        database.execute(MANY_BOOKINGS, [2600, busy])
        include(owner[1], whole, [busy])
        include(owner[1], whole, [busy, quiet])
        database.execute(MANY_BOOKINGS, [2401, busiest])
        error = includes_fail(owner[1], whole, [busy, busiest])
        assert (error.data["rule"], error.data["maximum"]) == ("bookings_to_come", 5000)
        database.execute(
            "WITH gone AS (DELETE FROM booking_unit WHERE listing_id = %s RETURNING booking_id) "
            "DELETE FROM booking WHERE listing_id = %s",
            [busiest, busiest],
        )


def test_several_of_one_house_in_one_call(stack, house, guest, other):
    whole, first, second = house
    both = {"bookings": [{"listing_id": one, "period": span(0, 2)} for one in (second, first)]}
    assert guest.rpc("events.booking.create_many", both)["state"] == "confirmed"
    clash = {"bookings": [{"listing_id": one, "period": span(4, 6)} for one in (whole, second)]}
    error = other.error("events.booking.create_many", clash)
    assert (error.reason, error.data["path"]) == ("booked", "/params/bookings/1")
    assert is_free(stack, whole, 4, 6)


def test_what_is_booked_of_a_house_ends_for_all_of_it(stack, house, guest, owner):
    whole, first, _ = house
    made = ask(guest, whole)
    begin(stack, made)
    assert do(owner[1], "complete", made)["state"] == "completed"
    assert is_free(stack, first)


def test_an_import_takes_the_others_too(stack, house, guest, tmp_path):
    whole, first, second = house
    ask(guest, second, 4, 6)
    lines = [
        {"kind": "booking", "listing_id": whole, "period": span(0, 2)},
        {"kind": "booking", "listing_id": whole, "period": span(5, 7)},  # hall B is booked
        {"kind": "booking", "listing_id": first, "period": span(8, 9)},
    ]
    file = tmp_path / "bookings.ndjson"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    summary = json.loads(stack["events"].command("import", file, check=False).stdout.strip().splitlines()[-1])
    assert (summary["loaded"], summary["rejected"]) == (2, 1)
    assert not is_free(stack, first) and not is_free(stack, whole, 8, 9) and is_free(stack, second, 8, 9)


def somebody_waits(database):
    for _ in range(250):
        if database.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").fetchone()[0]:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("method", ["create", "create_many"])
def test_walls_that_are_built_while_a_booking_waits_count_for_it(stack, owner, guest, method):
    whole, part = (stack.listing(*owner, price=EUROS)["id"] for _ in range(2))
    wish = {"listing_id": part, "period": span(0, 2)}
    wish = wish if method == "create" else {"bookings": [wish]}
    with stack.database("events") as builder, stack.database("events") as watch, ThreadPoolExecutor() as pool:
        with builder.transaction():
            builder.execute("SELECT 1 FROM listing WHERE id = ANY (%s) FOR UPDATE", [[whole, part]])
            booked = pool.submit(guest.rpc, f"events.booking.{method}", wish)
            assert somebody_waits(watch)
            builder.execute("UPDATE listing SET space_id = %s WHERE id = ANY (%s)", [whole, [whole, part]])
            builder.execute("UPDATE listing SET includes = %s WHERE id = %s", [[part], whole])
        booked.result()
    assert not is_free(stack, whole)


def test_a_whole_that_was_overbooked_shares_no_walls(stack, owner, guest, other):
    whole, part = (stack.listing(*owner, price=EUROS)["id"] for _ in range(2))
    set_rules(owner[1], whole, overbooking=1)
    made = [ask(one, whole) for one in (guest, other)]
    error = includes_fail(owner[1], whole, [part])
    assert (error.reason, {one["id"] for one in error.data["bookings"]}) == ("booked", {one["id"] for one in made})
    do(other, "cancel", made[1])
    include(owner[1], whole, [part])
    assert not is_free(stack, part)
