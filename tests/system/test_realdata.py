"""The main job on real input: load a city and an inventory of venues, and compare every answer with the files."""

import csv
import json
import os
import sys
from pathlib import Path

import pytest
from stack import PASSWORD, ROOT

sys.path.insert(0, str(ROOT / "tests/realdata/lib"))

import airbnb
import dataset as shapes
import loading
import oracle
import source
from checking import Check

SHARED = Path(os.environ.get("EVENTLOOP_SHARED", ROOT.parent / "shared"))
ALBANY = SHARED / "data/albany"
SEATTLE = SHARED / "data/seattle-cultural-spaces.csv"
QUERIES = 300

needs_data = pytest.mark.skipif(not ALBANY.is_dir(), reason=f"no real data in {SHARED} (EVENTLOOP_SHARED)")


@pytest.fixture(scope="module")
def data_dir(stack, tmp_path_factory):
    """A data directory as deploy/local/up would have written it for this stack."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "config").mkdir()
    for name in ("events", "rating"):
        (folder / "config" / f"{name}.conf").symlink_to(stack[name].config)
    admin = {"email": stack.admin().email, "password": PASSWORD, "gateway": stack.gateway.base}
    (folder / "admin.json").write_text(json.dumps(admin))
    return folder


@pytest.fixture(scope="module")
def albany(stack, data_dir):
    dataset = source.read(ALBANY)
    return dataset, loading.load(dataset, stack.gateway.base, data_dir)


@pytest.fixture(scope="module")
def seattle(stack, data_dir):
    dataset = source.read(SEATTLE)
    return dataset, loading.load(dataset, stack.gateway.base, data_dir)


@needs_data
def test_albany_loads_whole(stack, albany):
    dataset, summary = albany
    assert summary["rejected"] == 0 and summary["imports"]["rating"]["loaded"] == 25313
    with stack.database("events") as database:
        (listings,) = database.execute(
            "SELECT count(*) FROM listing WHERE company_id = %s", [summary["company_id"]]
        ).fetchone()
        bookings, first = database.execute(
            "SELECT count(*), min(lower(period)) - now() FROM booking WHERE company_id = %s", [summary["company_id"]]
        ).fetchone()
    assert (listings, bookings) == (421, sum(len(listing.busy) for listing in dataset.listings))
    assert 0 <= first.days <= 7 and summary["shift_days"] % 7 == 0


@needs_data
@pytest.mark.parametrize("name", ["albany", "seattle"])
def test_every_answer_is_that_of_the_files(stack, data_dir, request, name):
    dataset, _ = request.getfixturevalue(name)
    check = Check(dataset, stack.gateway.base, data_dir, seed=20)
    passed, failed = check.run(QUERIES)
    assert failed == 0 and passed > QUERIES + len(dataset.listings)


@needs_data
def test_a_second_load_does_no_harm(stack, data_dir, albany):
    dataset, first = albany
    second = loading.load(source.read(ALBANY), stack.gateway.base, data_dir)
    assert second["rejected"] == 0 and second["company_id"] == first["company_id"]
    check = Check(dataset, stack.gateway.base, data_dir, seed=21)
    assert check.run(20)[1] == 0


@needs_data
def test_the_check_notices_what_is_wrong(stack, data_dir, albany, capsys):
    """One listing that is dearer in the files, one that is busy there, one with another rating: each is seen."""
    dataset, _ = albany
    check = Check(dataset, stack.gateway.base, data_dir, seed=22)
    priced = next(item for item in check.items if item.price is not None)
    priced.price += 1
    check.check_searches(25)
    assert check.failed > 0
    check = Check(dataset, stack.gateway.base, data_dir, seed=22)
    for item in check.items:
        item.busy = []
    check.check_searches(25)
    assert check.failed > 0
    check = Check(dataset, stack.gateway.base, data_dir, seed=22)
    next(item for item in check.items if item.reviews).reviews += 1
    check.check_ratings()
    assert check.failed == 1
    assert "MISMATCH" in capsys.readouterr().out


AMENITIES = json.dumps(["TV", "tv", '42" TV', "Café ☕", "猫"])
COLUMNS = "id,name,description,latitude,longitude,accommodates,amenities,price,review_scores_rating".split(",")
AWKWARD = (
    ("1", 'Say "hello"', "<b>Bold</b><br/>two\nlines", "1.5", "-180", "2", AMENITIES, "$1,234.50", "4.876"),
    ("2",),
    ("2", "Twice"),
    ("", "Nobody"),
    ("3", "Odd", "", "north", "91", "many", '{Wifi,"Hot tub"}', "free", "0.3"),
)
CALENDAR = """listing_id,date,available
1,2020-01-06,f
1,2020-01-07,f
1,2020-01-09,f
1,2020-01-08,t
9,2020-01-05,f
3,2020-01-05,t
"""
REVIEWS = """listing_id,id,date,comments
1,77,2019-12-24,"Good, ""very"" good"
2,78,2019-12-24,no score
9,79,2019-12-24,no listing
"""


def test_an_awkward_city_loads_and_checks(stack, data_dir, tmp_path):
    """Cells that are missing, doubled, quoted, foreign or no numbers."""
    folder = tmp_path / "awkward"
    folder.mkdir()
    with open(folder / "listings.csv", "w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *AWKWARD])
    (folder / "calendar.csv").write_text(CALENDAR)
    (folder / "reviews.csv").write_text(REVIEWS)
    dataset = source.read(folder)
    assert [listing.external_id for listing in dataset.listings] == ["1", "2", "3"] and dataset.left_out == 2
    assert [listing.price for listing in dataset.listings] == [123450, None, None]
    assert [listing.score for listing in dataset.listings] == ["4.88", None, "1.00"]
    assert [(last - first).days for first, last in dataset.listings[0].busy] == [2, 1]
    keys = {field.wanted_key for field in dataset.fields.values()}
    assert len(keys) == len(dataset.fields) == 7
    summary = loading.load(dataset, stack.gateway.base, data_dir)
    assert summary["rejected"] == 0 and summary["bookings"] == 2
    assert Check(dataset, stack.gateway.base, data_dir, seed=3).run(60)[1] == 0


def test_shift_brings_the_calendar_into_the_coming_week():
    today = shapes.date(2026, 5, 13)
    for first in (
        shapes.date(2024, 11, 5),
        shapes.date(2026, 5, 13),
        shapes.date(2026, 5, 14),
        shapes.date(2027, 1, 1),
    ):
        shift = shapes.shift_days(first, today)
        assert shift % 7 == 0 and 1 <= (first + shapes.timedelta(days=shift) - today).days <= 7


def test_the_plain_computation_knows_half_open_time_and_the_earth():
    item = oracle.Item("a", "a", 1, None, 0.0, 0.0, {}, [(86400, 2 * 86400)], "", None)
    day = {"from": "1970-01-01T00:00:00Z", "to": "1970-01-02T00:00:00Z"}
    assert oracle.free(item, day)
    assert not oracle.free(item, day | {"to": "1970-01-02T00:00:01Z"})
    assert oracle.distance(item, {"lat": 0.0, "lon": 1.0}) == pytest.approx(111195.08, abs=0.01)
    assert airbnb.parse_price("$1,234.50") == 123450 and airbnb.parse_price("") is None
