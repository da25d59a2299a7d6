#!/usr/bin/env python3
"""What tests/run changed runs: changed.py files|gates|unit|system [--base COMMIT] [--seconds N] [--preset PRESET]

Prints the names of what is chosen, one a line, and on standard error why, and what is left. The nearest are chosen
first (nearness.py tells what is near), as many as fit into the seconds, by how long they took when they last ran.
"""

import argparse
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lint"))

import gate
from nearness import Nearness

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
# Seconds of what never ran here.
UNKNOWN_PROGRAM, UNKNOWN_FILE = 0.5, 15.0
# Which files a gate reads; one that does not stand here is always run.
C, API, SQL, PYTHON, SHELL = (".c", ".h"), (".c", ".h", ".json"), (".c", ".h", ".sql"), (".py",), (".sh",)
READS = {"format": C, "tidy": C, "cppcheck": C, "suspend": C, "banned": C, "headers": (".h",), "sql": SQL}
READS |= {"api": API, "errors": API, "values": (".json",), "ids": API, "layers": (*C, ".md")}


def git(*arguments):
    result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    return result.stdout.splitlines() if result.returncode == 0 else None


def default_base():
    """Where this branch left main, or what is checked out."""
    for main in ("origin/main", "main"):
        found = git("merge-base", "HEAD", main)
        if found:
            return found[0]
    return "HEAD"


def changed_files(base):
    """What differs from the base, committed or not, and what git does not know yet."""
    changed = git("diff", "--name-only", base, "--")
    if changed is None:
        sys.exit(f"tests/run changed: {base} is no commit here")
    return sorted({*changed, *git("ls-files", "--others", "--exclude-standard")})


def tell(text):
    print(f"   {text}", file=sys.stderr)


def fitting(ordered, times, unknown, seconds):
    """As many, from the first on, as WORKERS get done in the seconds; one that is too long is passed over."""
    chosen, total = [], 0.0
    for name in ordered:
        cost = times.get(name, unknown)
        if cost <= seconds and total + cost <= seconds * WORKERS:
            chosen.append(name)
            total += cost
    return chosen


def program_times(preset):
    """{C test program: seconds}, as ctest remembers them."""
    path = ROOT / "build" / preset / "Testing" / "Temporary" / "CTestCostData.txt"
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        test, *figures = line.split()
        if len(figures) == 2:
            found[source_of(test)] = float(figures[1])
    return found


def source_of(test):
    return f"tests/fuzz/fuzz_{test[5:]}.c" if test.startswith("fuzz/") else f"tests/{test}.c"


def file_times():
    """{Python test file: seconds}, by the last reports; remembered, for the next run replaces its report."""
    folder = ROOT / "build" / "test-logs"
    memory = folder / "file-times.json"
    found = json.loads(memory.read_text()) if memory.exists() else {}
    for report in sorted(folder.glob("pytest-*.xml"), key=lambda path: path.stat().st_mtime):
        try:
            cases = list(ElementTree.parse(report).iter("testcase"))
        except ElementTree.ParseError:
            continue
        sums = Counter()
        for case in cases:
            module = case.get("classname", "").removeprefix("tests.").replace(".", "/")
            cut = any("no time is left" in skipped.get("message", "") for skipped in case.iter("skipped"))
            sums[f"tests/{module}.py"] += float("inf") if cut else float(case.get("time", 0))
        found |= {name: seconds for name, seconds in sums.items() if seconds != float("inf")}
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps(found))
    return found


def choose_gates(changed):
    names = sorted(path.stem.removeprefix("check_") for path in (ROOT / "tests" / "lint").glob("check_*.py"))
    chosen = [name for name in names if any(file.endswith(READS.get(name, "")) for file in changed)]
    if set(names) - set(chosen):
        tell(f"they read nothing that changed: {', '.join(sorted(set(names) - set(chosen)))}")
    return chosen


def choose_programs(near, preset, seconds):
    steps = near.programs()
    times = program_times(preset)
    ordered = sorted(steps, key=lambda name: (steps[name], times.get(name, UNKNOWN_PROGRAM)))
    chosen = fitting(ordered, times, UNKNOWN_PROGRAM, seconds)
    tell(f"{len(chosen)} of {len(steps)} programs that include what changed, the nearest first")
    left = [name for name in ordered if name not in chosen]
    if left:
        tell(f"NOT RUN, there was no time (tests/run unit): {', '.join(Path(name).stem for name in left)}")
    return chosen


def choose_files(near, seconds):
    every = [name for name in near.tree.files if is_candidate(name, near.changed)]
    ranks = {name: rank for name in every if (rank := near.test(name))}
    times = file_times()
    ordered = sorted(ranks, key=lambda name: (ranks[name][:2], times.get(name, UNKNOWN_FILE)))
    chosen = fitting(ordered, times, UNKNOWN_FILE, seconds)
    for name in chosen:
        tell(f"{name.removeprefix('tests/'):<44} {ranks[name][2]}")
    left = [name.removeprefix("tests/") for name in ordered if name not in chosen]
    if left:
        tell(f"NOT RUN, there was no time (tests/run system conformance): {', '.join(left)}")
    tell(f"{len(every) - len(ranks)} files have nothing to do with the change by name")
    return chosen


def is_candidate(name, changed):
    """Drills and the real data take minutes: only when they are themselves what changed."""
    path = Path(name)
    if not path.name.startswith("test_") or path.suffix != ".py":
        return False
    minutes = name.startswith("tests/drills/") or path.name in ("test_realdata.py", "test_openrpc_tools.py")
    return name in changed or (name.startswith(("tests/system/", "tests/conformance/")) and not minutes)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("files", "gates", "unit", "system"))
    parser.add_argument("--base")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--preset", default="debug")
    options = parser.parse_args()
    base = options.base or default_base()
    changed = changed_files(base)
    near = Nearness(gate.Tree(ROOT), changed)
    if options.what == "files":
        tell(f"since {git('log', '-1', '--format=%h %s', base)[0]}:")
        tell("\n   ".join(changed) or "nothing")
        headers = {name for name in near.changed if name.endswith(".h")}
        chosen = sorted({*near.changed, *(f"{name[:-2]}.c" for name in headers)} & near.tree.known)
    elif options.what == "gates":
        chosen = choose_gates(changed)
    elif options.what == "unit":
        chosen = choose_programs(near, options.preset, options.seconds)
    else:
        chosen = choose_files(near, options.seconds)
    print("\n".join(chosen))


if __name__ == "__main__":
    main()
