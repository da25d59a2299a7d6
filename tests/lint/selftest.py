#!/usr/bin/env python3
"""Proves that each gate lets a clean tree pass and catches a planted violation. Run by tests/run lint."""

import concurrent.futures
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import api_files

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

HEADER = """/*
 * Adds.
 */
#ifndef EVENTLOOP_BASE_ADD_H
#define EVENTLOOP_BASE_ADD_H

/* The sum of a and b. */
int add(int a, int b);

#endif
"""
SOURCE = '#include "base/add.h"\n\nint add(int a, int b)\n{\n\treturn a + b;\n}\n'


def document(method, **examples):
    """An API file with one method, and component examples of these values."""
    components = {"schemas": {"Id": {"type": "string", "format": "uuid"}}}
    if examples:
        components["examples"] = {name: {"value": value} for name, value in examples.items()}
    return api_files.shape({"methods": [method], "components": components}) + "\n"


METHOD = {
    "name": "rating.review.get",
    "summary": "s",
    "description": "d",
    "params": [{"name": "id", "schema": {"$ref": "#/components/schemas/Id"}}],
    "result": {},
    "errors": [],
    "examples": [{}],
    "x-access": ["public"],
    "x-idempotent": True,
    "x-deadline-ms": 1,
    "x-cost": 1,
}
TABLE = 'static const struct rpc_handler handlers[] = {\n    {"rating.review.get", review_get},\n};\n'
CLEAN = {
    "common/base/add.h": HEADER,
    "common/base/add.c": SOURCE,
    "rating/api/review.json": document(METHOD),
    "rating/main.c": '#include "base/add.h"\n\nextern int review_get(void *call);\n'
    "struct rpc_handler {\n\tconst char *name;\n\tint (*function)(void *call);\n};\n\n" + TABLE + "\nint main(void)\n"
    "{\n\treturn add(1, handlers[0].name ? 2 : 3);\n}\n",
    "deploy/run.sh": "#!/bin/bash\nset -euo pipefail\n\necho run\n",
    "tools/ok.py": '"""Fine."""\n\nprint(1)\n',
}


def facts(published=(), consumes=(), handlers=(), source=""):
    """The list of facts of a daemon, its table of handlers, and a function that publishes."""
    lists = {"facts": [{"topic": topic} for topic in published], "consumes": [{"topic": topic} for topic in consumes]}
    rows = "".join(f'    {{"{topic}", take}},\n' for topic in handlers)
    table = f"static const struct fact_handler table[] = {{\n{rows}    {{0, 0}},\n}};\n"
    code = f"{table}\nvoid tell(void)\n{{\n\t{source}\n}}\n"
    return {"rating/api/facts.json": json.dumps(lists) + "\n", "rating/tell.c": code}


FILLER = "".join(f"\tvalue += {number};\n" for number in range(60))


def body(lines, before=""):
    return f"{before}int add(int a, int b)\n{{\n{lines}\treturn a + b;\n}}\n"


def source(lines, before=""):
    return {"common/base/add.c": '#include "base/add.h"\n\n' + body(lines, before)}


def api(**changes):
    method = {key: value for key, value in {**METHOD, **changes}.items() if value is not None}
    return {"rating/api/review.json": document(method)}


def shown(result, **examples):
    """A method whose example has this result, beside component examples."""
    schema = {"properties": {"score": {"type": "integer"}}, "additionalProperties": False}
    example = {"name": "good", "params": [], "result": result}
    method = {**METHOD, "result": {"name": "review", "schema": schema}, "examples": [example]}
    return {"rating/api/review.json": document(method, **examples)}


def example_of(name, **changes):
    return {"$ref": f"#/components/examples/{name}"} | ({"x-with": changes} if changes else {})


# gate, what is planted, a piece of what it must say
ERROR_METHOD = {**METHOD, "errors": [{"$ref": "#/components/errors/conflict", "x-reasons": ["twice"]}]}
ERRORS = {
    "common/base/error.h": '#define ERROR_CODES(X) X(CONFLICT, -32009, "conflict") '
    'X(UNAVAILABLE, -32050, "unavailable") X(INVALID_PARAMS, -32602, "invalid_params") '
    'X(PRECONDITION_FAILED, -32012, "precondition_failed")\n',
    "common/postgres/result.c": "\n",
    "common/api/errors.c": 'static const int derived[] = {\n    {ERROR_UNAVAILABLE, "down", at_any},\n};\n',
    "common/api/error_data.c": 'static const char *const field_rules[] = {"required"};\n',
    "common/rpc/field_message.c": 'static const int sentences[] = {\n    {"after", "must be after %", NULL},\n};\n',
    "common/rpc/down.c": 'int down(void *ctx)\n{\n\treturn context_fail(ctx, ERROR_UNAVAILABLE, "down", NULL);\n}\n',
    "rating/api/review.json": document(ERROR_METHOD),
}


