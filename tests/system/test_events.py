"""events as its users see it: the catalogue, listings, search and bookings."""

import datetime as dt

import pytest
from bookings import check_units, read_bookings

pytestmark = pytest.mark.asan


def at(days, hours=0):
    """A time so many days ahead, as the API writes it."""
    moment = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return (moment + dt.timedelta(days=days, hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def period(first, last):
    return {"from": at(first), "to": at(last)}


@pytest.fixture
def hall(stack, owner):
    return stack.listing(*owner, type="hall", price={"amount": 1000, "currency": "EUR"})


def found(stack, company, **filters):
    answer = stack.rpc("events.listing.search", {"company_id": company, **filters})
    return [item["id"] for item in answer["items"]]


# --- catalogue ---


def test_administrators_define_properties(stack):
    admin = stack.admin()
    params = {"key": "echo", "name": "Echo", "category": "space", "kind": "enum"}
    assert admin.error("events.property.create", params).data["fields"][0]["path"] == "/params/values"
    params["values"] = [{"key": "dry", "name": "Dry"}, {"key": "wet", "name": "Wet"}]
    made = admin.rpc("events.property.create", params)
    assert made["values"] == params["values"] and made["version"] == 1
    assert admin.error("events.property.create", params).reason == "key_taken"
    more = [{"key": "wet", "name": "Very wet"}, {"key": "odd", "name": "Odd"}]
    changed = admin.rpc("events.property.update", {"key": "echo", "version": 1, "values": more})
    assert {value["key"]: value["name"] for value in changed["values"]} == {
        "dry": "Dry",
        "wet": "Very wet",
        "odd": "Odd",
    }
    assert admin.error("events.property.update", {"key": "echo", "version": 1, "name": "x"}).reason == "stale_version"
    archived = admin.rpc("events.property.archive", {"key": "echo", "version": 2})
    assert archived["archived"]
    assert "echo" not in [item["key"] for item in stack.rpc("events.property.list")["items"]]
    assert stack.rpc("events.property.get", {"key": "echo"}) == {k: v for k, v in archived.items() if k != "seq"}


def test_only_administrators_define(stack):
    params = {"key": "x", "name": "X", "unit": "day"}
    assert stack.error("events.type.create", params).word == "unauthenticated"
    assert stack.user().error("events.type.create", params).word == "forbidden"


def test_properties_of_a_type_are_listed_for_it(stack):
    admin = stack.admin()
    admin.rpc(
        "events.property.create",
        {"key": "deck", "name": "Deck", "category": "space", "kind": "boolean", "types": ["boat"]},
    )
    keys = lambda **p: {item["key"] for item in stack.rpc("events.property.list", p)["items"]}
    assert "deck" in keys(type="boat") and "deck" not in keys(type="hall") and "area" in keys(type="hall")
    assert keys(category="technology") <= keys() and "wifi" in keys(category="technology")


# --- listings ---


@pytest.mark.parametrize(
    ("properties", "path", "rule"),
    [
        ({"nope": True}, "/params/properties/nope", "exists"),
        ({"stage": "yes"}, "/params/properties/stage", "type"),
        ({"area": "large"}, "/params/properties/area", "type"),
        ({"parking": "roof"}, "/params/properties/parking", "enum"),
        ({"accessibility": ["lift", "wings"]}, "/params/properties/accessibility/1", "enum"),
        ({"built_on": "1999-02-30"}, "/params/properties/built_on", "format"),
    ],
)
def test_bad_properties_are_named(stack, owner, properties, path, rule):
    company, user = owner
    params = {"company_id": company, "type": "hall", "title": "x", "properties": properties}
    error = user.error("events.listing.create", params)
    assert [(field["path"], field["rule"]) for field in error.data["fields"]] == [(path, rule)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"type": "castle"}, "/params/type"),
        ({"time_zone": "Mars/Base"}, "/params/time_zone"),
        ({"images": ["01932b5c-7a10-7000-8000-000000000001"]}, "/params/images"),
    ],
)
def test_what_a_listing_names_must_exist(stack, owner, change, path):
    company, user = owner
    error = user.error("events.listing.create", {"company_id": company, "type": "hall", "title": "x"} | change)
    assert error.data["fields"][0]["path"] == path


