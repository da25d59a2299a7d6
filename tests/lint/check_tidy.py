#!/usr/bin/env python3
"""Gate: clang-tidy 14 with .clang-tidy finds nothing, and every NOLINT silences something.

Works from build/clang/compile_commands.json. A clean file is remembered in build/tidy by a hash of itself, of
everything it includes of this project, its flags and .clang-tidy, so that a second run only looks at what changed.
"""

import concurrent.futures
import json
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

import gate

REPAIR = "mend the code; for a false alarm, // NOLINT(check): reason"
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$", re.MULTILINE)
NOLINT = re.compile(r"NOLINT(NEXTLINE)?(?:\(([\w.,\s-]+)\))?")


def compile_commands(tree):
    database = tree.root / "build" / "clang" / "compile_commands.json"
    if not database.exists():
        raise SystemExit("check_tidy: configure the preset clang first: cmake --preset clang")
    known = {}
    for entry in json.loads(database.read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(tree.root) and not path.is_relative_to(tree.root / "build"):
            known[str(path.relative_to(tree.root))] = entry["command"]
    return known


def tidy(tree, name, command, extra=()):
    """Violations in a file, as (path, line, text)."""
    flags = [flag for flag in shlex.split(command)[1:] if flag != "-c"]
    run = ["clang-tidy-14", "--quiet", *extra, name, "--", *flags]
    result = subprocess.run(run, cwd=tree.root, capture_output=True, text=True)
    found = []
    for path, line, text in FINDING.findall(result.stdout):
        where = Path(path)
        found.append((str(where.relative_to(tree.root)) if where.is_relative_to(tree.root) else path, int(line), text))
    if result.returncode != 0 and not found:
        found.append((name, 1, f"clang-tidy: {result.stderr.strip()[-500:]}"))
    return found


def useless_suppressions(tree, name, command):
    """NOLINTs of the file that silence nothing: a copy without them must be found fault with on that line."""
    text = tree.text(name)
    if not NOLINT.search(text):
        return []
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.c"
        bare.write_text(NOLINT.sub(lambda match: "-" * len(match.group(0)), text))
        overlay = Path(folder) / "overlay.yaml"
        entry = {"type": "file", "name": str(tree.root / name), "external-contents": str(bare)}
        overlay.write_text(json.dumps({"version": 0, "roots": [entry]}))
        found = {line for path, line, _ in tidy(tree, name, command, [f"--vfsoverlay={overlay}"]) if path == name}
    useless = []
    for match in NOLINT.finditer(text):
        line = gate.line_of(text, match.start())
        if (line + 1 if match.group(1) else line) not in found:
            useless.append((name, line, "this NOLINT silences nothing"))
        elif not match.group(2):
            useless.append((name, line, "this NOLINT names no check"))
    return useless


def check_file(tree, name, command):
    read = gate.fingerprint(tree, [".clang-tidy", *gate.closure(tree, name)], command)
    mark = tree.root / "build" / "tidy" / read
    if mark.exists():
        return []
    found = tidy(tree, name, command)
    found += useless_suppressions(tree, name, command)
    if not found:
        mark.touch()
    return found


def check(tree):
    commands = compile_commands(tree)
    (tree.root / "build" / "tidy").mkdir(parents=True, exist_ok=True)
    sources = [name for name in tree.daemon_sources() if name.endswith(".c")]
    names = tree.chosen(name for name in sources if name in commands)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(lambda name: check_file(tree, name, commands[name]), names))
    found = {f"{path}:{line}: {text}" for result in results for path, line, text in result}
    missing = tree.chosen(name for name in sources if name not in commands)
    found |= {f"{name}:1: is not part of the build: configure it again, cmake --preset clang" for name in missing}
    return sorted(found)


if __name__ == "__main__":
    gate.main(check)