def erring(lines="", **errors):
    """A handler that answers a conflict, and more; errors: what its method lists instead."""
    made = f"int review_get(void *call)\n{{\n{lines}\treturn helper(call);\n}}\n"
    helper = 'static int helper(void *call)\n{\n\treturn rpc_conflict(call, "twice", "again");\n}\n\n'
    listed = [{"$ref": f"#/components/errors/{word}", **what} for word, what in errors.items()]
    method = {**ERROR_METHOD, "errors": listed or ERROR_METHOD["errors"]}
    return ERRORS | {"rating/review.c": helper + made} | {"rating/api/review.json": document(method)}


# Its method takes a version, and nothing looks at it.
VERSIONED = {
    "common/api/errors.c": 'static const int derived[] = {\n    {ERROR_CONFLICT, "stale_version", at_version},\n};\n',
    "common/rpc/stale.c": 'int rpc_stale(void *call)\n{\n\treturn rpc_conflict(call, "stale_version", "changed");\n}\n',
    "rating/api/review.json": document(
        {**ERROR_METHOD, "params": [{"name": "version", "schema": {"type": "integer"}}]}
    ),
}
WRITING = {"rating/begin.c": "int rpc_begin(void *call)\n{\n\treturn pg_begin(call);\n}\n"}


def keyed(lines, name="email", **schema):
    """A handler with these lines, and what its method takes."""
    params = [{"name": name, "schema": {"type": "string", "maxLength": 9, **schema}}]
    helper = "static int count(void *call, const char *key)\n{\n\treturn throttle_enforce(call, &rule, key);\n}\n\n"
    return {
        "rating/api/review.json": document({**METHOD, "params": params}),
        "rating/review.c": f"{helper}int review_get(void *call)\n{{\n{lines}}}\n",
    }


def states(steps, row):
    """The table of states, and the row of it that the page shows."""
    head = "| state | cause | becomes | fact `events.booking.…` |\n|---|---|---|---|\n"
    return {
        "events/booking/store/state.c": f"static const int steps[] = {{\n    {steps},\n}};\n",
        "docs/booking.md": f"{head}{row}",
    }


