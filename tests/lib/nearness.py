"""How near a test is to files that changed: by includes for C programs, by names for Python files; without coverage.

A C program (tests/unit, tests/fuzz) is as many steps away as there are includes between it and the changed module (x.c
and x.h are one). A Python file is the nearer the more exactly it names what changed:

    0  it is what changed
    1  it names a method that the changed file handles or describes, imports the changed helper, names the changed path,
       or has a word of the file's name in its own
    2  it names a method whose handler includes the changed module, or has the name of the room in its own; the main job
       of test_main_path.py, for every change of a daemon or of common
    3  it names a method of the daemon that changed, or one whose handler is two includes away

Of two that are as near, the one is nearer that names its method more often.
"""

import functools
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import gate

ENTRY = re.compile(r'\{\s*(?:\.name\s*=\s*)?"((?:' + "|".join(gate.DAEMONS) + r')\.[a-z_.]+)",\s*(\w+)\}')
NAMED = re.compile(r"\b((?:" + "|".join(gate.DAEMONS) + r")(?:\.[a-z_]+){1,2})\b")
MAIN_PATH = "tests/system/test_main_path.py"
FARTHEST = 3


def module_of(name):
    """x.c and x.h are one module."""
    return re.sub(r"\.[ch]$", "", name)


def words_of(name):
    """The words of a file's name, without a plural's s; short ones say nothing."""
    found = re.split(r"[^a-z]+", Path(name).stem.removeprefix("test_"))
    return {word.removesuffix("s") for word in found if len(word) > 3}


class Nearness:
    """Of the tests in a tree to the changed files."""

    def __init__(self, tree, changed):
        self.tree = tree
        self.changed = [name for name in changed if name in tree.known]

    @functools.cached_property
    def steps(self):
        """{module: includes between it and a changed one}."""
        users = defaultdict(set)
        for name in self.tree.c_files():
            for read in gate.included(self.tree, name):
                users[module_of(read)].add(module_of(name))
        found = {module_of(name): 0 for name in self.changed if name.endswith((".c", ".h"))}
        new = list(found)
        for module in new:  # grows while it is walked
            for user in sorted(users[module]):
                if user not in found:
                    found[user] = found[module] + 1
                    new.append(user)
        return found

    def programs(self):
        """{C test program: steps}; the others cannot see the change."""
        pattern = re.compile(r"tests/(?:unit/\w+/test_|fuzz/fuzz_)\w+")
        return {f"{module}.c": steps for module, steps in self.steps.items() if pattern.fullmatch(module)}

    @functools.cached_property
    def handlers(self):
        """{method: the module of its handler}."""
        places = {function.name: module_of(function.path) for function in self.tree.functions if not function.is_static}
        found = {}
        for name in self.tree.matching(".c", under=gate.DAEMONS):
            for method, handler in ENTRY.findall(self.tree.text(name)):
                found[method] = places.get(handler, module_of(name))
        return found

    @functools.cached_property
    def methods(self):
        """{method: how near it is}."""
        found = {}
        for method, module in self.handlers.items():
            if module in self.steps:
                found[method] = 1 + self.steps[module]
        for name in self.changed:
            if re.fullmatch(r"\w+/api/\w+\.json", name):
                for method in json.loads(self.tree.text(name)).get("methods", []):
                    found[method["name"]] = 1
        return found

    def test(self, name):
        """(rank, less for each time that it names the method, why) of a Python test, or None."""
        found = [self._path(name, changed) for changed in self.changed]
        text = self.tree.text(name)
        for method, times in sorted(Counter(NAMED.findall(text)).items()):
            if method in self.methods:
                found.append((self.methods[method], -times, f"names {method}"))
            elif f"{method.partition('.')[0]}/" in self._areas:
                found.append((FARTHEST, -times, f"names {method}"))
        if name == MAIN_PATH and self._areas:
            found.append((2, 0, "the main job"))
        found = [one for one in found if one and one[0] <= FARTHEST]
        return min(found) if found else None

    @functools.cached_property
    def _areas(self):
        areas = {f"{name.split('/')[0]}/" for name in self.changed}
        return areas & {f"{folder}/" for folder in gate.SOURCE_FOLDERS}

    def _path(self, name, changed):
        """By the path of one changed file."""
        text, path = self.tree.text(name), Path(changed)
        if name == changed:
            return 0, 0, "is changed"
        if changed.startswith("tests/lib/") and re.search(rf"^(?:import|from) {path.stem}\b", text, re.MULTILINE):
            return 1, 0, f"imports {path.stem}"
        if changed in text:
            return 1, 0, f"names {changed}"
        if changed.startswith("tests/"):
            return None
        if len(path.parts) > 2 and str(path.parent) in text:
            return 1, 0, f"names {path.parent}"
        own = words_of(name)
        for rank, words in ((1, words_of(changed)), (2, words_of(path.parent.name))):
            if own & words:
                return rank, -1, f"is named by {', '.join(sorted(own & words))}"
        return None
