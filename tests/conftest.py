"""Fixtures of all Python tests: PostgreSQL, stacks of daemons, and their logs when a test fails."""

import functools
import os
import shutil
import time

import pytest
from cluster import Cluster
from playwright.sync_api import sync_playwright
from stack import NAMES, WITH_DATABASE, Stack


def pytest_configure(config):
    config.addinivalue_line("markers", "asan: also run against the daemons of the ASan build")


@pytest.fixture(scope="session")
def cluster():
    """The PostgreSQL of this run of tests."""
    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def templates(cluster):
    """Databases as the migrations leave them, to make others from: {daemon: database}."""
    template = Stack(cluster, names=WITH_DATABASE)
    for name in WITH_DATABASE:
        template[name].command("migrate")
    return template.databases


@pytest.fixture(scope="module")
def stack(cluster, templates):
    """Five daemons with fresh databases, shared by the tests of a module: they leave it in order."""
    with Stack(cluster, templates=templates) as running:
        yield running


@pytest.fixture
def fresh_stack(cluster, templates):
    """Five daemons of this test alone, which may kill them."""
    with Stack(cluster, templates=templates) as running:
        yield running


@pytest.fixture
def make_stack(cluster, templates):
    """make_stack(settings, names=...): a stack with settings of its own; closed after the test."""
    made = []

    def make(settings=None, names=NAMES):
        running = Stack(cluster, settings, templates, names)
        made.append(running)
        running.start()
        return running

    yield make
    for running in made:
        running.close()


@pytest.fixture
def drill_stack():
    """Five daemons and a PostgreSQL of this test alone: all of them may be killed."""
    with Cluster(on_disk=True) as own, Stack(own) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    """A real Chromium."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "chromium is not installed"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """tests/run changed says when (seconds since 1970) the last test may begin."""
    if time.time() > float(os.environ.get("EVENTLOOP_UNTIL", "inf")):
        pytest.skip(f"no time is left for {item.path.name}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the logs of the daemons to the report of a failed test."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Stack):
                report.sections.append((f"logs of {name}", value.logs(15)))


def show_logs_first(report, terminal):
    """Prints a report with all that was captured above it: it ends with its assertion."""
    for name, text in report.sections:
        terminal.sep("-", name)
        terminal.line(text.rstrip("\n"))
    report.sections = []
    type(report).toterminal(report, terminal)


def pytest_runtest_logreport(report):
    if report.failed:
        report.toterminal = functools.partial(show_logs_first, report)