STATE_ROW = "| none | hold | `held` | `held` |\n"
SUSPENDING = {
    "common/co/co.h": "/*\n * c\n */\n#ifndef EVENTLOOP_CO_CO_H\n#define EVENTLOOP_CO_CO_H\n\n"
    "/* Waits. */\nint co_park(int x) MAY_SUSPEND MUST_CHECK;\n\n#endif\n",
}
CASES = [
    (
        "docs",
        {"docs/a.md": "```c common/base/sub.c\nx\n```\n"},
        "docs/a.md:1: shows common/base/sub.c, which is no file",
    ),
    ("docs", {"docs/a.md": "```c common/base/add.c\nint add(int a, int b)\n...\n}\n```\n"}, None),
    ("docs", {"docs/a.md": "```c common/base/add.c\nint sub(int a, int b)\n```\n"}, "from `int sub(int a, int b)` on"),
    ("dialect", source("\tint *p = 0;\n\tif (p == NULL)\n\t\treturn 1;\n"), "write `!pointer`"),
    ("dialect", source("\tint *p = 0;\n\tif (p != NULL && *p)\n\t\treturn 1;\n"), "drop `!= NULL`"),
    ("dialect", source("\tint *p = 0;\n\n\tif (p)\n\t\treturn 1;\n"), "add.c:6: a blank line"),
    (
        "dialect",
        source("\tint c;\n\ta++;\n\tc = a;\n\ta = c;\n"),
        "`int c;` belongs right above its first use on line 7",
    ),
    ("dialect", {"tests/unit/base/test_add.c": "static void adds(void **state)\n{\n}\n"}, "named test_adds"),
    ("sizes", source("\tint value = 0;\n" + FILLER), "add has 65 lines"),
    ("sizes", {"common/base/long.c": "\n" * 500}, "500 lines"),
    ("sizes", {"deploy/run.sh": "#!/bin/bash\nlong() {\n" + "\ttrue\n" * 60 + "}\n"}, "long has 62 lines"),
    ("sizes", {"tools/ok.py": "def long():\n" + "    print(1)\n" * 60}, "long has 61 lines"),
    ("format", {"common/base/add.c": SOURCE.replace("\t", "    ")}, "clang-format"),
    ("banned", source("\tsprintf(x, y);\n"), "sprintf is banned"),
    ("banned", source("\tstrcpy (x, y);\n"), "strcpy is banned"),
    ("banned", source("\tPQexec(connection, x);\n"), "PQexec is banned"),
    ("banned", source("\tusleep(1);\n"), "usleep is banned"),
    ("banned", source("\tif (sigsetjmp(x, 0))\n\t\treturn 1;\n"), "common/co only"),
    ("banned", source('\tfprintf(stderr, "x");\n'), "a daemon's output is log lines"),
    ("banned", source("\tgetaddrinfo(x, y, z, w);\n"), "outside the offload pool"),
    ("banned", source('\tx = arena_printf(a, "%s", f(rpc_param(b, "c")));\n'), "may be NULL"),
    ("banned", source("\tchar large[4 * 1024 + 1];\n"), "a local array of 4097"),
    ("banned", source("again:\n\tif (a)\n\t\tgoto again;\n"), "jumps backward to again"),
    ("banned", source("\t(void)!write(1, x, 1);\n"), "not (void)!"),
    ("banned", source("", "typedef struct {\n\tint x;\n} thing;\n"), "typedef"),
    (
        "layers",
        source("", '#include "rpc/call.h"\n') | {"common/rpc/call.h": "\n"},
        "common/base must not know common/rpc",
    ),
    ("layers", source("", '#include "review.h"\n') | {"rating/review.h": "\n"}, "not a header of common"),
    ("layers", {"rating/a.c": '#include "accounts/user.h"\n', "passport/accounts/user.h": "\n"}, "of passport"),
    ("layers", {"common/extra/a.c": '#include "base/add.h"\n'}, "is no room of common"),
    (
        "layers",
        {"rating/a/a.c": '#include "b/b.h"\n', "rating/b/b.h": '#include "a/a.h"\n', "rating/a/a.h": "\n"},
        "circle",
    ),
    ("layers", {"rating/a/a.c": '#include "b/internal.h"\n', "rating/b/internal.h": "\n"}, "is for its own room"),
    (
        "layers",
        {"rating/a.c": '#include "http/engine.h"\n', "common/http/engine.h": "\n"},
        "http/engine.h is for common/http, common/http/direct",
    ),
    ("layers", {f"rating/a/{n}.c": "\n" for n in range(26)}, "26 modules"),
    ("layers", {"docs/architecture.md": "\n"}, "the plan of the rooms has changed"),
    ("headers", {"common/base/add.h": HEADER.removeprefix("/*\n * Adds.\n */\n")}, "opens with a comment"),
    ("headers", {"common/base/add.h": HEADER.replace("BASE_ADD", "ADD")}, "guard is not EVENTLOOP_BASE_ADD_H"),
    ("headers", {"common/base/add.h": HEADER.replace("/* The sum of a and b. */\n", "")}, "no doc comment"),
    ("suspend", SUSPENDING | source("\ta = co_park(b);\n"), "add may suspend (it calls co_park)"),
    (
        "suspend",
        SUSPENDING | source("\ta = wait(b);\n", "static int wait(int b)\n{\n\treturn co_park(b);\n}\n\n"),
        "calls wait",
    ),
    ("api", {"rating/main.c": CLEAN["rating/main.c"].replace("review.get", "review.list")}, "get has no handler"),
    ("api", {"rating/main.c": CLEAN["rating/main.c"].replace("review.get", "review.list")}, "list is in no file"),
    ("api", api(examples=None), "has no examples"),
    ("api", api(name="events.review.get"), "not a name of the form rating."),
    ("api", api(params=[{"name": "text", "schema": {"type": "string"}}]), "/params/text has no upper bound"),
    ("api", shown(example_of("Review", score=2), Review={"score": 1}), None),
    (
        "api",
        shown(example_of("Reviw"), Review={"score": 1}),
        'review.get: example "good": result: there is no example Re',
    ),
    ("api", shown(example_of("Review", stars=2), Review={"score": 1}), "result: the schema has no member /stars"),
    ("api", shown(example_of("Review", score=1), Review={"score": 1}), "x-with says of score what the example Review"),
    ("api", shown(example_of("Review", score=1), Review=[1]), "must be objects"),
    ("api", shown(example_of("Review"), Review=example_of("Review")), "the example Review refers to itself"),
    ("api", shown({"name": "review", "value": {}}, Review={}), "nothing refers to the example Review"),
    ("api", {"rating/api/review.json": json.dumps({"methods": [METHOD]})}, "not in the one form of API files"),
    ("api", {"rating/api/review.json": "{"}, "not JSON"),
    ("api", {"rating/api/schemas.json": '{ "methods": [] }\n'}, "rating/api/schemas.json:1: methods stand in files"),
    ("api", {"rating/api/summary.json": "{}\n"}, "rating/api/summary.json:1: methods stand in files"),
    ("api", api(params=[{"name": f"flag_{n}", "schema": {"type": "boolean"}} for n in range(50)]), "at most 42: let"),
    ("values", api(params=[{"name": "limit", "schema": {"type": "integer"}}]), "must be a reference to Limit"),
    ("errors", erring(), None),
    ("errors", erring('\tif (x)\n\t\treturn rpc_conflict(call, "other", "x");\n'), "conflict other is not listed"),
    ("errors", erring(conflict={"x-reasons": ["twice", "thrice"]}), "conflict the reason or rule thrice"),
    ("errors", erring('\treturn rpc_precondition(call, "full", "\\"most\\":3", "x");\n'), "precondition_failed full"),
    (
        "errors",
        erring(
            '\treturn rpc_precondition(call, "full", "\\"most\\":3", "x");\n',
            conflict={"x-reasons": ["twice"]},
            precondition_failed={"x-rules": {"full": {}}},
        ),
        "the rule full has the values most in the code",
    ),
    ("errors", erring("\trpc_begin(call);\n") | WRITING, "x-writes does not say"),
    ("errors", erring() | VERSIONED, "gives conflict stale_version, as its parameters demand"),
    ("errors", erring(unavailable={"x-reasons": ["down"]}), "unavailable down follows from its access"),
    ("errors", erring() | {"common/rpc/down.c": "\n"}, "nothing in common gives unavailable the reason down"),
    (
        "errors",
        erring('\treturn rpc_invalid(call, "/params/x", "odd", NULL);\n'),
        "the rule odd of rating has no sentence",
    ),
    (
        "sql",
        {
            "passport/migrations/0001_a.sql": "CREATE TABLE session (id uuid);\n",
            "rating/a.c": 'const char *SQL = "SELECT 1 FROM session";\n',
        },
        "session belongs to passport",
    ),
    ("ids", keyed("", "owner_id"), "is an id and has more than one spelling"),
    ("ids", keyed('\treturn strcmp(rpc_param(call, "email"), "a");\n'), "strcmp is given the parameter email"),
    (
        "ids",
        keyed('\treturn count(call, rpc_param(call, "email"));\n'),
        "throttle_enforce is given the parameter email",
    ),
    ("ids", keyed('\treturn strcmp(other, rpc_param(call, "owner"));\n', "owner"), "parameter owner, which has more"),
    (
        "ids",
        keyed('\tstruct b one = {.key = rpc_param(call, "email")};\n\treturn count(call, one.key);\n'),
        "throttle_enforce is given the parameter email",
    ),
    (
        "ids",
        keyed('\tconst char *a = rpc_param(call, "email"), *b = arena_printf(x, "%s", a);\n\treturn strcmp(b, c);\n'),
        "strcmp is given the parameter email",
    ),
    ("ids", keyed('\treturn strcmp(text_fold(arena, rpc_param(call, "email")), "a");\n'), None),
    ("ids", keyed('\treturn count(call, rpc_param(call, "owner_id"));\n', "owner_id", format="uuid"), None),
    ("text", {"docs/a.md": "see https://py" + "pi.org/x\n"}, "package registry"),
    ("text", {"docs/a.md": "in /wo" + "rk/main\n"}, "path of one machine"),
    ("facts", facts(source='rpc_publish(call, tx, "rating.review.told", id, text);'), "is neither in facts"),
    ("facts", facts(source='change.topic = "rating.review.told";'), "is neither in facts"),
    ("facts", facts(source='rpc_publish(call, tx, "told", id, text);'), "tells of its own alone"),
    ("facts", facts(source='rpc_publish(call, tx, "events.booking.told", id, text);'), "tells of its own alone"),
    ("facts", facts(published=["rating.review.made"]), "nothing in rating publishes rating.review.made"),
    ("facts", facts(handlers=["events.booking.made"]), "is not in consumes"),
    ("facts", facts(consumes=["events.booking.made"]), "has no handler in rating"),
    (
        "facts",
        facts(handlers=["events.booking.made"], consumes=["events.booking.made"]),
        "nobody's list has events.booking.made",
    ),
    ("states", states('{BOOKING_NONE, CAUSE_HOLD, BOOKING_HELD, "events.booking.held"}', STATE_ROW), None),
    ("states", states('{BOOKING_NONE, CAUSE_HOLD, BOOKING_HELD, "events.booking.told"}', STATE_ROW), "is another one"),
    ("states", states("nothing", STATE_ROW), "is not where it was"),
    ("text", {"docs/a.md": "TO" + "DO: later\n"}, "unfinished work"),
    ("text", {"docs/a.md": "space \n"}, "white space"),
    ("text", {"docs/a.md": "no end"}, "no newline"),
    ("text", {"docs/a.pem.txt": "-----BEGIN PRIV" + "ATE KEY-----\n"}, "private key"),
    ("shell", {"deploy/run.sh": "#!/bin/bash\nset -euo pipefail\n\nrm $1\n"}, "SC2086"),
    ("shell", {"deploy/run.sh": "#!/bin/bash\necho\n"}, "set -euo pipefail"),
    ("python", {"tools/ok.py": '"""Bad."""\n\nimport os\n'}, "F401"),
    ("python", {"tools/ok.py": '"""Bad."""\n\nprint( 1 )\n'}, "ok.py"),
    ("python", {"tools/ok.py": '"""Bad."""\n\nprint(1)  # noqa: F401\n'}, "RUF100"),
    ("suppressions", source("\t// cppcheck-suppress nullPointer\n"), "without a reason"),
    ("suppressions", source("\ta++; // NOLINT because it is fine\n"), "without its rule"),
    ("cppcheck", source("\tint *nothing = 0;\n\t*nothing = a;\n"), "nullPointer"),
    ("cppcheck", source("\ta++; // cppcheck-suppress nullPointer ; is none\n"), "unmatchedSuppression"),
    ("tidy", source("\tif (a == a)\n\t\treturn b;\n"), "misc-redundant-expression"),
    ("tidy", {"common/base/other.c": "\n"}, "not part of the build"),
    ("tidy", source("\tb++; // NOLINT(bugprone-sizeof-expression): planted\n"), "silences nothing"),
]


