"""Which places of the sources a run of traced programs has reached: the files of trace.c, as sets of points.

A point is a line of the sources at which a basic block begins. points.json of the traced build lists them; beside it a
file for each program says which point an address of it is. A set of points is a number, bit N for point N.
"""

import bisect
import functools
import json
import os
import re
import subprocess
from pathlib import Path

_FOLDERS = ("common/", "passport/", "events/", "rating/", "images/", "gateway/")


def _calls(program):
    """The addresses behind each call of the tracer: what trace.c notes."""
    listing = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True
    )
    lines = listing.stdout.splitlines()
    found = []
    for line, following in zip(lines, lines[1:] + [""], strict=True):
        if line.endswith("<__sanitizer_cov_trace_pc>"):
            after = following.split(":")[0].strip()
            start = int(line.split(":")[0], 16)
            found.append((start, int(after, 16) if re.fullmatch("[0-9a-f]+", after) else start + 5))
    return found


def _places(program, root):
    """{address: (path, line)} of a program."""
    calls = _calls(program)
    asked = "".join(f"{start:#x}\n" for start, _ in calls)
    said = subprocess.run(["addr2line", "-e", program], input=asked, capture_output=True, text=True, check=True).stdout
    found = {}
    for (_, after), place in zip(calls, said.splitlines(), strict=True):
        path, _, line = place.split(" (")[0].rpartition(":")
        path = os.path.relpath(path, root) if path.startswith("/") else path.removeprefix("./")
        if path.startswith(_FOLDERS) and line.isdigit():
            found[after] = (path, int(line))
    return found


def _stamp(program):
    return [program.stat().st_mtime_ns, program.stat().st_size]


def make_points(root, programs, folder):
    """Writes points.json and a table for each program that is new or was built anew. root: the tree of the programs."""
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "points.json"
    number = {tuple(place): n for n, place in enumerate(json.loads(known.read_text()))} if known.exists() else {}
    for program in programs:
        table = folder / f"{program.name}.json"
        if table.exists() and json.loads(table.read_text())["built"] == _stamp(program):
            continue
        places = _places(program, root).items()
        points = [(after, number.setdefault(place, len(number))) for after, place in places]
        table.write_text(json.dumps({"built": _stamp(program), "points": points}))
    known.write_text(json.dumps(list(number)))


@functools.cache
def _table(folder, program):
    path = Path(folder).parent / "points" / f"{program}.json"
    return dict(json.loads(path.read_text())["points"]) if path.exists() else {}


def take(folder):
    """The points that were reached since the last time; forgets them. folder: EVENTLOOP_TRACE_DIR, beside points/."""
    bits = 0
    for path in Path(folder).iterdir():
        with open(path, "r+b") as file:
            noted = file.read()
            file.seek(0)
            file.write(bytes(len(noted)))
        table = _table(str(folder), path.name)
        bits |= functools.reduce(
            lambda all_bits, at: all_bits | at,
            (1 << table[match.start()] for match in re.finditer(b"\x01", noted) if match.start() in table),
            0,
        )
    return bits


class Points:
    """points.json, read."""

    def __init__(self, folder):
        self.all = [tuple(point) for point in json.loads((folder / "points.json").read_text())]
        self.by_file = {}
        for number, (path, line) in enumerate(self.all):
            self.by_file.setdefault(path, []).append((line, number))
        for places in self.by_file.values():
            places.sort()

    def of_lines(self, path, first, last):
        """The numbers of the points on lines first to last."""
        places = self.by_file.get(path, [])
        return [number for line, number in places[bisect.bisect(places, (first, -1)) :] if line <= last]
