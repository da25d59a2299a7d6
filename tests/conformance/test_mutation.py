"""The faults that tests/mutate makes: of each kind one, in C and in SQL, and none where a fault could not matter."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutation import equivalent
from mutation.sources import Sources

C = {
    "\tif (count < MOST && !empty)\n\t\treturn -1;": {
        ("comparison turned", "if (count <= MOST && !empty)"),
        ("and/or swapped", "if (count < MOST || !empty)"),
        ("condition negated", "if (!(count < MOST && !empty))"),
        ("check skipped", "if ((count < MOST && !empty) && 0)"),
    },
    "\tfor (size_t i = 0; i < count; i++)\n\t\tsum(i);": {
        ("limit off by one", "for (size_t i = 0; i + 1 < count; i++)"),
        ("call removed", ";"),
    },
    "\treturn late ? now + 20 : then;": {
        ("choice fixed", "return late && 0 ? now + 20 : then;"),
        ("choice fixed", "return late || 1 ? now + 20 : then;"),
        ("plus/minus swapped", "return late ? now - 20 : then;"),
        ("constant changed", "return late ? now + 40 : then;"),
    },
    '\tlog_error("%d", 12); /* 1 < 2 */': set(),
    "\tif (count < 3)\n\t\tfatal(count);": set(),
    "\treturn a < b ? a : b;": {("choice fixed", f"return a < b {fixed} ? a : b;") for fixed in ("&& 0", "|| 1")},
    "\tfree(memory);": set(),
}

SQL = {
    "UPDATE a SET b = $1 WHERE c = $2 AND d < now()": {
        ("clause dropped", "WHERE (c = $2 OR true) AND d < now()"),
        ("clause dropped", "WHERE c = $2 AND (d < now() OR true)"),
        ("comparison turned", "WHERE c <> $2 AND d < now()"),
        ("comparison turned", "WHERE c = $2 AND d <= now()"),
        ("and/or swapped", "WHERE c = $2 OR d < now()"),
    },
    "SELECT x FROM y ORDER BY z, x LIMIT 5 FOR UPDATE SKIP LOCKED": {
        ("order turned", "ORDER BY z DESC, x LIMIT 5 FOR UPDATE SKIP LOCKED"),
        ("constant changed", "ORDER BY z, x LIMIT 6 FOR UPDATE SKIP LOCKED"),
        ("lock forgotten", "ORDER BY z, x LIMIT 5"),
    },
}


def faults_of(folder, text):
    (folder / "common").mkdir(exist_ok=True)
    (folder / "common" / "one.c").write_text(text)
    return Sources(folder, ["common/one.c"]).all_faults()


def added(fault):
    return next(line[2:] for line in fault.diff.splitlines() if line.startswith("+"))


@pytest.mark.parametrize("lines", C)
def test_of_lines_of_c_each_fault_is_made(tmp_path, lines):
    faults = faults_of(tmp_path, f"int function(void)\n{{\n{lines}\n}}\n")
    assert {(fault.operator, added(fault)) for fault in faults} == C[lines]


@pytest.mark.parametrize("statement", SQL)
def test_of_a_statement_over_two_literals_each_fault_is_made(tmp_path, statement):
    at = statement.find("WHERE") if "WHERE" in statement else statement.find("ORDER")
    text = f'static const char ONE[] =\n    "{statement[:at]}"\n    "{statement[at:]}";\n'
    found = {(fault.operator, added(fault).strip('";')) for fault in faults_of(tmp_path, text)}
    assert found == SQL[statement]


def test_a_list_of_equivalents_is_read_and_says_why(tmp_path):
    path = tmp_path / "equivalent.txt"
    path.write_text("# what it is\n\na.c\n- 1 < 2\n+ 1 <= 2\nwhy: the same\n")
    assert equivalent.read(path) == {("a.c", "- 1 < 2\n+ 1 <= 2"): "the same"}
    path.write_text("a.c\n- 1 < 2\n+ 1 <= 2\n")
    with pytest.raises(SystemExit):
        equivalent.read(path)


def test_the_script_lists_what_it_would_try():
    script = Path(__file__).resolve().parents[1] / "mutate"
    said = subprocess.run([script, "--list", "--at", "gateway/cors.c:77"], capture_output=True, text=True, check=True)
    assert "and/or swapped" in said.stdout
