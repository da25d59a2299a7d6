"""What the lint gates share: the files to look at, C without its comments, functions and their ends, the verdict.

A gate is a script tests/lint/check_*.py that defines check(tree) -> list of violations ("path:line: what is wrong") and
ends with gate.main(check). `--root DIR` points it at another tree: that is how tests/lint/selftest plants violations.
"""

import argparse
import functools
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
    _texts: dict = field(default_factory=dict)

    @functools.cached_property
    def files(self):
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
            return sorted({name for name in names if name and (self.root / name).is_file()})
        names = [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]
        return sorted(name for name in names if not name.startswith("build/"))

    def matching(self, *suffixes, under=()):
        """Files with one of the suffixes, below one of the folders when any are given."""
        return [name for name in self.files if name.endswith(suffixes) and (not under or name.split("/")[0] in under)]

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


def main(check):
    """Runs a gate from the command line and exits with its verdict."""
    parser = argparse.ArgumentParser(description=sys.modules[check.__module__].__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    violations = check(Tree(parser.parse_args().root))
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)
