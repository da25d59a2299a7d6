"""tests/run where a machine does not allow all that it would like to do: what cannot run is counted, and said."""

import ctypes
import os
import platform
import struct
import subprocess

import pytest
from stack import ROOT

PERSONALITY = {"x86_64": 135, "aarch64": 92}[platform.machine()]
REPORT = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>'
# Stands for ctest: writes the report and says under which personality it ran.
CTEST = """#!/bin/bash
echo "personality $(cat /proc/self/personality)"
while [ $# -gt 0 ]; do
	[ "$1" != --output-junit ] || printf '%s' "$REPORT" >"$2"
	shift
done
exit "$STATUS"
"""
SCRIPT = """
set -euo pipefail
root=$1 logs=$2 results=$2/results
. "$root/tests/lib/report.sh"
randomisation_bits() { echo "$BITS"; }
if choose_tsan_wrapper; then run_ctest tsan unit -R pattern; fi
summary
"""


def refuse_personality():
    """What Docker's default seccomp profile does: personality(2) is not permitted."""
    load, equal, back = 0x20, 0x15, 0x06  # BPF: the number of the system call, a comparison, the verdict
    deny, allow = 0x00050001, 0x7FFF0000  # SECCOMP_RET_ERRNO with EPERM, SECCOMP_RET_ALLOW
    steps = [(load, 0, 0, 0), (equal, 0, 1, PERSONALITY), (back, 0, 0, deny), (back, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "prctl")


@pytest.fixture
def run(tmp_path):
    """run(bits=..., refuse=..., report=..., status=...): the part tsan with a stand-in for ctest."""
    (tmp_path / "ctest").write_text(CTEST)
    (tmp_path / "ctest").chmod(0o755)

    def run(bits="28", refuse=True, report=REPORT, status=0):
        values = {"BITS": bits, "REPORT": report, "STATUS": str(status), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        if not report:
            (tmp_path / "ctest").write_text(f"#!/bin/bash\nexit {status}\n")
        (tmp_path / "results").write_text("")
        return subprocess.run(
            ["bash", "-c", SCRIPT, "tests/run", ROOT, tmp_path],
            env=os.environ | values,
            preexec_fn=refuse_personality if refuse else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run


def last_line(result):
    return result.stdout.splitlines()[-1]


def test_tsan_runs_without_randomisation_where_that_may_be_asked_for(run):
    result = run(refuse=False, bits="32")
    assert "personality 00040000" in result.stdout and last_line(result) == "1 passed, 0 failed, 1 skipped"


def test_tsan_runs_as_it_is_where_randomisation_does_no_harm(run):
    result = run(bits="28")
    assert "personality 00000000" in result.stdout and "28 bits are few enough" in result.stdout
    assert (result.returncode, last_line(result)) == (0, "1 passed, 0 failed, 1 skipped")


@pytest.mark.parametrize("bits", ["32", ""])
def test_what_cannot_run_is_counted_as_skipped(run, bits):
    result = run(bits=bits)
    assert "personality" not in result.stdout and "may not be switched off" in result.stdout
    assert last_line(result) == "0 passed, 0 failed, 1 skipped"


@pytest.mark.parametrize(
    ("report", "status", "why", "how"),
    [
        ("", 8, "it wrote no report", "exit 8"),
        ("", 127, "it wrote no report", "exit 127: it was not found"),
        ("", 137, "it wrote no report", "exit 137: signal KILL"),
        ("<testsuite><testcase", 1, "its report cannot be read", "exit 1"),
    ],
)
def test_a_missing_report_says_what_ran_and_how_it_ended(run, report, status, why, how):
    result = run(report=report, status=status)
    assert why in result.stdout and f"how it ended: {how};" in result.stdout
    assert "what ran: ctest --test-dir" in result.stdout and "-R pattern" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert (result.returncode, last_line(result)) == (1, "0 passed, 1 failed, 0 skipped")