def test_a_listing_is_drafted_submitted_and_published(stack, owner):
    company, user = owner
    draft = stack.listing(company, user, publish=False, title="Drafted")
    assert draft["state"] == "draft" and draft["version"] == 1
    assert stack.error("events.listing.get", {"id": draft["id"]}).word == "not_found"
    assert stack.user().error("events.listing.get", {"id": draft["id"]}).word == "not_found"
    assert user.rpc("events.listing.get", {"id": draft["id"]})["title"] == "Drafted"
    assert draft["id"] not in found(stack, company)
    read = {"id": draft["id"], "version": 1}
    assert user.error("events.listing.approve", read).word == "forbidden"
    assert stack.admin().error("events.listing.approve", read).data["rule"] == "state"
    submitted = user.rpc("events.listing.submit", {"id": draft["id"], "version": 1})
    assert submitted["state"] == "submitted"
    assert stack.admin().rpc("events.listing.approve", read | {"version": 2})["state"] == "published"
    assert draft["id"] in found(stack, company)
    assert stack.rpc("events.listing.get", {"id": draft["id"]})["state"] == "published"


def test_updates_need_the_version_and_the_right(stack, owner, hall):
    company, user = owner
    stranger = stack.user()
    change = {"id": hall["id"], "version": hall["version"], "title": "Renamed", "price": None}
    assert stranger.error("events.listing.update", change).word == "forbidden"
    renamed = user.rpc("events.listing.update", change)
    assert renamed["pending"]["changes"] == {"title": "Renamed"} and renamed["title"] == hall["title"]
    assert renamed["price"] is None and renamed["version"] == hall["version"] + 1
    error = user.error("events.listing.update", change)
    assert (error.word, error.reason) == ("conflict", "stale_version")


def test_strangers_cannot_list_for_a_company(stack, owner):
    params = {"company_id": owner[0], "type": "hall", "title": "Mine now"}
    assert stack.user().error("events.listing.create", params).word == "forbidden"
    assert stack.error("events.listing.create", params).word == "unauthenticated"


def test_mine_walks_all_pages(stack):
    company, user = stack.company()
    made = [stack.listing(company, user, publish=False)["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = user.rpc("events.listing.mine", {"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == made[::-1]
    assert user.error("events.listing.mine", {"cursor": "rubbish"}).data["fields"][0]["path"] == "/params/cursor"


# --- search ---


def test_search_by_properties(stack):
    company, user = stack.company()
    small = stack.listing(
        company, user, properties={"area": 50, "stage": True, "parking": "own", "accessibility": ["lift"]}
    )
    large = stack.listing(
        company, user, properties={"area": 300.5, "stage": False, "parking": "street", "built_on": "1910-05-01"}
    )
    plain = stack.listing(
        company, user, properties={"accessibility": ["lift", "step_free"], "public_transport": "Tram 7"}
    )
    search = lambda **p: set(found(stack, company, properties=p))
    ids = {small["id"], large["id"], plain["id"]}
    assert set(found(stack, company)) == ids
    assert search(stage=True) == {small["id"]} and search(stage=False) == {large["id"]}
    assert search(area={"from": 50}) == {small["id"], large["id"]} and search(area={"to": 50}) == {small["id"]}
    assert search(area={"from": 300.5, "to": 300.5}) == {large["id"]} and search(area={"from": 301}) == set()
    assert search(parking={"one_of": ["own", "street"]}) == {small["id"], large["id"]}
    assert search(accessibility={"all_of": ["lift", "step_free"]}) == {plain["id"]}
    assert search(accessibility={"one_of": ["lift", "step_free"]}) == {small["id"], plain["id"]}
    assert search(built_on={"to": "1910-05-01"}) == {large["id"]} and search(built_on={"from": "1910-05-02"}) == set()
    assert search(public_transport={"contains": "tram"}) == {plain["id"]}
    assert search(stage=True, area={"from": 100}) == set()


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"type": "castle"}, "/params/type"),
        ({"properties": {"nope": True}}, "/params/properties/nope"),
        ({"properties": {"stage": {"from": 1}}}, "/params/properties/stage"),
        ({"properties": {"area": True}}, "/params/properties/area"),
        ({"properties": {"parking": {"one_of": ["roof"]}}}, "/params/properties/parking/one_of/0"),
        ({"properties": {"built_on": {"from": 5}}}, "/params/properties/built_on"),
        ({"sort": "distance"}, "/params/near"),
        ({"sort": "relevance"}, "/params/text"),
        ({"box": {"south": 2, "north": 1, "west": 0, "east": 1}}, "/params/box/north"),
        ({"period": {"from": at(2), "to": at(1)}}, "/params/period/to"),
        ({"limit": 101}, "/params/limit"),
        ({"cursor": "AAAA"}, "/params/cursor"),
    ],
)
def test_bad_searches_name_what_is_wrong(stack, params, path):
    error = stack.error("events.listing.search", params)
    assert error.word == "invalid_params" and error.data["fields"][0]["path"] == path, error.data


