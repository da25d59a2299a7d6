"""Rules of a listing: who sets them, what is inherited, what contradicts itself, which bookings they would forbid."""

import datetime as dt

import pytest
from venue import Venue, daily

OPEN = daily(("09:00", "22:00"))


@pytest.fixture
def venue(stack, owner):
    return Venue(stack, owner, price_unit="hour", capacity=120)


def test_what_is_set_is_read_and_null_takes_it_away(stack, venue):
    read = {"listing_id": venue.listing}
    assert stack.rpc("events.listing.get_rules", read)["rules"] == {}
    answer = venue.set(opening_hours=OPEN, notice_minutes=60)
    assert (answer["version"], answer["clashes"]) == (1, [])
    told = stack.rpc("events.listing.get_rules", read)
    assert told["rules"] == {
        "opening_hours": {"value": OPEN, "from": "listing"},
        "notice_minutes": {"value": 60, "from": "listing"},
    }
    assert (told["unit"], told["units"], told["capacity"], told["time_zone"]) == ("hour", 1, 120, "Europe/Oslo")
    assert set(venue.set(notice_minutes=None, min_minutes=30)["rules"]) == {"opening_hours", "min_minutes"}


def test_a_stale_version_is_refused(venue):
    venue.set(notice_minutes=60)
    stale = {"listing_id": venue.listing, "version": 0, "rules": {"notice_minutes": 5}}
    assert venue.manager.error("events.listing.set_rules", stale).reason == "stale_version"


def test_managers_of_the_company_set_rules_and_nobody_else(stack, venue, guest):
    params = {"listing_id": venue.listing, "version": 0, "rules": {"notice_minutes": 5}}
    assert guest.error("events.listing.set_rules", params).reason == "company_right"
    assert stack.error("events.listing.set_rules", params).word == "unauthenticated"
    assert stack.company()[1].error("events.listing.set_rules", params).reason == "company_right"


def test_rules_of_what_is_not_on_offer_are_its_companys(stack, owner, guest):
    draft = stack.listing(*owner, publish=False)["id"]
    for method in ("events.listing.get_rules", "events.listing.set_rules"):
        params = {"listing_id": draft} | ({"version": 0, "rules": {}} if "set" in method else {})
        assert guest.error(method, params).word == "not_found"
        assert owner[1].rpc(method, params)["rules"] == {}
    assert stack.error("events.listing.get_rules", {"listing_id": draft}).word == "not_found"


def test_a_listing_has_what_its_type_says_until_it_sets_it_itself(stack, owner):
    admin = stack.admin()
    kind = admin.rpc("events.type.create", {"key": "barn", "name": "Barn", "unit": "hour"})
    params = {"key": "barn", "version": kind["version"], "rules": {"notice_minutes": 90, "guests_per_unit": 40}}
    assert owner[1].error("events.type.set_rules", params).word == "forbidden"
    told = admin.rpc("events.type.set_rules", params)
    assert (told["version"], told["rules"]) == (kind["version"] + 1, params["rules"])
    assert admin.error("events.type.set_rules", params).reason == "stale_version"
    assert stack.rpc("events.type.get_rules", {"key": "barn"})["rules"] == params["rules"]
    venue = Venue(stack, owner, type="barn", price_unit="hour")
    rules = venue.set(guests_per_unit=50)["rules"]
    assert rules == {
        "notice_minutes": {"value": 90, "from": "type"},
        "guests_per_unit": {"value": 50, "from": "listing"},
    }
    rules = venue.set(guests_per_unit=None)["rules"]
    assert rules["guests_per_unit"] == {"value": 40, "from": "type"}
    change = {"key": "barn", "version": told["version"], "rules": {"notice_minutes": None, "min_minutes": 60}}
    admin.rpc("events.type.set_rules", change)
    assert venue.fault(max_minutes=30) == ("max_minutes", "minimum")


def test_a_type_is_checked_too(stack):
    admin = stack.admin()
    kind = admin.rpc("events.type.create", {"key": "attic", "name": "Attic", "unit": "night"})
    rules = {"opening_hours": daily(("09:00", "22:00"))}
    error = admin.error("events.type.set_rules", {"key": "attic", "version": kind["version"], "rules": rules})
    assert error.data["fields"][0]["rule"] == "next_date"
    assert stack.rpc("events.type.get_rules", {"key": "attic"})["rules"] == {}
    assert stack.error("events.type.get_rules", {"key": "nothing"}).word == "not_found"


