"""`eventloop-events import` and `export`: all of booking, what is refused and why, and the same bytes again."""

import json
import signal
import subprocess
import time
import uuid
from datetime import UTC, datetime, timedelta

import loglines
import pytest
from booking_steps import EUROS, ask, do, set_rules, span
from past_bookings import past, period, text
from process import Daemon
from waiting import wait_until

LIVES = timedelta(hours=3)
KARI = {"name": "Kari Nordmann", "phone": "+47 22 00 00 00"}
LINES = {
    "total": 250000,
    "currency": "NOK",
    "deposit": None,
    "taxes": 0,
    "tax_sums": [],
    "lines": [
        {
            "kind": "time",
            "key": None,
            "label": None,
            "amount": 250000,
            "tax_included": 0,
            "tax_added": 0,
            "refundable": True,
            "quantity": 2,
            "per": "hour",
            "unit_amount": 125000,
        }
    ],
}


class Other:
    """events with a database of its own, for commands alone."""

    def __init__(self, stack, folder):
        self.cluster, self.name = stack.cluster, stack.cluster.create_database("events")
        settings = stack["events"].settings | {"database_url": stack.cluster.url(self.name)}
        self.daemon = Daemon("events", stack["events"].program, folder, settings)
        self.daemon.command("migrate")

    def rows(self, sql):
        with self.cluster.connect(self.name) as database:
            return database.execute(sql).fetchall()


@pytest.fixture
def empty(stack, tmp_path):
    def make():
        folder = tmp_path / str(uuid.uuid4())
        folder.mkdir()
        return Other(stack, folder)

    return make


def write(tmp_path, lines):
    file = tmp_path / f"{uuid.uuid4()}.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def load(daemon, file):
    """(summary, reasons by the number of the line)"""
    done = daemon.command("import", file)
    found = loglines.events(done.stderr, "a line was rejected")
    return json.loads(done.stdout.splitlines()[-1]), {event["line"]: event["reason"] for event in found}


def export(daemon, tmp_path):
    file = tmp_path / f"{uuid.uuid4()}.ndjson"
    summary = json.loads(daemon.command("export", file).stdout.splitlines()[-1])
    lines = file.read_text().splitlines()
    assert summary["lines"] == len(lines)
    return lines


def hall(company, **more):
    made = {"kind": "listing", "id": str(uuid.uuid4()), "company_id": company, "type": "hall", "title": "Hall"}
    return made | {"price": {"amount": 1000, "currency": "NOK"}, "price_unit": "hour"} | more


def booked(listing, when, **more):
    return {"kind": "booking", "id": str(uuid.uuid4()), "listing_id": listing["id"], "period": when} | more


def ahead(first, hours=2):
    return period(timedelta(hours=first), timedelta(hours=hours))


def everything():
    """Listings and bookings of every kind, as another system might give them."""
    company, user, staff = (str(uuid.uuid4()) for _ in range(3))
    soon = text(datetime.now(UTC) + LIVES)
    rules = {"buffer_before_minutes": 30, "cancellation": [{"until_hours_before_start": 48, "refund_bp": 10000}]}
    one = hall(company, external_id="H1", rules=rules, pricing={"minimum": 500})
    many = hall(company, units=3, title="Seats", state="draft")
    named = hall(company, units=2, rules={"units_mode": "named", "unit_names": ["Fjord", "Fjell"]})
    parts = [hall(company, units=2), hall(company)]
    whole = hall(company, includes=[part["id"] for part in parts])
    series = {"series_id": str(uuid.uuid4()), "occurrence": "2027-03-01"}
    group = {"group_id": str(uuid.uuid4())}
    fee = {
        "cancelled_by": "customer",
        "cancellation_fee": 1000,
        "refund_due": 0,
        "cancelled_at": text(datetime.now(UTC)),
    }
    override = {"by": staff, "at": soon, "reason": "An old friend", "ignore_rules": ["notice"]}
    shared = {"external_id": "B1", "user_id": user, "guests": 20, "note": "Blue flowers", "buffer_before_minutes": 30}
    yield from (one, many, named, *parts, whole)
    yield booked(one, ahead(100), **shared, price_lines=LINES, policy=rules["cancellation"])
    yield booked(one, ahead(110), state="held", expires_at=soon, option=True, customer=KARI, booked_by=staff)
    yield booked(one, ahead(120), state="requested", expires_at=soon, **group)
    yield booked(one, ahead(121), state="requested", expires_at=soon, takes_units=True, ready=True, **group)
    yield booked(one, past(3), state="no_show", price={"amount": 5, "currency": "NOK"}, **series)
    yield booked(one, past(4), override=override, extras=[{"key": "flowers", "quantity": 2}])
    yield booked(one, ahead(100), state="cancelled", reason="Ill", paid=1000, **fee)
    yield booked(one, ahead(100), state="declined", reason="Full", decided_at=soon)
    yield booked(one, ahead(100), state="expired", customer={})  # who was forgotten
    yield booked(one, ahead(130), kind="block", note="Painters")
    yield {"kind": "booking", "company_id": company, "listing_external_id": "H1", "period": ahead(140)}
    # On three seats: the third makes room for the fourth, which no seat has free for the whole of it.
    yield from (booked(many, ahead(first, hours), units=n) for first, hours, n in ((1, 4, 2), (6, 4, 2), (4, 3, 1)))
    yield from (booked(named, ahead(200), unit_numbers=[2]), booked(named, ahead(200)))
    yield from (booked(whole, ahead(300)), booked(parts[0], ahead(310), units=2), booked(parts[1], ahead(310)))


