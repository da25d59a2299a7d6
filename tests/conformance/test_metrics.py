"""/metrics of every daemon: Prometheus' own tool has nothing to say about it, and its rules of names hold."""

import re
import subprocess
import time

import pytest
from stack import NAMES, ROOT

PER_PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_start_time_seconds"}


@pytest.fixture(scope="module")
def promtool():
    subprocess.run([ROOT / "tests/lib/promtool"], check=True, stdin=subprocess.DEVNULL)
    return ROOT / "build/promtool"


@pytest.fixture(scope="module")
def metrics(stack):
    """{daemon: its metrics after some traffic}; the second reading has the samples of all threads."""
    user = stack.user()
    stack.listing(*stack.company())
    stack.error("images.image.get", {"id": user.id})
    stack.error("events.listing.get", {"id": "no id"})
    for name in NAMES:
        stack[name].get("/metrics")
    return {name: stack[name].get("/metrics").text for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_promtool_is_silent(promtool, metrics, name):
    result = subprocess.run([promtool, "check", "metrics"], input=metrics[name], capture_output=True, text=True)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_one_prefix_and_texts_that_tell(metrics, name):
    helps = dict(re.findall(r"^# HELP (\w+) (.*)$", metrics[name], re.M))
    assert {family for family in helps if not family.startswith("eventloop_")} == PER_PROCESS
    assert not [family for family, text in helps.items() if not re.fullmatch(r"[A-Z].*\.", text)]


@pytest.mark.parametrize("name", NAMES)
def test_values_are_in_base_units(metrics, name):
    value = {series: float(number) for series, number in re.findall(r"^(\w+) (\S+)$", metrics[name], re.M)}
    assert 0 < value["process_cpu_seconds_total"] < 600
    assert 0 < time.time() - value["process_start_time_seconds"] < 600
    assert 0 <= value["eventloop_revocation_age_seconds"] < 60
    assert re.search(r"^# TYPE eventloop_token_cache_hits_total counter$", metrics[name], re.M)


def test_alerts_are_about_what_there_is(promtool, metrics):
    rules = ROOT / "deploy/observability/alerts.yml"
    result = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    named = set(re.findall(r"\beventloop_\w+", rules.read_text()))
    there = {name for text in metrics.values() for name in re.findall(r"^(eventloop_\w+)[{ ]", text, re.M)}
    assert named and named <= there, named - there
