"""Tries a fault: builds it into a tree, runs the tests that reach it, the likeliest first, until one fails."""

import json
import re
import time
from collections import Counter
from pathlib import Path

from mutation.runner import Database, Runner
from mutation.tree import DAEMONS, Tree

UNITS_AT_ONCE = 6
FIRST_SECONDS, LATER_SECONDS = 15, 60  # of the system tests that one run of pytest gets


class Experience:
    """Which tests killed faults of which files; which have been seen to pass without a fault, and which have failed."""

    def __init__(self, folder):
        self.path = Path(folder) / "verified.json"
        self.verified = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.kills = Counter()

    def learn(self, result):
        if result["verdict"] == "killed":
            self.kills[result["path"], _function(result["killer"])] += 1

    def verify(self, test, passed):
        self.verified[test] = passed
        self.path.write_text(json.dumps(self.verified, indent=0))


def _function(test):
    return test.split("[")[0].split(" ")[0]


def _related(path, test):
    """Whether the name of a test says that it is about a file, or about its folder."""
    folder, stem = Path(path).parent.name, Path(path).stem
    words = re.split("_", f"{folder}_{stem}")
    return 2 * (stem in test) + (f"/{folder}/" in test) + sum(f"_{word[:6]}" in test for word in set(words))


class Trial:
    """A worker: a tree with the plain build `faulty`, and copies of its daemons without a fault in `faultless`."""

    def __init__(self, root, folder, number, map, experience, budget):
        self.tree = Tree(root, folder / f"worker{number}")
        self.map, self.experience, self.budget = map, experience, budget
        self.database = Database(self.tree, "faultless")
        self.runner = Runner(self.tree, self.database)

    def prepare(self, jobs):
        """Builds everything without a fault."""
        self.tree.sync()
        self.tree.configure("faulty", "-O0")
        units = [f"tests/{program.name}" for program in self.tree.unit_programs("faulty")]
        built, said = self.tree.build("faulty", DAEMONS + units, jobs)
        if not built:
            raise SystemExit(said[-3000:])
        self.tree.keep_programs("faulty", "faultless")

    def close(self):
        self.database.close()

    # --- which tests, in which order ---

    def _order(self, fault, tests):
        def key(test):
            entry = self.map.tests[test]
            kills = self.experience.kills[fault.path, test]
            return -kills, -_related(fault.path, test), entry["seconds"] * entry["reach"]

        usable = [test for test in tests if self.experience.verified.get(test) is not False]
        return sorted(usable, key=key)

    def _unit_batches(self, tests):
        units = [test for test in tests if test.startswith("unit/")]
        return [units[at : at + UNITS_AT_ONCE] for at in range(0, len(units), UNITS_AT_ONCE)]

    def _system_batches(self, tests):
        """Batches of some seconds, the first small; within a batch those of a file beside one another."""
        batches, batch, seconds = [], [], 0
        for test in (test for test in tests if not test.startswith("unit/")):
            batch.append(test)
            seconds += self.map.tests[test]["seconds"]
            if seconds > (LATER_SECONDS if batches else FIRST_SECONDS):
                batches.append(batch)
                batch, seconds = [], 0
        batches += [batch] * bool(batch)
        ranked = [{test.split("::")[0]: at for at, test in reversed(list(enumerate(batch)))} for batch in batches]
        return [
            sorted(batch, key=lambda test: rank[test.split("::")[0]])
            for batch, rank in zip(batches, ranked, strict=True)
        ]

    # --- running them ---

    def _units(self, batch):
        built, said = self.tree.build("faulty", [f"tests/{t.split('/')[1]}_{t.split('/')[2]}" for t in batch])
        if not built:
            return "invalid", said[-2000:]
        for test in batch:
            outcome = self.runner.unit("faulty", test, self.map.tests[test]["seconds"])
            if not outcome.passed:
                return "killed", outcome.killer
        return "", ""

    def _is_credible(self, outcome):
        """Whether the test that failed passes without the fault; asked once, and again when time was the reason."""
        known = self.experience.verified.get(outcome.killer)
        if known is None or outcome.hung:
            usual = self.map.tests.get(outcome.killer, {}).get("seconds", 20)
            again = self.runner.system("faultless", [outcome.killer], usual)
            self.experience.verify(outcome.killer, again.passed)
            return again.passed
        return known

    def _systems(self, batch):
        seconds = sum(self.map.tests[test]["seconds"] for test in batch)
        left = list(batch)
        while left:
            outcome = self.runner.system("faulty", left, seconds)
            if not outcome.passed and not outcome.killer:  # pytest itself did not end: a busy machine, or the fault
                outcome = self.runner.system("faulty", left, 3 * seconds)
            if outcome.passed:
                return "", ""
            if not outcome.killer:
                again = self.runner.system("faultless", left, 3 * seconds)
                return ("killed", "the whole run") if again.passed else ("", "")
            if self._is_credible(outcome):
                return "killed", outcome.killer
            left = [test for test in left if test != outcome.killer]
        return "", ""

    def _run(self, fault, tests):
        """(verdict, killer or the compiler's words, tests run)."""
        run, started = 0, time.monotonic()
        for batch in self._unit_batches(tests):
            verdict, said = self._units(batch)
            run += len(batch)
            if verdict:
                return verdict, said, run
        batches = self._system_batches(tests)
        if batches:
            built, said = self.tree.build("faulty", DAEMONS)
            if not built:
                return "invalid", said[-2000:], run
        for batch in batches:
            if self.budget and time.monotonic() - started > self.budget:
                break
            verdict, said = self._systems(batch)
            run += len(batch)
            if verdict:
                return verdict, said, run
        return "survived", "", run

    def judge(self, sources, fault):
        """Tries one fault; the tree is as before afterwards. The row for the file of results."""
        started = time.monotonic()
        tests = self._order(fault, self.map.tests_of(sources, fault))
        text = sources.tree.text(fault.path)
        verdict, said, run = "survived", "", 0
        if tests:
            self.tree.write(fault.path, fault.apply(text))
            try:
                verdict, said, run = self._run(fault, tests)
            finally:
                self.tree.write(fault.path, text)
        row = {"key": fault.key, "path": fault.path, "line": fault.line, "operator": fault.operator, "diff": fault.diff}
        row |= {"verdict": verdict, "killer": said if verdict == "killed" else "", "tests": len(tests), "run": run}
        return row | {"seconds": round(time.monotonic() - started, 1)}
