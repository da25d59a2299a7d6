"""What pytest gets from tests/mutate (-p mutation.plugin): a PostgreSQL that runs already, less patience, and traces.

EVENTLOOP_MUTATION_CLUSTER  {"folder": ..., "templates": {daemon: database}, "run": number}: the PostgreSQL to use
EVENTLOOP_MUTATION_PATIENCE seconds after which wait_until gives up, whatever it was told
EVENTLOOP_MUTATION_TRACES   a file that gets one line of JSON for each test: {"test", "passed", "seconds", "bits"}
"""

import json
import os

import pytest
import waiting
from mutation import trace

_settings = json.loads(os.environ.get("EVENTLOOP_MUTATION_CLUSTER", "{}"))
_patience = float(os.environ.get("EVENTLOOP_MUTATION_PATIENCE", "0"))
_traces = os.environ.get("EVENTLOOP_MUTATION_TRACES")
_patient_wait = waiting.wait_until


def _wait_until(condition, timeout=15.0, what=None, interval=0.02):
    return _patient_wait(condition, min(timeout, _patience), what, interval)


if _patience:
    waiting.wait_until = _wait_until


def _give(fixturedef, value):
    fixturedef.cached_result = (value, None, None)
    return value


def _running_cluster():
    from pathlib import Path

    from cluster import Cluster

    running = Cluster.__new__(Cluster)
    running.folder = Path(_settings["folder"])
    running.socket = running.folder / "socket"
    running.log = running.folder / "log"
    running.process = None
    running._databases = _settings["run"] * 1000
    return running


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    if _settings and fixturedef.argname == "cluster":
        return _give(fixturedef, _running_cluster())
    if _settings and fixturedef.argname == "templates":
        return _give(fixturedef, _settings["templates"])
    return None


class Recorder:
    """Writes down what each test made run, with the set-up before it and the end of its daemons after it."""

    def __init__(self, path, folder):
        self.path, self.folder, self.test = path, folder, {}

    def pytest_runtest_logreport(self, report):
        entry = self.test.setdefault(report.nodeid, {"test": report.nodeid, "passed": True, "seconds": 0})
        entry["passed"] = entry["passed"] and report.outcome == "passed"
        entry["seconds"] += report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        entry = self.test.pop(nodeid, None)
        if entry:
            entry["bits"] = f"{trace.take(self.folder):x}"
            with open(self.path, "a") as out:
                out.write(json.dumps(entry) + "\n")


if _traces:

    def pytest_configure(config):
        config.pluginmanager.register(Recorder(_traces, os.environ["EVENTLOOP_TRACE_DIR"]))
