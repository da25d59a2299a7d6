"""The model of what is about several listings, shared walls and bookings that are made together; and of the desk."""

from datetime import UTC, datetime, timedelta

import paths
import pytest
from judgement import Refused
from ledger import Ledger
from record import Call
from scene import Scene, Walls
from times import HOUR, Span, period_of
from verdict import Terms

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUSE = Walls({"house": ["a", "b"], "wing": ["b", "c"]})


def terms(**more):
    return Terms(**{"zone": "UTC", "unit": "hour", "units": 1, "capacity": 50, "price": 1000, "currency": "EUR"} | more)


def scene(walls=HOUSE, rules=None, **units):
    halls = {name: terms(units=units.get(name, 1)) for name in ("house", "wing", "a", "b", "c")}
    by_request = {name: {"confirmation": "request"} for name in rules or ()}
    return Scene(
        {name: Ledger(terms(units=one.units, rules=by_request.get(name, {}))) for name, one in halls.items()}, walls
    )


def wish(listing, hours=0, **more):
    start = NOW + 48 * HOUR + timedelta(hours=hours)
    return {"listing_id": listing, "period": period_of(Span(start, start + HOUR))} | more


def do(state, name, params, user="u", now=NOW, **answer):
    """(scene, booking) after a write."""
    listing = params.get("listing_id") or answer.pop("listing", None) or params["bookings"][0]["listing_id"]
    call = Call(f"events.booking.{name}", params, user, user == "staff", listing, made=answer.pop("made", []))
    call.manager = answer.pop("manager", False)
    call.result = answer or None
    outcome = paths.write(state.at(now, paths.touched(state, call)), call, now)
    return outcome.scene, outcome.bookings


def refused(state, name, params, user="u", **answer):
    with pytest.raises(Refused) as refusal:
        do(state, name, params, user, **answer)
    return set(refusal.value.causes)


def book(state, listing, hours=0, **more):
    return do(state, "create", wish(listing, hours, **more), id=f"{listing} {hours}")[0]


def test_who_shares_walls_with_whom():
    assert HOUSE.near("house") == ["a", "b", "wing"] and HOUSE.near("b") == ["house", "wing"]
    assert HOUSE.near("a") == ["house"] and HOUSE.space("a") == {"house", "wing", "a", "b", "c"}
    assert Walls().near("a") == [] and Walls().space("a") == {"a"}


def test_the_whole_and_its_parts_are_never_sold_against_each_other():
    halls = book(book(scene(), "a"), "b")
    assert refused(halls, "create", wish("house")) == refused(halls, "create", wish("wing")) == {"booked"}
    house = book(scene(c=3), "house")
    assert refused(house, "create", wish("wing")) == {"booked"} and refused(house, "create", wish("a")) == {"booked"}
    assert do(house, "create", wish("c", units=3))


def test_a_hold_that_has_expired_takes_nothing_of_the_others():
    held, ((_, hold),) = do(scene(), "hold", wish("house"), id="h")
    assert refused(held, "block", wish("a"), "staff") == {"booked"}
    assert do(held, "block", wish("a"), "staff", now=hold.expires)


def test_requests_of_the_others_are_declined_with_the_time():
    state, ((_, request),) = do(scene(rules=["a", "house"]), "create", wish("a"), id="r")
    state, _ = do(state, "create", wish("house"), id="s")
    state, _ = do(state, "approve", {"id": "s"}, "staff", listing="house")
    assert state.ledgers["a"].bookings[request.id].overlaps


def together(*wishes):
    return {"bookings": list(wishes)}


def made(*ids):
    return {"group_id": "g", "bookings": [{"id": one, "version": 1} for one in ids], "seq": 1}


def test_several_are_booked_together_or_none():
    state, bookings = do(scene(), "create_many", together(wish("a"), wish("c", 5)), **made("x", "y"))
    assert [one.state for _, one in bookings] == ["confirmed"] * 2
    assert refused(state, "create_many", together(wish("b", 9), wish("a"))) == {"booked"}
    assert refused(scene(), "create_many", together(wish("a"), wish("house"))) == {"booked"}
    assert refused(scene(a=2), "create_many", together(wish("a"), wish("a"))) == {"overlap"}


@pytest.fixture
def waiting():
    """Three that wait for two owners; the third confirms at once."""
    state, bookings = do(
        scene(rules=["a", "b"]), "create_many", together(wish("a"), wish("b"), wish("c")), **made("x", "y", "z")
    )
    assert [(one.state, one.ready, one.takes()) for _, one in bookings] == [
        ("requested", False, True),
        ("requested", False, True),
        ("requested", True, True),
    ]
    return state


def states(state):
    return [state.ledgers[listing].bookings[name].state for listing, name in (("a", "x"), ("b", "y"), ("c", "z"))]


def test_all_are_confirmed_once_the_last_owner_agrees(waiting):
    state, _ = do(waiting, "approve", {"id": "x"}, "staff", listing="a")
    assert states(state) == ["requested"] * 3
    assert refused(state, "approve", {"id": "x"}, "staff", listing="a") == {"ready"}
    state, _ = do(state, "approve", {"id": "y"}, "staff", listing="b")
    assert states(state) == ["confirmed"] * 3


def test_all_end_with_one(waiting):
    assert states(do(waiting, "decline", {"id": "y"}, "staff", listing="b")[0]) == ["declined"] * 3
    assert states(do(waiting, "cancel", {"id": "z"}, listing="c")[0]) == ["cancelled"] * 3
    late = NOW + 24 * HOUR
    assert states(waiting.at(late, waiting.ledgers)) == ["expired"] * 3
    assert refused(waiting, "change", {"id": "x", "units": 1}, listing="a") == {"group"}


KARI = {"name": "Kari", "phone": "+47 22 00 00 00"}


def test_the_desk_books_for_who_has_an_account_or_none():
    hall = scene(rules=["a"])
    _, ((_, made),) = do(hall, "create", wish("a", customer=KARI), "staff", id="x")
    assert (made.state, made.user, made.customer) == ("confirmed", None, KARI)
    _, ((_, own),) = do(hall, "create", wish("a", customer={"user_id": "v"}), "staff", id="x")
    assert (own.state, own.user, own.customer) == ("confirmed", "v", None)
    assert "company_right" in refused(hall, "create", wish("a", customer=KARI))


def test_an_option_is_taken_up_for_another_customer():
    held, _ = do(scene(rules=["a"]), "hold", wish("a", customer={"user_id": "v"}), "staff", id="h")
    take = {"listing_id": "a", "hold_id": "h"}
    assert "not_found" in refused(held, "create", take)
    assert do(held, "create", take, "v", id="h")[1][0][1].state == "confirmed"
    assert do(held, "create", take | {"customer": KARI}, "staff", id="h")[1][0][1].user is None


def test_a_manager_sets_rules_aside_but_not_what_holds_for_all():
    past = wish("a", -49, override_reason="r")
    assert refused(scene(), "create", past | {"ignore_rules": ["closed"]}, manager=True) == {"in_past"}
    aside = wish("a", guests=99, override_reason="r", ignore_rules=["guests"])
    price = {"price_override": {"amount": 7, "currency": "EUR"}}
    assert do(scene(), "create", aside | price, manager=True, id="x")[1][0][1].price["total"] == 7
    assert refused(scene(), "create", aside | {"ignore_rules": ["notice"]}, manager=True) == {"guests"}
    assert "company_right" in refused(scene(), "create", aside)
    assert refused(scene(), "create", wish("a") | price, manager=True) == {"required"}