CONTRADICTIONS = [
    (dict(min_minutes=120, max_minutes=60), ("max_minutes", "minimum")),
    (dict(min_days=3, max_days=2), ("max_days", "minimum")),
    (dict(step_minutes=45, min_minutes=50, max_minutes=80), ("step_minutes", "no_length")),
    (dict(step_minutes=90, max_minutes=60), ("step_minutes", "no_length")),
    (dict(notice_minutes=1440, horizon_days=1), ("notice_minutes", "exclusiveMaximum")),
    (dict(opening_hours=daily(("10:00", "12:00")), min_minutes=180), ("min_minutes", "no_hours")),
    (dict(opening_hours=daily(("10:05", "10:55")), start_grid_minutes=60), ("start_grid_minutes", "no_hours")),
    (dict(opening_hours=daily(("10:00", "11:30")), step_minutes=60, min_minutes=61), ("min_minutes", "no_hours")),
    (dict(min_minutes=120, limits={"minutes_per_user_per_day": 59}), ("limits/minutes_per_user_per_day", "minimum")),
    (dict(limits={"minutes_per_user_per_day": 7}), ("limits/minutes_per_user_per_day", "minimum")),
    (dict(unit_names=["A"]), ("unit_names", "only_for_named")),
    (dict(units_mode="named", unit_names=["A", "B"]), ("unit_names", "maxItems")),
    (
        dict(
            cancellation=[
                {"until_hours_before_start": 24, "refund_bp": 5000},
                {"until_hours_before_start": 48, "refund_bp": 1000},
            ]
        ),
        ("cancellation/1/until_hours_before_start", "exclusiveMaximum"),
    ),
    (
        dict(
            cancellation=[
                {"until_hours_before_start": 48, "refund_bp": 5000},
                {"until_hours_before_start": 24, "refund_bp": 6000},
            ]
        ),
        ("cancellation/1/refund_bp", "maximum"),
    ),
    (
        dict(exceptions=[{"from": "2027-05-02", "to": "2027-05-01", "closed": True}]),
        ("exceptions/0/to", "not_before"),
    ),
    (
        dict(exceptions=[{"from": "2027-05-02", "to": "2028-06-01", "closed": True, "yearly": True}]),
        ("exceptions/0/to", "maximum_days"),
    ),
]


@pytest.mark.parametrize("rules,fault", CONTRADICTIONS, ids=lambda value: "-".join(value)[:40])
def test_what_contradicts_itself_is_named_when_it_is_set(shared, rules, fault):
    assert shared.fault(**rules) == fault


def test_a_limit_from_before_hinders_no_other_rule(stack, venue):
    with stack.database("events") as database:
        limits = '{"limits": {"minutes_per_user_per_day": 5}}'
        database.execute("UPDATE listing SET rules = %s WHERE id = %s", (limits, venue.listing))
    assert venue.set(notice_minutes=5)["rules"]["notice_minutes"]["value"] == 5
    assert venue.fault(min_minutes=15) == ("limits/minutes_per_user_per_day", "minimum")
    venue.set(limits={"minutes_per_user_per_day": 60})
    assert venue.fault(min_minutes=121) == ("min_minutes", "maximum")
    venue.set(min_minutes=120)


@pytest.mark.parametrize("hours", [("00:00", "24:00"), ("09:00", "09:00")])
def test_what_is_always_open_has_room_for_a_month(venue, hours):
    venue.set(opening_hours=daily(hours), min_minutes=30 * 1440)
    assert venue.refused((1, 10), (30, 10)) == ["min_duration"]
    assert venue.refused((1, 10), (32, 10)) == []
    closed_once = daily(hours, days=["mon", "tue", "wed", "thu", "fri", "sat"])
    assert venue.fault(opening_hours=closed_once) == ("opening_hours", "no_hours")


@pytest.fixture(scope="module")
def shared(stack, owner):
    """An hourly listing whose rules nothing here changes."""
    return Venue(stack, owner, price_unit="hour")


def test_exceptions_beyond_the_horizon_are_named(shared):
    far = (dt.date.today() + dt.timedelta(days=1002)).isoformat()
    assert shared.fault(exceptions=[{"from": far, "closed": True}]) == ("exceptions/0/from", "beyond_horizon")