TABLES = (
    "SELECT booking_id, listing_id, least(unit, 1000000), period FROM booking_unit ORDER BY 1, 2, 3",
    "SELECT to_jsonb(b) FROM booking b ORDER BY id",
    "SELECT to_jsonb(l) - 'updated_at' FROM listing l ORDER BY id",
    "SELECT id, units, busy, named, buffer_before FROM listing_search ORDER BY id",
)


def test_all_of_booking_goes_out_as_it_came_in(empty, tmp_path):
    first, second = empty(), empty()
    lines = list(everything())
    summary, refused = load(first.daemon, write(tmp_path, lines))
    assert (summary["loaded"], refused) == (len(lines), {})
    assert {"held", "requested", "confirmed", "completed", "no_show", "cancelled", "declined", "expired"} == {
        state for (state,) in first.rows("SELECT state FROM booking")
    }
    exported = export(first.daemon, tmp_path)
    assert len(exported) == len(lines)
    file = tmp_path / "exported.ndjson"
    file.write_text("\n".join(exported))
    assert load(second.daemon, file)[1] == {}
    assert export(second.daemon, tmp_path) == exported
    for table in TABLES:
        assert first.rows(table) == second.rows(table)
    assert not [line for line in second.daemon.command("check", check=False).stdout.splitlines() if '"id"' in line]


def test_what_was_booked_here_goes_elsewhere(stack, empty, tmp_path):
    company, owner = stack.company()
    guest, made = stack.user(), stack.listing(company, owner, price=EUROS, price_unit="hour", units=2)["id"]
    set_rules(owner, made, buffer_after_minutes=15, overbooking=1)
    ask(guest, made, 0, 4, units=2, note="With a piano")
    ask(owner, made, 1, 3, customer=KARI)  # above those there are
    do(guest, "cancel", ask(guest, made, 10, 11))
    ask(guest, made, 12, 13, method="hold")
    owner.rpc("events.booking.block", {"listing_id": made, "period": span(14, 15), "note": "Painters"})
    mine = [line for line in export(stack["events"], tmp_path) if made in line]
    assert len(mine) == 6
    other, file = empty(), tmp_path / "mine.ndjson"
    # its type is one of this test's, which an empty database has not
    file.write_text("\n".join(line.replace(json.loads(mine[0])["type"], "hall") for line in mine))
    assert load(other.daemon, file)[1] == {}
    assert export(other.daemon, tmp_path) == file.read_text().splitlines()


BAD = (
    ("/kind: enum", {"kind": "bookings"}),
    ("/id: format", {"id": "7"}),
    ("/pirce: additionalProperties", {"pirce": 3}),
    ("/period: required", {"period": None}),
    ("/period/to: not after", {"period": {"from": "2027-01-02T00:00:00Z", "to": "2027-01-02T00:00:00Z"}}),
    ("/period/from: format", {"period": {"from": "tomorrow", "to": "2027-01-02T00:00:00Z"}}),
    ("/units: minimum", {"units": 0}),
    ("/units: type", {"units": "two"}),
    ("/unit_numbers: as many", {"unit_numbers": [1, 2]}),
    ("/state: enum", {"state": "lost"}),
    ("/state: completed when it has ended", {"state": "completed"}),
    ("/state: no_show when it has begun", {"state": "no_show"}),
    ("/expires_at: required", {"state": "held"}),
    ("/price/currency: ", {"price": {"amount": 1, "currency": "kroner"}}),
    ("/price/amount: not the total", {"price": {"amount": 1, "currency": "NOK"}, "price_lines": LINES}),
    ("/customer/email: required", {"customer": {"name": "Nobody"}}),
    ("/customer/name: required", {"customer": {"phone": "112"}}),
    ("/customer: beside user_id", {"customer": KARI, "user_id": str(uuid.uuid4())}),
    ("/listing_id: neither", {"listing_id": None}),
    ("/listing_id: no such listing", {"listing_id": str(uuid.uuid4())}),
    ("/period: booked", {}),
    ("/created_at: format", {"created_at": "2027-02-30T00:00:00Z"}),
    ("/override/reason: required", {"override": {"by": str(uuid.uuid4()), "at": "2027-01-01T00:00:00Z"}}),
    ("/guests: maximum", {"guests": 10**9}),
)
BAD_LISTINGS = (
    ("/rules/step_minutes", {"rules": {"step_minutes": -5}}),
    ("/rules/unit_names: ", {"rules": {"unit_names": ["Fjord"]}}),
    ("/pricing/minimum: ", {"pricing": {"minimum": "dear"}}),
    ("/pricing/currency: one_currency", {"pricing": {"currency": "EUR"}}),
    ("/price: required", {"pricing": {"minimum": 1}, "price": None}),
    ("/includes: exists", {"includes": [str(uuid.uuid4())]}),
    ("/type", {"type": "castle"}),
    ("/title: required", {"title": None}),
    ("/state: enum", {"state": "sold"}),
)


