"""What the lint gates share: the files to look at, C without its comments, functions and their ends, the verdict.

A gate is a script tests/lint/check_*.py. Its first lines say the rule, REPAIR how to get what it wants; it defines
check(tree) -> list of violations ("path:line: what is wrong", followed by a diff where there is one) and ends with
gate.main(check). `--root DIR` points it at another tree: that is how tests/lint/selftest.py plants violations.
`--only FILE...`: gates that judge each file by itself look at these alone (tests/run changed).
"""

import argparse
import difflib
import functools
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

DAEMONS = ("passport", "events", "rating", "images", "gateway")
SOURCE_FOLDERS = ("common",) + DAEMONS


@dataclass
class Function:
    """A function of a source file; first and last line count from 1."""

    name: str
    path: str
    first: int
    last: int
    is_static: bool

    @property
    def lines(self):
        return self.last - self.first + 1


@dataclass
class Tree:
    """The files of a project: those git knows or would add, or, where there is no repository, all of them."""

    root: Path
    only: frozenset | None = None
    _texts: dict = field(default_factory=dict)

    @functools.cached_property
    def files(self):
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
            return sorted({name for name in names if name and (self.root / name).is_file()})
        names = [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]
        return sorted(name for name in names if not name.startswith("build/"))

    @functools.cached_property
    def known(self):
        return frozenset(self.files)

    def matching(self, *suffixes, under=()):
        """Files with one of the suffixes, below one of the folders when any are given."""
        return [name for name in self.files if name.endswith(suffixes) and (not under or name.split("/")[0] in under)]

    def chosen(self, names):
        """Those of the files that a gate that judges each by itself has to look at."""
        return [name for name in names if self.only is None or name in self.only]

    def c_files(self):
        return self.matching(".c", ".h")

    def daemon_sources(self):
        """The C files that become part of a daemon."""
        return self.matching(".c", ".h", under=SOURCE_FOLDERS)

    def shell_files(self):
        return [n for n in self.files if n.endswith(".sh") or self._shebang(n).endswith(("bash", "/sh"))]

    def python_files(self):
        return [n for n in self.files if n.endswith(".py") or "python" in self._shebang(n)]

    def _shebang(self, name):
        with open(self.root / name, "rb") as file:
            start = file.read(120)
        return start.split(b"\n")[0].decode(errors="replace").strip() if start.startswith(b"#!") else ""

    def text(self, name):
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_text(encoding="utf-8", errors="replace")
        return self._texts[name]

    def code(self, name):
        """A C file with comments and the insides of literals blanked; lines and columns stay where they were."""
        return blank_c(self.text(name))

    @functools.cached_property
    def functions(self):
        """Every function that is defined in a C file, by universal-ctags."""
        names = self.c_files()
        if not names:
            return []
        command = [
            "ctags",
            "--languages=C,C++",
            "--map-C=+.h",
            "--c-kinds=f",
            "--fields=+neKS",
            "--fields-c=+{properties}",
            "--output-format=json",
            "--sort=no",
            "-f",
            "-",
            "-L",
            "-",
        ]
        result = subprocess.run(
            command, cwd=self.root, input="\n".join(names), capture_output=True, text=True, check=True
        )
        found = []
        for line in result.stdout.splitlines():
            tag = json.loads(line)
            if tag.get("kind") != "function":
                continue
            first = signature_line(self.text(tag["path"]).splitlines(), tag["line"])
            is_static = "static" in tag.get("properties", "").split(",") or bool(tag.get("file"))
            found.append(Function(tag["name"], tag["path"], first, tag.get("end", tag["line"]), is_static))
        return found

    def body(self, function):
        """A function's text with comments and literals blanked, without its signature."""
        lines = self.code(function.path).splitlines()[function.first - 1 : function.last]
        return "\n".join(lines).partition("{")[2]


def signature_line(lines, named):
    """The line on which the definition that has its name on line `named` begins (its return type may stand above)."""
    first = named
    while first > 1 and lines[first - 1][:1] in ("\t", " "):
        first -= 1
    return first


_C_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
    re.DOTALL,
)


def blank_c(text):
    """Blanks comments and the insides of string and character literals."""

    def blank(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[-1]
        return re.sub(r"[^\n]", " ", token)

    return _C_TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def matches(tree, names, pattern, message, code=True):
    """A violation for every match of the pattern in the files (in their code, or in the whole text)."""
    compiled = re.compile(pattern, re.MULTILINE)
    found = []
    for name in names:
        text = tree.code(name) if code else tree.text(name)
        for match in compiled.finditer(text):
            found.append(f"{name}:{line_of(text, match.start())}: {message.format(match.group(match.lastindex or 0))}")
    return found


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def included(tree, name, folders=("tests/unit",)):
    """The files of this project that a C file includes."""
    for written in INCLUDE.findall(tree.text(name)):
        places = [f"{folder}/{written}" for folder in (str(Path(name).parent), *SOURCE_FOLDERS, *folders)]
        yield from [place for place in places if place in tree.known][:1]


def closure(tree, name):
    """The file and all of this project that it includes."""
    seen, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += included(tree, current)
    return sorted(seen)


def fingerprint(tree, names, *more):
    """A hash of the contents of the files and of more texts: what a checker says can only change with it."""
    digest = hashlib.sha256("\0".join(more).encode())
    for name in names:
        digest.update(name.encode() + b"\0" + tree.text(name).encode())
    return digest.hexdigest()


def difference(name, before, after, most=40):
    """The way from one text of a file to the other, as a diff of a bounded length."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), name, "as wanted", "", "", 1, ""))
    return lines[:most] + ([f"... and {len(lines) - most} lines more"] if len(lines) > most else [])


METHOD = re.compile(r"(\S+\.json): ([a-z]+\.[a-z_.]+): ")


def placed(tree, violation):
    """A violation with its line, where the gate named only the file, or the file and a method of it."""
    method = METHOD.match(violation)
    if method and (tree.root / method.group(1)).is_file():
        text = tree.text(method.group(1))
        found = re.search(rf'"name":\s*"{re.escape(method.group(2))}"', text)
        line = line_of(text, found.start()) if found else 1
        return f"{method.group(1)}:{line}: {violation.partition(': ')[2]}"
    return re.sub(r"^([\w./-]+[./][\w.-]+): ", r"\1:1: ", violation)


def main(check):
    """Runs a gate from the command line and exits with its verdict."""
    module = sys.modules[check.__module__]
    parser = argparse.ArgumentParser(description=module.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--only", nargs="*", metavar="FILE")
    options = parser.parse_args()
    tree = Tree(options.root, None if options.only is None else frozenset(options.only))
    violations = [placed(tree, violation) for violation in check(tree)]
    if violations:
        name = Path(module.__file__).stem.removeprefix("check_")
        print("\n".join(violations))
        print(f"\nThe rule: {module.__doc__.strip().removeprefix('Gate: ')}")
        print(f"To repair: {module.REPAIR}\nThis gate alone: tests/run gate {name}")
    sys.exit(1 if violations else 0)
