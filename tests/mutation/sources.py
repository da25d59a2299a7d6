"""All faults that can be put into the sources, and the C file's own knowledge that the rest needs."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lint"))

import gate
from mutation import c_faults, sql_faults
from mutation.fault import Fault

NOT_CODE = re.compile(r"^\s*(#include|#if|#el|#endif)")


class Sources:
    """The C files of some paths ("passport", "common/rpc", "gateway/cors.c")."""

    def __init__(self, root, paths):
        self.tree = gate.Tree(Path(root))
        wanted = tuple(path.rstrip("/") for path in paths)
        self.names = [
            name
            for name in self.tree.matching(".c", under=gate.SOURCE_FOLDERS)
            if any(name == path or name.startswith(path + "/") for path in wanted)
        ]
        missing = [path for path in wanted if not any((name + "/").startswith(path + "/") for name in self.names)]
        if missing:
            raise SystemExit(f"no C file: {' '.join(missing)}")
        self.functions = {}
        for function in self.tree.functions:
            self.functions.setdefault(function.path, []).append(function)

    def function_at(self, name, line):
        return next((f for f in self.functions.get(name, []) if f.first <= line <= f.last), None)

    def _bodies(self, name, code):
        starts = [0] + [match.end() for match in re.finditer("\n", code)] + [len(code)]
        for function in self.functions.get(name, []):
            begin, end = starts[function.first - 1], starts[min(function.last, len(starts) - 1)]
            brace = code.find("{", begin, end)
            if brace >= 0:
                yield brace, end

    def faults(self, name):
        """The faults of a file, by line."""
        text, code = self.tree.text(name), self.tree.code(name)
        found, seen = [], {}
        places = [*c_faults.find(code, list(self._bodies(name, code))), *sql_faults.find(text)]
        for at, operator, edits in sorted(places, key=lambda place: (place[0], place[1], str(place[2]))):
            line = gate.line_of(text, at)
            if not NOT_CODE.match(text.splitlines()[line - 1]):
                found.append(Fault(name, line, operator, sorted(edits)).describe(text, seen))
        return found

    def all_faults(self):
        return [fault for name in self.names for fault in self.faults(name)]
