"""What was tried: a row of JSON for each fault in build/mutation/results.jsonl, the newest of a fault counting."""

import hashlib
import json
import threading
from collections import Counter

from mutation import equivalent
from mutation.coverage import Map
from mutation.fault import rank
from mutation.runner import now
from mutation.sources import Sources
from mutation.trial import Experience


class Known:
    """The sources, the map of tests, and what earlier trials taught."""

    def __init__(self, root, folder, options):
        paths = [place.rpartition(":")[0] for place in options.at] if options.at else options.paths
        self.sources = Sources(root, paths)
        self.map = Map(root, folder)
        self.experience = None
        self.folder = folder

    def make_map(self, options):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.map.make(options.jobs, options.remap)
        self.experience = Experience(self.folder)


def choose(sources, options):
    """The faults that were asked for, in the order in which they are tried."""
    faults = [fault for fault in sources.all_faults() if options.operator in (None, fault.operator)]
    if options.key:
        return [fault for fault in faults if fault.key in options.key]
    if options.at:
        lines = {(path, int(line)) for path, _, line in (place.rpartition(":") for place in options.at)}
        return [fault for fault in faults if (fault.path, fault.line) in lines]
    faults.sort(key=lambda fault: rank(options.seed, fault))
    if not options.sample:
        return faults
    lines, chosen = set(), []
    for fault in faults:
        if (fault.path, fault.line) not in lines:
            lines.add((fault.path, fault.line))
            chosen.append(fault)
    return chosen


class Results:
    """The rows, by key."""

    def __init__(self, root, folder, known, options):
        self.path = folder / "results.jsonl"
        self.known, self.again = known, options.again
        self.excused = equivalent.read(root / "tests" / "mutation" / "equivalent.txt")
        self.lock = threading.Lock()
        self.rows, self.tried = {}, set()
        self.tests = hashlib.sha256("".join(sorted(known.map.tests)).encode()).hexdigest()[:12]
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            self._add(json.loads(line))

    def _add(self, row):
        self.rows[row["key"]] = row
        self.known.experience.learn(row)

    def _is_excused(self, fault):
        return (fault.path, fault.diff) in self.excused

    def verdict(self, fault):
        """killed, survived, invalid or equivalent; None when it has to be tried."""
        row = self.rows.get(fault.key)
        if self._is_excused(fault):
            return "equivalent"
        if not row or (row["verdict"] == "survived" and self.again and fault.key not in self.tried):
            return None
        return row["verdict"]

    def counted(self, chosen, wanted):
        """The first `wanted` faults that count: not those that do not compile, and not the equivalent."""
        counting = [fault for fault in chosen if self.verdict(fault) not in ("invalid", "equivalent")]
        return counting[:wanted]

    def missing(self, chosen, wanted):
        return [fault for fault in self.counted(chosen, wanted) if self.verdict(fault) is None]

    def keep(self, row):
        row |= {"at": now(), "known_tests": self.tests}
        with self.lock, open(self.path, "a") as out:
            out.write(json.dumps(row) + "\n")
            self._add(row)
            self.tried.add(row["key"])
            self._print(row)

    def _print(self, row):
        of = f"{row['run']} of {row['tests']} tests" if row["tests"] else "no test runs it"
        by = f"by {row['killer']}" if row["verdict"] == "killed" else f"({of})"
        print(f"{row['verdict']:9} {row['path']}:{row['line']} {row['operator']} {by}, {row['seconds']} s", flush=True)
        if row["verdict"] == "survived":
            print("\n".join("          " + line for line in [*row["diff"].splitlines(), f"[{row['key']}]"]), flush=True)

    def summary(self, chosen, wanted):
        counted = self.counted(chosen, wanted)
        verdicts = Counter(self.verdict(fault) for fault in counted)
        print("\nsurvived:")
        for fault in counted:
            if self.verdict(fault) == "survived":
                row = self.rows[fault.key]
                print(
                    f"{fault.path}:{fault.line} {fault.operator} ({row['run']} of {row['tests']} tests) [{fault.key}]"
                )
                print("\n".join("    " + line for line in fault.diff.splitlines()))
        last = next((at for at, fault in enumerate(chosen) if counted and fault is counted[-1]), -1) + 1
        beside = Counter(self.verdict(fault) for fault in chosen[:last])
        counted = [fault for fault in counted if self.verdict(fault)]
        seconds = sum(self.rows[fault.key]["seconds"] for fault in counted)
        share = 100 * verdicts["killed"] / max(1, len(counted))
        print(
            f"\n{len(counted)} faults: {verdicts['killed']} killed, {verdicts['survived']} survived ({share:.1f} %);"
            f" beside them {beside['equivalent']} equivalent, {beside['invalid']} did not compile;"
            f" {seconds / max(1, len(counted)):.0f} s a fault"
        )