@pytest.mark.parametrize(
    "rules",
    [
        dict(opening_hours=[{"days": ["mon"], "from": "9:00", "to": "10:00"}]),
        dict(opening_hours=[{"days": ["mon"], "from": "24:00", "to": "10:00"}]),
        dict(opening_hours=[{"days": [], "from": "09:00", "to": "10:00"}]),
        dict(opening_hours=daily(*[("09:00", "10:00")] * 101)),
        dict(exceptions=[{"from": "2027-05-01"}]),
        dict(exceptions=[{"from": "2027-05-01", "closed": True, "hours": [{"from": "10:00", "to": "11:00"}]}]),
        dict(exceptions=[{"from": "2027-02-29", "closed": True}]),
        dict(exceptions=[{"from": "2027-05-01", "closed": True}] * 401),
        dict(horizon_days=1001),
        dict(overbooking=101),
        dict(units_mode="some"),
        dict(limits={"bookings": 1}),
        dict(color="red"),
    ],
    ids=lambda rules: str(rules)[:40],
)
def test_what_no_rule_can_say_is_refused(shared, rules):
    params = {"listing_id": shared.listing, "version": 0, "rules": rules}
    assert shared.manager.error("events.listing.set_rules", params).word == "invalid_params"


def test_nights_run_to_the_next_date_and_leave_room_for_buffers(stack, owner):
    house = Venue(stack, owner, price_unit="night")
    assert house.fault(opening_hours=daily(("08:00", "22:00"))) == ("opening_hours", "next_date")
    night = daily(("15:00", "11:00"))
    assert house.fault(opening_hours=night, buffer_after_minutes=241) == ("buffer_after_minutes", "between_dates")
    house.set(opening_hours=night, buffer_before_minutes=120, buffer_after_minutes=120)
    assert house.fault(buffer_before_minutes=121) == ("buffer_before_minutes", "between_dates")
    assert house.fault(opening_hours=daily(("14:59", "11:00"))) == ("opening_hours", "between_dates")


def test_four_hundred_exceptions_are_kept(venue):
    first = venue.date(0)
    many = [{"from": (first + dt.timedelta(days=2 * day)).isoformat(), "closed": True} for day in range(400)]
    assert len(venue.set(opening_hours=OPEN, exceptions=many)["rules"]["exceptions"]["value"]) == 400
    assert (venue.refused((0, 10), (0, 12)), venue.refused((1, 10), (1, 12))) == (["closed"], [])
    assert venue.refused((400, 10), (400, 12)) == ["closed"]


def test_bookings_that_new_rules_would_forbid_are_told_and_stand(venue, guest):
    early, late = venue.book(guest, (1, 8), (1, 10)), venue.book(guest, (2, 10), (2, 12))
    venue.book(guest, (3, 10), (3, 12))
    closed = [{"from": venue.date(2).isoformat(), "closed": True}]
    clashes = venue.set(opening_hours=OPEN, exceptions=closed, notice_minutes=525600)["clashes"]
    assert clashes == [
        {"id": booking["id"], "period": booking["period"], "rule": "closed"} for booking in (early, late)
    ]
    assert guest.rpc("events.booking.get", {"id": early["id"]})["state"] == "confirmed"


def test_time_out_of_sale_is_no_booking_that_rules_forbid(venue):
    venue.manager.rpc("events.booking.block", {"listing_id": venue.listing, "period": venue.span((1, 8), (1, 9))})
    assert venue.set(opening_hours=OPEN)["clashes"] == []


def test_the_mode_of_units_changes_with_no_bookings_to_come(venue, guest):
    booking = venue.book(guest, (1, 10), (1, 12))
    params = {"listing_id": venue.listing, "version": venue.version, "rules": {"units_mode": "named"}}
    assert venue.manager.error("events.listing.set_rules", params).data["rule"] == "bookings_to_come"
    guest.rpc("events.booking.cancel", {"id": booking["id"]})
    assert venue.set(units_mode="named", unit_names=["Hall"])["rules"]["units_mode"]["value"] == "named"


def test_a_change_is_a_fact(stack, venue):
    venue.set(notice_minutes=5)
    with stack.database("events") as connection:
        rows = connection.execute(
            "SELECT payload FROM outbox WHERE topic = 'events.listing.rules_changed' AND key = %s", [venue.listing]
        ).fetchall()
    assert [row[0]["version"] for row in rows] == [1]