def test_search_by_place(stack):
    company, user = stack.company()
    here = stack.listing(company, user, location={"lat": 59.91, "lon": 10.75})
    near = stack.listing(company, user, location={"lat": 59.95, "lon": 10.75})
    far = stack.listing(company, user, location={"lat": -17.95, "lon": 179.99})
    stack.listing(company, user)
    answer = stack.rpc(
        "events.listing.search",
        {"company_id": company, "near": {"lat": 59.91, "lon": 10.75, "radius": 10000}, "sort": "distance"},
    )
    assert [item["id"] for item in answer["items"]] == [here["id"], near["id"]]
    assert answer["items"][0]["distance"] == 0 and 4400 < answer["items"][1]["distance"] < 4500
    assert found(stack, company, near={"lat": 59.91, "lon": 10.75, "radius": 4000}) == [here["id"]]
    assert found(stack, company, box={"south": -18, "north": -17, "west": 179.9, "east": -179.9}) == [far["id"]]
    assert set(found(stack, company, box={"south": 0, "north": 90, "west": -180, "east": 180})) == {
        here["id"],
        near["id"],
    }


def test_search_by_text_price_capacity(stack):
    company, user = stack.company()
    boat = stack.listing(
        company,
        user,
        title="Boat house",
        description="By the water.",
        capacity=20,
        price={"amount": 500, "currency": "NOK"},
    )
    hall = stack.listing(
        company,
        user,
        title="Great hall",
        description="With a boat outside.",
        capacity=200,
        price={"amount": 900, "currency": "NOK"},
    )
    free = stack.listing(company, user, title="Garden", capacity=50)
    assert found(stack, company, text="boats") == [boat["id"], hall["id"]]
    assert found(stack, company, text="zeppelin") == []
    assert found(stack, company, sort="price") == [boat["id"], hall["id"], free["id"]]
    assert found(stack, company, sort="price_desc") == [hall["id"], boat["id"], free["id"]]
    assert found(stack, company, sort="newest") == [free["id"], hall["id"], boat["id"]]
    assert found(stack, company, price={"to": 600}) == [boat["id"]]
    assert found(stack, company, price={"from": 0}, currency="NOK", sort="price") == [boat["id"], hall["id"]]
    assert found(stack, company, capacity={"from": 50, "to": 200}, sort="price") == [hall["id"], free["id"]]


