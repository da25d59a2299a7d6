"""Zones as the daemons compute them, against Python's zoneinfo on the same database: the one of the system and one of
slim files, at every change of clocks from 2024 to 2030, at old changes of the date, and far behind the last change."""

import datetime
import os
import subprocess
import zoneinfo
from collections import Counter
from pathlib import Path

import pytest
from stack import program

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "America/Santiago",
    "Asia/Kathmandu",
    "Europe/Moscow",
)
UTC = datetime.UTC
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
NAIVE = datetime.datetime(1970, 1, 1)
QUARTER = datetime.timedelta(minutes=15)
SYSTEM = Path("/usr/share/zoneinfo")
LEAST = 5


def microseconds(span):
    return span // datetime.timedelta(microseconds=1)


def instant(when):
    return microseconds(when - EPOCH)


def offset(zone, when):
    return when.astimezone(zone).utcoffset()


def changes(zone, first, last):
    """The instants in these years at which the clocks change, to the second."""
    step, when = datetime.timedelta(days=1), datetime.datetime(first, 1, 1, tzinfo=UTC)
    while when.year <= last:
        low, high = when, when + step
        if offset(zone, low) != offset(zone, high):
            while high - low > datetime.timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            yield high
        when += step


def day_number(date):
    return (date - datetime.date(1970, 1, 1)).days


def day_start(zone, date):
    """The first instant whose local date is that date or a later one; changes of clocks are at quarters of an hour."""
    when = datetime.datetime(date.year, date.month, date.day, tzinfo=UTC) - datetime.timedelta(hours=16)
    while when.astimezone(zone).date() < date:
        when += QUARTER
    return when


class Questions:
    """What to ask, with Python's answer, and how often each kind of case was met."""

    def __init__(self):
        self.asked, self.kinds = [], Counter()

    def ask(self, zone, kind, number, expected):
        self.asked.append((f"{zone.key} {kind} {number}", str(expected)))

    def at(self, zone, when):
        local = when.astimezone(zone)
        self.ask(zone, "offset", instant(when), int(local.utcoffset().total_seconds()))
        self.ask(zone, "local", instant(when), microseconds(local.replace(tzinfo=None) - NAIVE))
        self.ask(zone, "day", instant(when), day_number(local.date()))

    def reading(self, zone, local):
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        self.ask(zone, "instant", microseconds(local - NAIVE), instant(first))
        self.ask(zone, "late", microseconds(local - NAIVE), instant(max(first, second)))
        if first > second:
            self.kinds["skipped"] += 1
        elif first < second:
            self.kinds["twice"] += 1

    def date(self, zone, date):
        start = day_start(zone, date)
        self.ask(zone, "start", day_number(date), instant(start))
        local = start.astimezone(zone)
        if local.date() == date and local.time() != datetime.time():
            self.kinds["no midnight"] += 1
        if (date.month, date.day) == (2, 29):
            self.kinds["leap day"] += 1

    def around(self, zone, change):
        for seconds in (-86400, -3600, -1, 0, 1, 3600, 86400):
            self.at(zone, change + datetime.timedelta(seconds=seconds))
        self.at(zone, change - datetime.timedelta(microseconds=1))
        locals_ = [(change + shift).astimezone(zone).replace(tzinfo=None) for shift in (-QUARTER, QUARTER)]
        low, high = min(locals_) - 4 * QUARTER, max(locals_) + 4 * QUARTER
        for step in range((high - low) // QUARTER + 1):
            for microsecond in (-1, 0):
                self.reading(zone, low + step * QUARTER + datetime.timedelta(microseconds=microsecond))
        for days in (-1, 0, 1, 2):
            self.date(zone, low.date() + datetime.timedelta(days=days))

    def leap_day(self, zone, year):
        date = datetime.date(year, 2, 29)
        for days in (-1, 0, 1):
            self.date(zone, date + datetime.timedelta(days=days))
            self.at(zone, datetime.datetime(year, 2, 28, 12, tzinfo=UTC) + datetime.timedelta(days=days))
        self.reading(zone, datetime.datetime(year, 2, 29, 12))


def answers(folder, questions):
    asking = program("events").parent / "tests/zone_answers"
    told = subprocess.run(
        [asking],
        input="\n".join(question for question, _ in questions),
        env={**os.environ, "TZDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return told.stdout.split()


def check(folder, questions):
    told = answers(folder, questions.asked)
    assert len(told) == len(questions.asked)
    wrong = [(*asked, got) for asked, got in zip(questions.asked, told, strict=True) if asked[1] != got]
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[:5]}"


@pytest.fixture(scope="module", params=("system", "slim"))
def folder(request, tmp_path_factory):
    """A folder of zoneinfo that both read: the system's, or slim files, where the footer says what fat ones list."""
    made = SYSTEM
    if request.param == "slim":
        made = tmp_path_factory.mktemp("slim")
        subprocess.run(["zic", "-b", "slim", "-d", made, SYSTEM / "tzdata.zi"], check=True, timeout=60)
    zoneinfo.reset_tzpath([made])
    zoneinfo.ZoneInfo.clear_cache()
    yield made
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.fixture
def zone(folder):
    return lambda name: zoneinfo.ZoneInfo(name)


def test_every_change_of_clocks_from_2024_to_2030(folder, zone):
    questions = Questions()
    for name in ZONES:
        for change in changes(zone(name), 2024, 2030):
            questions.around(zone(name), change)
            questions.kinds["changes"] += 1
        for year in (2024, 2028):
            questions.leap_day(zone(name), year)
    check(folder, questions)
    assert questions.kinds["changes"] >= 100
    assert all(questions.kinds[kind] >= LEAST for kind in ("skipped", "twice", "no midnight", "leap day"))


def test_a_date_that_was_left_out_and_a_midnight_that_was(folder, zone):
    questions = Questions()
    for name, years in (("Pacific/Apia", (2011, 2011)), ("America/Sao_Paulo", (2018, 2018))):
        for change in changes(zone(name), *years):
            questions.around(zone(name), change)
    questions.date(zone("Pacific/Apia"), datetime.date(2011, 12, 30))
    assert any(str(day_number(datetime.date(2011, 12, 30))) in asked for asked, _ in questions.asked)
    check(folder, questions)
    assert questions.kinds["skipped"] >= LEAST and questions.kinds["no midnight"]


@pytest.mark.parametrize("year", (2037, 2038, 2099, 2438, 2600))
def test_far_behind_the_last_change_the_rule_goes_on(folder, zone, year):
    questions = Questions()
    for name in ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo", "Europe/Dublin"):
        found = list(changes(zone(name), year, year))
        assert len(found) == 2
        for change in found:
            questions.around(zone(name), change)
    check(folder, questions)


def test_all_zones_agree_this_year_and_in_forty(folder, zone):
    questions = Questions()
    names = {name for name in zoneinfo.available_timezones() if not name.startswith(("posix/", "right/"))}
    for name in sorted(names - {"Factory", "localtime", "posixrules"}):
        for month in range(1, 13):
            for year in (1970, 2026, 2066):
                questions.at(zone(name), datetime.datetime(year, month, 15, 11, 30, tzinfo=UTC))
    check(folder, questions)


def test_no_other_names_are_opened(folder):
    names = ("../zoneinfo/Europe/Berlin", "Factory", "tzdata.zi", "Europe", "/etc/localtime")
    assert answers(folder, [(f"{name} offset 0", "") for name in names]) == ["none"] * len(names)
