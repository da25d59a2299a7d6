"""Which tests run a line: a map made once of traced programs, test file by test file, and asked for faults.

build/mutation/traced   the tree it is made in; its sources stay as they were, its tests follow the user's
build/mutation/map      a file for each file of tests: {"hash": ..., "tests": {name: {"seconds", "passed", "bits"}}}
build/mutation/traces   where traced programs write
"""

import difflib
import hashlib
import json
import re
import shutil
import time

from mutation import trace
from mutation.runner import Database, Runner, remove
from mutation.sources import gate
from mutation.tree import DAEMONS, Tree, run

TEST_FOLDERS = ("tests/system", "tests/conformance")
# Real data and other people's programs: minutes for what other tests see as well.
LEFT_OUT = ("tests/system/test_realdata.py", "tests/conformance/test_openrpc_tools.py", "tests/system/test_demo.py")


class Map:
    """make() brings it up to date; tests_of() says which tests run a fault's line."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.tree = Tree(root, folder / "traced")
        self.points = None
        self.tests = {}
        self._lines = {}

    # --- making it ---

    def _programs(self):
        build = self.tree.path / "build" / "traced"
        return [build / name for name in DAEMONS] + self.tree.unit_programs("traced")

    def _build(self, jobs):
        tracer = self.folder / "trace.o"
        source = self.tree.path / "tests" / "mutation" / "trace.c"
        compiled = run(["cc", "-D_GNU_SOURCE", "-O2", "-fPIE", "-c", source, "-o", tracer])
        if compiled.returncode:
            raise SystemExit(compiled.stderr)
        self.tree.configure("traced", "-O0 -g1 -fsanitize-coverage=trace-pc", tracer)
        programs = [str(program.relative_to(self.tree.path / "build" / "traced")) for program in self._programs()]
        built, said = self.tree.build("traced", programs, jobs)
        if not built:
            old = "\nThe map is of older sources, which these tests may not fit: --remap makes it anew."
            raise SystemExit(said[-3000:] + old)

    def _test_files(self):
        files = [name for name in gate.Tree(self.tree.path).files if re.search(r"/test_\w+\.(c|py)$", name)]
        chosen = [name for name in files if name.startswith(("tests/unit/", *TEST_FOLDERS)) and name not in LEFT_OUT]
        return sorted(chosen, key=lambda name: name.endswith(".py"))

    def _entry(self, name):
        return self.folder / "map" / (name.removeprefix("tests/").replace("/", ".") + ".json")

    def _hash(self, name):
        return hashlib.sha256((self.tree.path / name).read_bytes()).hexdigest()

    def _is_fresh(self, name):
        entry = self._entry(name)
        return entry.exists() and json.loads(entry.read_text())["hash"] == self._hash(name)

    def make(self, jobs=1, anew=False):
        """Builds and runs what has no entry yet: everything, the first time; later the files of tests that changed."""
        if anew:
            for folder in ("map", "points"):
                shutil.rmtree(self.folder / folder, ignore_errors=True)
        first = not (self.folder / "map").exists()
        self.tree.sync(None if first else ("tests/",))
        stale = [name for name in self._test_files() if not self._is_fresh(name)]
        for folder in ("map", "traces"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        if stale:
            print(f"tracing {len(stale)} files of tests", flush=True)
            self._build(jobs)
            trace.make_points(self.tree.path, self._programs(), self.folder / "points")
            self._trace_files(stale)
        self._read()

    def _trace_files(self, names):
        database = Database(self.tree, "traced")
        runner = Runner(self.tree, database)
        try:
            for name in names:
                tests = self._trace_unit(runner, name) if name.endswith(".c") else self._trace_system(runner, name)
                self._entry(name).write_text(json.dumps({"hash": self._hash(name), "tests": tests}))
                failed = [test for test, entry in tests.items() if not entry["passed"]]
                print(f"{name}: {len(tests)} tests{', failed: ' if failed else ''}{' '.join(failed)}", flush=True)
        finally:
            database.close()

    def _environment(self):
        folder = self.folder / "traces"
        trace.take(folder)
        return {"EVENTLOOP_TRACE_DIR": str(folder)}

    def _trace_unit(self, runner, name):
        test = name.removeprefix("tests/").removesuffix(".c")
        started = time.monotonic()
        outcome = runner.unit("traced", test, 60, self._environment())
        entry = {"passed": outcome.passed, "seconds": time.monotonic() - started}
        return {test: entry | {"bits": f"{trace.take(self.folder / 'traces'):x}"}}

    def _trace_system(self, runner, name):
        out = self.folder / "traced.jsonl"
        remove(out)
        more = self._environment() | {"EVENTLOOP_MUTATION_TRACES": str(out)}
        outcome = runner.system("traced", [name], 240, more, stop=False)
        tests = {}
        for line in out.read_text().splitlines() if out.exists() else []:
            said = json.loads(line)
            test = "tests/" + said["test"].split("[")[0].removeprefix("tests/")
            entry = tests.setdefault(test, {"passed": True, "seconds": 0, "bits": "0"})
            entry["passed"] = entry["passed"] and said["passed"]
            entry["seconds"] += said["seconds"]
            entry["bits"] = f"{int(entry['bits'], 16) | int(said['bits'], 16):x}"
        if not tests:
            print(outcome.output)
        return tests

    # --- asking it ---

    def _read(self):
        self.points = trace.Points(self.folder / "points")
        for name in self._test_files():
            for test, entry in json.loads(self._entry(name).read_text())["tests"].items():
                if entry["passed"]:
                    bits = int(entry["bits"], 16)
                    self.tests[test] = entry | {"bits": bits, "reach": bits.bit_count(), "file": name}

    def _old_line(self, path, line):
        """The number that a line of today's sources had when the map was made; None when the file is new."""
        if path not in self._lines:
            old_path = self.tree.path / path
            old = old_path.read_text().splitlines() if old_path.exists() else []
            self._lines[path] = old_lines(old, (self.root / path).read_text().splitlines())
        return self._lines[path].get(line)

    def _of_points(self, numbers):
        wanted = sum(1 << number for number in set(numbers))
        return {test for test, entry in self.tests.items() if entry["bits"] & wanted}

    def _in_function(self, path, line, function):
        """Tests that reach the line: its own points, or those of the nearest line above that has any."""
        for above in range(line, function.first - 1, -1):
            old = self._old_line(path, above)
            points = old and self.points.of_lines(path, old, old)
            if points:
                return self._of_points(points)
        return self._of_file(path)

    def _of_file(self, path):
        """Tests that reach anything of a file, or of its folder when the map does not have the file."""
        folder = path.rpartition("/")[0] + "/"
        files = [path] if path in self.points.by_file else [p for p in self.points.by_file if p.startswith(folder)]
        return self._of_points(number for file in files for _, number in self.points.by_file[file])

    def _of_name(self, sources, path, name, depth=0):
        """Tests that reach a use of what a file defines outside functions: a macro, a statement, a table."""
        found = set()
        word = re.compile(rf"\b{re.escape(name)}\b")
        for number, text in enumerate(sources.tree.code(path).splitlines(), 1):
            if not word.search(text):
                continue
            function = sources.function_at(path, number)
            if function:
                found |= self._in_function(path, number, function)
            elif depth < 3:
                user = defined_name(sources.tree.code(path), number)
                if user and user != name:
                    found |= self._of_name(sources, path, user, depth + 1)
        return found

    def tests_of(self, sources, fault):
        """The names of the tests that run the fault's line."""
        function = sources.function_at(fault.path, fault.line)
        if function:
            return self._in_function(fault.path, fault.line, function)
        name = defined_name(sources.tree.code(fault.path), fault.line)
        found = self._of_name(sources, fault.path, name) if name else set()
        return found or self._of_file(fault.path)


def old_lines(old, new):
    """{line number of the new text: that of the old}; a line that was changed has the number of the one it replaced."""
    found = {}
    for _, old_first, old_end, first, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for number in range(first, end):
            found[number + 1] = min(old_first + number - first + 1, max(old_end, 1))
    return found if old else {}


def defined_name(code, line):
    """The name of the macro or the variable whose definition covers a line outside functions."""
    lines = code.splitlines()
    for number in range(line, 0, -1):
        text = lines[number - 1]
        macro = re.match(r"#define\s+(\w+)", text)
        if macro:
            return macro.group(1)
        variable = re.match(r"(?:static |const |struct |enum )[^(;]*?(\w+)(?:\[[^]]*\])*\s*=", text)
        if variable:
            return variable.group(1)
        if text.startswith("}") and number < line:
            return None
    return None