def test_pages_of_a_search_hold_together(stack):
    company, user = stack.company()
    made = {stack.listing(company, user, price={"amount": 100 * (i % 3), "currency": "EUR"})["id"] for i in range(9)}
    for sort in ("price", "price_desc", "rating", "newest"):
        seen, cursor = [], None
        while True:
            params = {"company_id": company, "sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = stack.rpc("events.listing.search", params)
            assert page["total"] == 9
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert len(seen) == 9 and set(seen) == made, sort
    page = stack.rpc("events.listing.search", {"company_id": company, "sort": "price", "limit": 2})
    other = {"company_id": company, "sort": "newest", "limit": 2, "cursor": page["next_cursor"]}
    assert stack.error("events.listing.search", other).data["fields"][0]["path"] == "/params/cursor"


# --- bookings ---


def units_of(manager, booking):
    """The numbers of its units, which are told to the company alone."""
    return manager.rpc("events.booking.get", {"id": booking["id"]})["unit_numbers"]


def test_booking_and_its_neighbours(stack, owner, hall):
    user = stack.user()
    params = {"listing_id": hall["id"], "period": period(10, 12)}
    booking = user.rpc("events.booking.create", params)
    assert booking["state"] == "confirmed" and units_of(owner[1], booking) == [1]
    assert booking["price"] == {"amount": 2000, "currency": "EUR"} and booking["period"] == params["period"]
    for first, last in ((10, 12), (9, 11), (11, 13), (9, 13), (10.5, 11)):
        error = user.error("events.booking.create", params | {"period": period(first, last)})
        assert (error.word, error.reason) == ("conflict", "booked")
    for first, last in ((9, 10), (12, 13)):
        assert user.rpc("events.booking.create", params | {"period": period(first, last)})["state"] == "confirmed"
    assert hall["id"] not in found(stack, owner[0], period=period(11, 11.5))
    assert hall["id"] in found(stack, owner[0], period=period(13, 14))


@pytest.mark.parametrize(
    ("span", "word", "rule"),
    [
        ((-2, -1), "precondition_failed", "in_past"),
        ((1, 400), "precondition_failed", "max_duration"),
        ((995, 1002), "precondition_failed", "horizon"),
        ((2, 1), "invalid_params", None),
        ((1, 1), "invalid_params", None),
    ],
)
def test_rules_of_periods(stack, hall, span, word, rule):
    error = stack.user().error("events.booking.create", {"listing_id": hall["id"], "period": period(*span)})
    assert error.word == word and (rule is None or error.data["rule"] == rule)


def test_units_are_interchangeable(stack, owner):
    """Two units, three bookings that fit by count only when one of them moves to the other unit."""
    listing = stack.listing(*owner, units=2)
    user = stack.user()
    book = lambda first, last, units=1: user.rpc(
        "events.booking.create", {"listing_id": listing["id"], "period": period(first, last), "units": units}
    )
    book(10, 12)
    book(11, 13)
    third, fourth = book(14, 16), book(12, 14)
    assert units_of(owner[1], third) and units_of(owner[1], fourth)
    both = {"listing_id": listing["id"], "period": period(20, 21), "units": 2}
    assert units_of(owner[1], user.rpc("events.booking.create", both)) == [1, 2]
    assert user.error("events.booking.create", both | {"units": 1}).reason == "booked"
    too_many = both | {"period": period(30, 31), "units": 3}
    assert user.error("events.booking.create", too_many).data["rule"] == "units_missing"
    assert listing["id"] not in found(stack, owner[0], period=period(20, 21))
    assert listing["id"] in found(stack, owner[0], period=period(10, 10.5))
    assert listing["id"] not in found(stack, owner[0], period=period(10, 10.5), units=2)


def test_one_call_books_a_hundred_units_at_most(stack, owner):
    listing = stack.listing(*owner, units=1000)
    user = stack.user()
    params = {"listing_id": listing["id"], "period": period(10, 12)}
    error = user.error("events.booking.create", params | {"units": 101})
    assert error.data["fields"] == [{"path": "/params/units", "rule": "maximum", "expected": 100}]
    assert len(units_of(owner[1], user.rpc("events.booking.create", params | {"units": 100}))) == 100
    with stack.database("events") as database:
        count = "SELECT count(*) FROM booking_unit WHERE listing_id = %s"
        assert database.execute(count, [listing["id"]]).fetchone() == (100,)


def test_moving_others_makes_room(stack, owner):
    """Unit 1 has [20,22), unit 2 has [22,24): [21,23) fits on neither until one of them is moved to the other."""
    listing = stack.listing(*owner, units=2)
    user = stack.user()
    params = {"listing_id": listing["id"]}
    book = lambda first, last: user.rpc("events.booking.create", params | {"period": period(first, last)})
    in_the_way, later = book(20, 23), book(22, 24)
    user.rpc("events.booking.cancel", {"id": in_the_way["id"]})
    earlier = book(20, 22)
    units = lambda booking: units_of(owner[1], booking)
    assert (units(earlier), units(later)) == ([1], [2])
    between = book(21, 23)
    assert units(earlier) == units(later) != units(between)
    with stack.database("events") as database:
        of_units = {listing["id"]: 2}
        check_units(database, of_units, read_bookings(database, of_units))
    assert user.error("events.booking.create", params | {"period": period(21.5, 22.5)}).reason == "booked"


def test_idempotency_keys_of_bookings(stack, hall):
    user = stack.user()
    params = {"listing_id": hall["id"], "period": period(40, 41), "idempotency_key": "once"}
    first = user.rpc("events.booking.create", params)
    assert user.rpc("events.booking.create", params) == first
    error = user.error("events.booking.create", params | {"period": period(42, 43)})
    assert (error.word, error.reason) == ("conflict", "idempotency_key")
    other = stack.user()
    assert other.error("events.booking.create", params).reason == "booked"


def test_who_sees_and_cancels_a_booking(stack, owner, hall):
    company, manager = owner
    user, stranger = stack.user(), stack.user()
    booking = user.rpc("events.booking.create", {"listing_id": hall["id"], "period": period(50, 51)})
    one = {"id": booking["id"]}
    assert user.rpc("events.booking.get", one)["id"] == manager.rpc("events.booking.get", one)["id"] == booking["id"]
    assert stranger.error("events.booking.get", one).word == "not_found"
    assert stranger.error("events.booking.cancel", one).word == "not_found"
    assert [item["id"] for item in user.rpc("events.booking.list")["items"]] == [booking["id"]]
    assert booking["id"] in [
        item["id"] for item in manager.rpc("events.booking.list", {"listing_id": hall["id"]})["items"]
    ]
    assert booking["id"] in [
        item["id"] for item in manager.rpc("events.booking.list", {"company_id": company})["items"]
    ]
    assert stranger.error("events.booking.list", {"company_id": company}).word == "forbidden"
    cancelled = user.rpc("events.booking.cancel", one)
    assert cancelled["state"] == "cancelled" and cancelled["cancelled_at"] and units_of(manager, cancelled) == []
    assert user.error("events.booking.cancel", one).data["rule"] == "state"
    assert stranger.rpc("events.booking.create", {"listing_id": hall["id"], "period": period(50, 51)})


def test_drafts_cannot_be_booked(stack, owner):
    draft = stack.listing(*owner, publish=False)
    error = stack.user().error("events.booking.create", {"listing_id": draft["id"], "period": period(1, 2)})
    assert error.word == "not_found"