def test_each_bad_line_is_told_by_member_and_rule_and_costs_no_other(empty, tmp_path):
    other, company = empty(), str(uuid.uuid4())
    place = hall(company)
    lines = [place, booked(place, ahead(100))]
    lines += [booked(place, ahead(101)) | bad for _, bad in BAD]
    lines += [hall(company) | bad for _, bad in BAD_LISTINGS]
    file = write(tmp_path, [*lines, booked(place, ahead(110))])
    with file.open("a") as more:
        more.write('{"kind": "booking"\n[]\n\n' + '"' + "x" * (3 << 20) + "\n" + json.dumps(booked(place, ahead(120))))
    summary, refused = load(other.daemon, file)
    wanted = [reason for reason, _ in BAD + BAD_LISTINGS]
    assert [refused[3 + i].startswith(reason) or refused[3 + i] for i, reason in enumerate(wanted)] == [True] * len(
        wanted
    )
    assert (summary["loaded"], summary["rejected"]) == (4, len(wanted) + 3)
    assert "longer than 1 MiB" in refused.values() and "not a JSON object" in refused.values()
    assert other.rows("SELECT count(*) FROM booking") == [(3,)] and other.rows("SELECT count(*) FROM listing") == [(1,)]
    kept = (tmp_path / f"{file.name}.rejected").read_text()
    assert all(f"line {number}: {reason}" in kept for number, reason in refused.items()) and len(kept) < 1 << 20


def test_an_import_that_is_killed_goes_on_and_doubles_nothing(empty, tmp_path):
    other, place = empty(), hall(str(uuid.uuid4()), units=1000)
    lines = [place, *(booked(place, ahead(100), external_id=str(n)) for n in range(900))]
    lines += [booked(hall("x"), ahead(100))] * 50 + [booked(place, ahead(104), external_id=str(n)) for n in range(800)]
    lines += [booked(place, ahead(104), external_id=f"later {n}") for n in range(900)]
    file = write(tmp_path, lines)
    running = subprocess.Popen(
        [str(other.daemon.program), "import", str(file), "--config", str(other.daemon.config)],
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: other.rows("SELECT count(*) FROM booking") != [(0,)], what="the first batch")
    time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    summary, _ = load(other.daemon, file)
    assert summary["read"] == len(lines)
    assert other.rows("SELECT count(*), count(DISTINCT external_id) FROM booking") == [(1800, 1800)]
    assert other.rows("SELECT max(unit), count(*) FROM booking_unit") == [(900, 1800)]
    again = json.loads(other.daemon.command("import", file).stdout.splitlines()[-1])
    assert (again["loaded"], again["skipped"]) == (0, len(lines))


def test_nothing_of_who_was_erased_comes_back(empty, tmp_path):
    other, place, gone = empty(), hall(str(uuid.uuid4())), str(uuid.uuid4())
    with other.cluster.connect(other.name) as database:
        database.execute("INSERT INTO erased_user (user_id, seq) VALUES (%s, 1)", (gone,))
    words = {"note": "Call Zebulon", "reason": "Zebulon is ill"}
    words["override"] = {"by": str(uuid.uuid4()), "at": "2026-01-01T00:00:00Z", "reason": "Zebulon asked"}
    lines = [
        place,
        *(booked(place, ahead(10 * n), user_id=who, **words) for n, who in ((1, gone), (2, str(uuid.uuid4())))),
    ]
    assert load(other.daemon, write(tmp_path, lines))[1] == {}
    found = other.rows("SELECT user_id::text, note, reason, override->>'reason' FROM booking ORDER BY lower(period)")
    assert found[0] == (gone, "", "", "") and "" not in found[1]
