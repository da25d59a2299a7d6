"""At its start events compares its time zones with PostgreSQL's, and warns of one that is another."""

import json
import shutil

import pytest
from waiting import wait_until

ZONEINFO = "/usr/share/zoneinfo"


def warnings(stack):
    lines = [json.loads(line) for line in stack["events"].log_text().splitlines()]
    return [line for line in lines if "another one in PostgreSQL" in line["message"]]


@pytest.fixture
def other_zones(tmp_path):
    """A folder of zones in which Kathmandu's clocks are Oslo's, Cairo's are missing, and all else is as it is."""
    folder = tmp_path / "zoneinfo"
    for name in ("Asia/Kathmandu", "America/New_York", "Europe/Oslo"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{ZONEINFO}/{name.replace('Asia/Kathmandu', 'Europe/Oslo')}", folder / name)
    return folder


def test_a_zone_that_differs_is_a_warning(stack, monkeypatch, other_zones):
    owner = stack.company()
    for zone in ("Asia/Kathmandu", "America/New_York", "Africa/Cairo"):
        stack.listing(*owner, time_zone=zone, publish=False)
    stack["events"].restart()
    assert stack["events"].is_ready()
    monkeypatch.setenv("TZDIR", str(other_zones))
    stack["events"].restart()
    wait_until(lambda: len(warnings(stack)) >= 2, 20, "two warnings")
    assert {line["zone"]: line["text"] for line in warnings(stack)} == {
        "Africa/Cairo": "the system has no such zone",
        "Asia/Kathmandu": "offsets from UTC differ",
    }
    monkeypatch.undo()
    stack["events"].restart()
