"""Other people's programs on the documents as they are served: the gateway's and each daemon's own.

Generators, validators, mock servers and linters of OpenRPC and JSON Schema, unchanged, from build/openrpc-tools
(tests/lib/openrpc_tools). What they find wrong in a document is wrong in all clients made from it.
"""

import json
import os
import subprocess
from datetime import UTC, datetime

import pytest
import requests
from ports import free_port
from stack import NAMES, ROOT
from waiting import wait_until

TOOLS = ROOT / "build" / "openrpc-tools" / "node_modules"
OURS = ROOT / "tests" / "conformance" / "openrpc"
UNUSED = ("#/components/errors/", "#/components/schemas/ErrorData")
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NODE_PATH": str(TOOLS)}


def node(*arguments, check=True, folder=None):
    """Runs a program with Node; its output. A status other than 0 fails unless check is False."""
    done = subprocess.run(
        ["node", *map(str, arguments)], cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 or not check, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def tool(name):
    return TOOLS / ".bin" / name


@pytest.fixture(scope="module")
def documents(stack, tmp_path_factory):
    """{name: file} of all documents; "gateway" is the merged one."""
    stack.document()
    folder = tmp_path_factory.mktemp("documents")
    for name in NAMES:
        (folder / f"{name}.json").write_text(stack[name].get("/openrpc.json").text)
    return {name: folder / f"{name}.json" for name in NAMES}


def methods_of(path):
    return json.loads(path.read_text())["methods"]


def test_calls_and_results_of_every_example_are_valid(documents):
    *faults, last = node(OURS / "check_examples.js", *documents.values()).splitlines()
    assert not faults, "\n".join(faults)
    count = sum(len(method["examples"]) for file in documents.values() for method in methods_of(file))
    assert last == f"{count} examples of {len(documents)} documents"


def json_values(text):
    """The JSON values that stand one after another."""
    decoder, start = json.JSONDecoder(), 0
    while text[start:].strip():
        value, start = decoder.raw_decode(text, len(text) - len(text[start:].lstrip()))
        yield value


def test_redoclys_rules_hold(documents):
    """What is left: components.errors has all errors, also those that no method lists since any call may meet them; and
    Redocly looks for references neither in the schema of what errors carry nor in x-facts.
    """
    output = node(
        tool("redocly"), "lint", *documents.values(), f"--config={OURS / 'redocly.yaml'}", "--format=json", check=False
    )
    reports, faults = list(json_values(output)), []
    facts = "".join(json.dumps(json.loads(document.read_text()).get("x-facts")) for document in documents.values())
    assert len(reports) == len(documents)
    for problem in (problem for report in reports for problem in report["problems"]):
        pointer = problem["location"][0].get("pointer", "")
        in_use = pointer.startswith(UNUSED) or f'"{pointer}"' in facts
        if problem["ruleId"] != "no-unused-components" or not in_use:
            faults.append(f"{problem['ruleId']}: {problem['message']} {pointer}")
    assert not faults, "\n".join(faults)


def test_typescript_made_from_the_documents_compiles(documents, tmp_path):
    for name, document in documents.items():
        node(tool("open-rpc-typings"), "-d", document, f"--output-ts={tmp_path}", f"--name-ts={name}")
        schemas = json.loads(document.read_text())["components"]["schemas"]
        assert schemas.keys() == {schema["title"] for schema in schemas.values()}
        whole = {
            "title": "Everything",
            "type": "object",
            "components": {"schemas": schemas},
            "properties": {key: {"$ref": f"#/components/schemas/{key}"} for key in schemas},
        }
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(whole))
        node(tool("json2ts"), tmp_path / f"{name}.schema.json", tmp_path / f"{name}_schemas.ts", "--no-format")
    written = sorted(tmp_path.glob("*.ts"))
    assert len(written) == 2 * len(documents)
    node(tool("tsc"), "--strict", "--noEmit", "--target", "es2020", *written)


@pytest.fixture
def mock(documents, tmp_path):
    """mock(name): the address of a mock server of that document."""
    running = []

    def start(name):
        port = free_port()
        log = (tmp_path / f"{name}.log").open("w")
        command = ["node", tool("open-rpc-mock-server"), "-d", documents[name], "-p", str(port)]
        running.append(subprocess.Popen(command, env=os.environ | QUIET, stdout=log, stderr=log))
        log.close()
        return f"http://127.0.0.1:{port}/"

    yield start
    for process in running:
        process.kill()
        process.wait()


def params_of(example):
    return {param["name"]: param["value"] for param in example["params"]}


def call(address, method, params):
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return requests.post(address, json=request, timeout=10).json()


def test_a_mock_server_answers_every_example(documents, mock):
    addresses = {name: mock(name) for name in documents}
    for name, address in addresses.items():
        methods = methods_of(documents[name])
        wait_until(lambda to=address: "result" in call(to, "rpc.discover", {}), 30, f"the mock server of {name}")
        for method in methods:
            for example in method["examples"]:
                answer = call(address, method["name"], params_of(example))
                alike = [one for one in method["examples"] if params_of(one) == params_of(example)]
                told = [one["result"]["value"] for one in alike]
                assert answer.get("result") in told, f"{method['name']}: {example['name']}: {answer}"


def test_test_coverage_reaches_every_public_method(stack, documents):
    """The example of each public method comes to its handler: its object may be unknown, but nothing is malformed."""
    public = [method["name"] for method in methods_of(documents["gateway"]) if "public" in method["x-access"]]
    output = node(
        tool("open-rpc-test-coverage"),
        f"--schema={stack.gateway.base}/openrpc.json",
        "--reporters=json",
        f"--only={','.join(public)}",
    )
    calls = json.loads(output[output.index("[") :])
    assert {made["methodName"] for made in calls} == set(public)
    for made in calls:
        assert made["url"] == f"{stack.gateway.base}/rpc"
        assert "requestError" not in made, made
        assert made.get("error", {}).get("code") not in (-32700, -32600, -32601, -32602, -32603), made
    assert [made["valid"] for made in calls if made["methodName"] == "gateway.status"] == [True]


def test_examples_can_be_read_by_position(documents):
    """Mock servers and test-coverage do, whatever paramStructure says."""
    for document in documents.values():
        for method in methods_of(document):
            names = [param["name"] for param in method["params"]]
            flags = [param["required"] for param in method["params"]]
            assert flags == sorted(flags, reverse=True), method["name"]
            for example in method["examples"]:
                given = list(params_of(example))
                assert given == names[: len(given)], f"{method['name']}: {example['name']}"


def moments(value):
    """All periods in a value; dates of rules and prices are none."""
    if isinstance(value, dict):
        if set(value) == {"from", "to"} and isinstance(value["from"], str) and "T" in value["from"]:
            yield value
        for member in value.values():
            yield from moments(member)
    elif isinstance(value, list):
        for item in value:
            yield from moments(item)


def test_periods_of_examples_are_to_come(documents):
    now, periods = datetime.now(UTC), []
    for method in methods_of(documents["gateway"]) + methods_of(documents["events"]):
        for example in method["examples"]:
            periods += moments(params_of(example))
    assert len(periods) >= 4
    for period in periods:
        assert now < datetime.fromisoformat(period["from"]) < datetime.fromisoformat(period["to"]), period
