"""tests/run changed: which tests are near to a change."""

import sys

import pytest
from stack import ROOT

sys.path.insert(0, str(ROOT / "tests" / "lint"))

import gate
from changed import fitting
from nearness import Nearness

FILES = {
    "common/base/text.h": "int text_fold(void);\n",
    "common/base/text.c": '#include "base/text.h"\n',
    "events/booking/booking.h": "int booking_create(void *call);\n",
    "events/booking/booking.c": '#include "booking/booking.h"\n#include "booking/hold.h"\n'
    "int booking_create(void *call)\n{\n\treturn 0;\n}\n",
    "events/booking/hold.h": '#include "base/text.h"\n',
    "events/booking/hold.c": '#include "booking/hold.h"\n',
    "events/api/booking.json": '{"methods": [{"name": "events.booking.create"}]}\n',
    "events/main.c": 'static const struct rpc_handler table[] = {{"events.booking.create", booking_create}};\n',
    "tests/unit/base/test_text.c": '#include "base/text.h"\n',
    "tests/unit/events/test_hold.c": '#include "booking/hold.h"\n',
    "tests/unit/events/test_other.c": '#include "events.h"\n',
    "tests/lib/guests.py": "\n",
    "tests/system/test_booking_race.py": "\n",
    "tests/system/test_days.py": 'rpc("events.booking.create")\n',
    "tests/system/test_main_path.py": "\n",
    "tests/system/test_search.py": 'from guests import one\nrpc("events.listing.search")\n',
    "tests/system/test_values.py": "\n",
}


@pytest.fixture
def near(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return lambda *changed: Nearness(gate.Tree(tmp_path), changed)


def ranks(nearness):
    found = {name: nearness.test(name) for name in FILES if name.startswith("tests/system/")}
    return {name.rpartition("test_")[2]: rank[0] for name, rank in found.items() if rank}


@pytest.mark.parametrize(
    "changed, steps",
    [
        ("common/base/text.c", {"base/test_text": 1, "events/test_hold": 2}),
        ("events/booking/hold.c", {"events/test_hold": 1}),
        ("tests/unit/events/test_other.c", {"events/test_other": 0}),
        ("events/main.c", {}),
    ],
)
def test_c_programs_are_as_near_as_their_includes(near, changed, steps):
    assert near(changed).programs() == {f"tests/unit/{name}.c": number for name, number in steps.items()}


@pytest.mark.parametrize(
    "changed, files",
    [
        ("tests/system/test_values.py", {"values.py": 0}),
        ("tests/lib/guests.py", {"search.py": 1}),
        ("events/booking/booking.c", {"booking_race.py": 1, "days.py": 1, "main_path.py": 2, "search.py": 3}),
        ("events/booking/hold.c", {"booking_race.py": 2, "days.py": 2, "main_path.py": 2, "search.py": 3}),
        ("events/api/booking.json", {"booking_race.py": 1, "days.py": 1, "main_path.py": 2, "search.py": 3}),
        ("common/base/text.c", {"days.py": 3, "main_path.py": 2}),
    ],
)
def test_python_files_are_as_near_as_what_they_name(near, changed, files):
    assert ranks(near(changed)) == files


def test_the_nearest_come_first_into_the_time_and_what_is_too_long_is_passed_over():
    times = {"long": 50, "short": 5, "middle": 12}
    assert fitting(["long", "short", "new", "middle"], times, 10, 20) == ["short", "new", "middle"]
    assert fitting(["short", "middle"], times, 10, 6) == ["short"]
