"""deploy/local/demo/load: what a newcomer finds, and that loading it again adds nothing."""

import json
import subprocess

import pytest
from stack import PASSWORD, ROOT, program
from waiting import wait_until

MAX_PICTURE = 200 * 1024


class Demo:
    """A data directory as deploy/local/up makes it, of a stack; load() fills the stack."""

    def __init__(self, stack, folder):
        self.stack, self.folder = stack, folder
        (folder / "config").symlink_to(stack.folder)
        (folder / "mail").symlink_to(stack.mailbox.folder)
        admin = {"email": stack.admin().email, "password": PASSWORD, "gateway": stack.gateway.base}
        (folder / "admin.json").write_text(json.dumps(admin))

    def load(self):
        command = [ROOT / "deploy/local/demo/load", "--gateway", self.stack.gateway.base]
        command += ["--data-dir", self.folder, "--programs", program("gateway").parent]
        result = subprocess.run(command, capture_output=True, text=True, timeout=200, stdin=subprocess.DEVNULL)
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads((self.folder / "demo.json").read_text())

    def count(self, daemon, table):
        with self.stack.database(daemon) as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def counts(self):
        tables = {"passport": ["company"], "events": ["listing", "booking"], "rating": ["review"], "images": ["image"]}
        return {table: self.count(daemon, table) for daemon, names in tables.items() for table in names}


@pytest.fixture(scope="module")
def demo(stack, tmp_path_factory):
    made = Demo(stack, tmp_path_factory.mktemp("demo"))
    made.document = made.load()
    return made


@pytest.fixture(scope="module")
def listings(demo):
    """All published listings as anybody finds them, in an order that ratings still on their way do not change."""
    found, cursor = [], None
    while cursor or not found:
        params = {"limit": 50, "sort": "newest"} | ({"cursor": cursor} if cursor else {})
        page = demo.stack.rpc("events.listing.search", params)
        found += page["items"]
        cursor = page["next_cursor"]
    return found


def test_listings_are_of_many_kinds_and_places(listings):
    assert len(listings) == 62
    assert len({item["type"] for item in listings}) >= 10
    assert {item["time_zone"] for item in listings} >= {"Europe/Oslo", "Asia/Tokyo", "Australia/Melbourne"}
    assert {item["price"]["currency"] for item in listings} == {"EUR", "NOK", "CAD", "AUD", "JPY"}
    assert len({item["description"] for item in listings}) == 62
    assert sum(item["units"] > 1 for item in listings) >= 10


def test_every_listing_has_pictures_of_its_own(demo, listings):
    ids = [image for item in listings for image in item["images"]]
    assert all(1 <= len(item["images"]) <= 2 for item in listings) and len(ids) == len(set(ids))
    images = []
    for start in range(0, len(ids), 100):
        images += demo.stack.rpc("images.image.list", {"ids": ids[start : start + 100]})["items"]
    assert len({image["sha256"] for image in images}) == len(ids)
    for image in images:
        assert (image["type"], image["width"], image["height"]) == ("image/jpeg", 1200, 800)
        assert image["bytes"] < MAX_PICTURE
    assert demo.stack.gateway.get(images[0]["url"]).status_code == 200


def test_the_accounts_log_in_and_own_what_they_should(demo):
    accounts = demo.document["accounts"]
    assert len(accounts) == 21
    for account in (accounts[0], next(one for one in accounts if one["role"] == "owner")):
        user = demo.stack.login(account["email"], account["password"])
        companies = user.rpc("passport.user.me")["companies"]
        assert bool(companies) == (account["role"] == "owner")
        if account["role"] == "user":
            states = {item["state"] for item in user.rpc("events.booking.list", {"limit": 100})["items"]}
            assert states == {"confirmed", "completed"}


def test_ratings_differ_and_reach_the_listings(demo, listings):
    counts = {}
    for item in listings:
        summary = demo.stack.rpc("rating.summary.get", {"subject_id": item["id"]})
        counts[item["id"]] = summary["count"]
    assert sum(counts.values()) == demo.document["counts"]["reviews"]
    assert len(set(counts.values())) > 5

    def told():
        shown = demo.stack.rpc("events.listing.search", {"limit": 100})["items"]
        return {item["id"]: item["rating"]["count"] for item in shown} == counts

    wait_until(told, what="events to know all ratings")


def test_loading_again_adds_nothing(demo):
    before = demo.counts()
    again = demo.load()
    assert demo.counts() == before
    assert again["accounts"] == demo.document["accounts"]


def test_the_first_calls_of_the_readme_work_as_printed(demo, tmp_path):
    text = (ROOT / "README.md").read_text().partition("## First calls")[2]
    script = text.partition("```sh\n")[2].partition("```")[0]
    assert "call events.booking.create" in script
    for printed, here in (("http://127.0.0.1:8080", demo.stack.gateway.base), (".local/mail", demo.folder / "mail")):
        assert printed in script
        script = script.replace(printed, str(here))
    again = script.splitlines()[-1]  # "The same booking once more"
    command = ["bash", "-euo", "pipefail", "-c", f"{script}\n{again}\n"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout + result.stderr
    booked, conflict = (
        json.loads(line) for line in result.stdout.replace('{"jsonrpc"', '\n{"jsonrpc"').splitlines()[-2:]
    )
    assert booked["result"]["state"] == "confirmed"
    assert conflict["error"]["data"]["reason"] == "booked"


def test_a_house_a_course_a_feast_and_a_desk_are_there(demo):
    assert demo.count("events", "listing WHERE space_id IS NOT NULL") == 3
    assert demo.count("events", "booking_series") == 1
    assert demo.count("events", "booking WHERE series_id IS NOT NULL AND state = 'confirmed'") >= 6
    assert demo.count("events", "booking WHERE group_id IS NOT NULL") == 2
    assert demo.count("events", "booking WHERE customer IS NOT NULL AND booked_by IS NOT NULL") == 2