# A finding begins with its place.
PLACED = re.compile(r"[\w./-]+:\d+:|\*/")


def plant(folder, files):
    for name, text in {**CLEAN, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in (".clang-format", ".clang-tidy"):
        shutil.copy(ROOT / name, folder / name)
    database = folder / "build" / "clang" / "compile_commands.json"
    database.parent.mkdir(parents=True)
    entries = []
    for name in ("common/base/add.c", "rating/main.c"):
        command = f"clang-14 -std=gnu17 -I{folder}/common -c {name}"
        entries.append({"directory": str(folder), "file": str(folder / name), "command": command})
    database.write_text(json.dumps(entries))


def run_gate(name, files):
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder), files)
        command = [sys.executable, str(HERE / f"check_{name}.py"), "--root", folder]
        return subprocess.run(command, capture_output=True, text=True)


def failure(case):
    """What is wrong with a gate in this case; None when it does what it must."""
    name, files, expected = case
    result = run_gate(name, files)
    output = result.stdout + result.stderr
    if expected is None:
        return None if result.returncode == 0 else f"{name}: a clean tree does not pass:\n{output}"
    findings = result.stdout.partition("\n\nThe rule: ")[0]
    if result.returncode == 1 and expected in findings and PLACED.match(findings) and "To repair: " in result.stdout:
        return None
    return f"{name}: did not say {expected!r} (exit {result.returncode}):\n{output}"


def main():
    gates = sorted(path.stem.removeprefix("check_") for path in HERE.glob("check_*.py"))
    cases = [(name, {}, None) for name in gates] + CASES
    untested = set(gates) - {name for name, _, _ in CASES}
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        failures = [text for text in pool.map(failure, cases) if text]
    failures += [f"{name}: no violation is planted for it" for name in sorted(untested)]
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"{len(cases)} cases for {len(gates)} gates, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
