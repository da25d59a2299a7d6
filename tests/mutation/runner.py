"""Runs unit programs and system tests of a tree, with limits of time, and leaves no process behind."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 20  # seconds that a system test waits for anything
TEST_LIMIT = 60  # seconds of one system test, beside what it usually takes


@dataclass
class Outcome:
    """passed; killer: the test that failed; hung: a time-out was the reason; output: the end of what was said."""

    passed: bool
    killer: str = ""
    hung: bool = False
    output: str = ""


class Stopped(Exception):
    """Somebody wants this to end: stop() was called."""


class _Running:
    """The sessions that run tests now."""

    sessions, stopped = set(), False


def _kill(session):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


def stop():
    """Ends the tests that run and lets none begin: whoever runs them gets Stopped."""
    _Running.stopped = True
    for session in list(_Running.sessions):
        _kill(session)


def limited(command, seconds, cwd, environment):
    """Runs a command in a session of its own: (status or None when it took too long, output)."""
    if _Running.stopped:
        raise Stopped
    scratch = tempfile.mkdtemp(prefix="evm-")
    os.chmod(scratch, 0o755)  # PostgreSQL runs as another user
    with tempfile.TemporaryFile("w+", errors="replace") as out:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=environment | {"TMPDIR": scratch},
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        _Running.sessions.add(process.pid)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        _kill(process.pid)
        process.wait()
        _Running.sessions.discard(process.pid)
        out.seek(0)
        text = out.read()
    shutil.rmtree(scratch, ignore_errors=True)
    if _Running.stopped:
        raise Stopped
    return status, text


class Database:
    """The PostgreSQL of many runs, with the templates of the daemons' databases; made anew after every so many runs."""

    RUNS = 30

    def __init__(self, tree, programs):
        sys.path.insert(0, str(tree.path / "tests" / "lib"))
        self.tree, self.programs = tree, programs
        self.cluster, self.templates, self.run = None, {}, 0

    def _start(self):
        from cluster import Cluster
        from stack import WITH_DATABASE, Stack

        self.close()
        self.cluster = Cluster("autovacuum = off")
        self.cluster.start()
        # By its whole path: `stack` may have been imported for another tree.
        programs = str(self.tree.path / "build" / self.programs)
        template = Stack(self.cluster, names=WITH_DATABASE, preset=programs)
        for name in WITH_DATABASE:
            template[name].command("migrate")
        shutil.rmtree(template.folder, ignore_errors=True)
        self.templates, self.run = template.databases, 0

    def environment(self):
        """What a run of tests gets told; each gets names of its own for its databases."""
        if not self.cluster or self.run >= self.RUNS:
            self._start()
        self.run += 1
        told = {"folder": str(self.cluster.folder), "templates": self.templates, "run": self.run}
        return {"EVENTLOOP_MUTATION_CLUSTER": json.dumps(told)}

    def url(self):
        self.environment()
        return self.cluster.url("postgres").replace("//eventloop@", "//postgres@")

    def close(self):
        if self.cluster:
            self.cluster.__exit__()
            self.cluster = None


class Runner:
    """Runs the tests of one tree."""

    def __init__(self, tree, database):
        self.tree, self.database = tree, database
        shared = os.environ.get("EVENTLOOP_SHARED", str(tree.root.parent / "shared"))
        self.environment = os.environ | {"EVENTLOOP_SHARED": shared}

    def unit(self, build, test, usual, more=None):
        """One unit program. test: "unit/rpc/test_cursor"; usual: the seconds that it takes."""
        _, area, name = test.split("/")
        program = self.tree.path / "build" / build / "tests" / f"{area}_{name}"
        environment = self.environment | {"EVENTLOOP_TEST_POSTGRES": self.database.url()} | (more or {})
        status, output = limited([program], 10 + 5 * usual, self.tree.path, environment)
        failed = re.findall(r"\[  FAILED  \] (\w+)$", output, re.M)
        killer = f"{test} {failed[0]}" if failed else test
        return Outcome(status == 0, "" if status == 0 else killer, status is None, output[-3000:])

    def system(self, build, tests, usual, more=None, stop=True):
        """System tests, those of a file together. tests: node ids; usual: the seconds that they take all together.

        stop: at the first that fails.
        """
        environment = self.environment | {
            "EVENTLOOP_PRESET": build,
            "EVENTLOOP_MUTATION_PATIENCE": str(PATIENCE),
            "PYTHONPATH": f"{self.tree.path / 'tests'}:{self.tree.path / 'tests' / 'lib'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.tree.path / "build" / "hypothesis"),
        }
        environment |= self.database.environment() | (more or {})
        python = self.tree.path / "build" / "venv" / "bin" / "python"
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "-p",
            "mutation.plugin",
            f"--timeout={TEST_LIMIT + usual:.0f}",
            *(["-x"] * stop),
        ]
        status, output = limited([*command, *tests], 90 + 4 * usual, self.tree.path, environment)
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*)?(?: - .*)?$", output, re.M)
        hung = status is None or bool(re.search(r"\bTimeout \(|TimeoutError|ReadTimeout", output))
        return Outcome(status == 0, failed[0] if failed else "", hung, output[-6000:])


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S")


def remove(path):
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
