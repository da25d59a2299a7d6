#!/usr/bin/env python3
"""Gate: the API files against the code.

Each method of <daemon>/api/*.json is in a handler table of that daemon, and each name in a handler table is a method;
names have the daemon's prefix; a method has every member that the API contract demands, and its schemas say a limit for
every text and list that a caller sends. Examples refer to components that exist and have only members that the schemas
know; each component example is used; the files have their one form, and few lines a method.
"""

import re

import api_files
import gate

REPAIR = "docs/adding-a-method.md shows each member; the handler table stands in the daemon's main.c or start.c"
LINES = 42  # a method, on average over all API files
MEMBERS = (
    "name",
    "summary",
    "params",
    "result",
    "x-access",
    "x-cost",
)
NAME = re.compile(r"^[a-z]+(\.[a-z][a-z0-9_]*){1,2}$")
TABLE = re.compile(r"\bstruct\s+rpc_handler\s+\w+\[\w*\]\s*=\s*\{(.*?)^\};", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r'\{\s*(?:\.name\s*=\s*)?"([a-z_.]+)"')


def handlers(tree, folder):
    """Names in the handler tables of a folder, each with its place."""
    found = {}
    for name in tree.matching(".c", ".h", under=(folder,)):
        text = tree.text(name)
        for table in TABLE.finditer(text):
            for entry in ENTRY.finditer(table.group(1)):
                found[entry.group(1)] = f"{name}:{gate.line_of(text, table.start(1) + entry.start())}"
    return found


def unlimited(schema, path, components):
    """Paths of texts and lists in a parameter's schema that have no upper bound."""
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    bounded = {"maxLength", "enum", "const", "pattern", "format"}
    if "string" in kinds and not bounded & schema.keys():
        yield path
    if "array" in kinds and "maxItems" not in schema:
        yield path
    for key in ("properties", "patternProperties"):
        for name, child in schema.get(key, {}).items():
            yield from unlimited(child, f"{path}/{name}", components)
    for key in ("items", "additionalProperties"):
        yield from unlimited(schema.get(key), f"{path}/{key}", components)
    for key in ("anyOf", "oneOf", "allOf"):
        for child in schema.get(key, []):
            yield from unlimited(child, path, components)
    reference = schema.get("$ref", "")
    if reference in components:
        yield from unlimited(components.pop(reference), path, components)


def method_violations(name, daemon, method, components):
    called = method.get("name", "?")
    place = f"{name}: {called}"
    if not NAME.match(called) or called.split(".")[0] != daemon:
        yield f"{place}: not a name of the form {daemon}.<resource>.<verb>"
    for member in MEMBERS:
        if member not in method:
            yield f"{place}: has no {member}"
    for param in method.get("params", []):
        for path in unlimited(param.get("schema"), f"/params/{param.get('name')}", dict(components)):
            yield f"{place}: {path} has no upper bound"


def example_violations(place, method, api):
    schemas = {f"params {param.get('name')}": param.get("schema") for param in method.get("params", [])}
    schemas["result"] = method.get("result", {}).get("schema")
    if not method.get("examples") and not api_files.derived_example(method, api):
        yield f"{place}: has no examples, and none follows from an example of what its result refers to"
    for example in method.get("examples", []):
        where = f'{place}: example "{example.get("name", "?")}"'
        given = {f"params {param.get('name')}": param.get("value") for param in example.get("params", [])}
        result = example.get("result", {})
        given["result"] = result if api_files.referred(result) else result.get("value")
        for part, value in given.items():
            try:
                shown = api_files.whole(value, api.examples)
            except api_files.Fault as fault:
                yield f"{where}: {part}: {fault}"
                continue
            for path in api_files.unknown_members(shown, schemas.get(part), api.schemas):
                yield f"{where}: {part}: the schema has no member {path}"


def file_violations(tree, api):
    """Files that are no JSON or not in their one form, and component examples that nothing refers to."""
    yield from (f"{name}:1: not JSON: {error}" for name, error in api.broken)
    for name, document in api.files.items():
        if ("methods" in document) == (name.rpartition("/")[2] in api_files.WITHOUT_METHODS):
            yield f"{name}: methods stand in files of their noun, {', '.join(api_files.WITHOUT_METHODS)} have none"
        if tree.text(name) != api_files.shape(document) + "\n":
            yield f"{name}: not in the one form of API files: tests/run format gives it"
    used = {example for document in api.files.values() for example in api_files.all_referred(document)}
    used |= {api_files.derived_example(method, api) for _, method in api.methods() if "examples" not in method}
    for example in sorted(api.examples.keys() - used):
        yield f"{api.places[example]}: nothing refers to the example {example}"


def size_violations(apis):
    count = sum(1 for api in apis for _ in api.methods())
    lines = sum(api_files.counted_lines(document) for api in apis for document in api.files.values())
    if lines > LINES * count > 0:
        yield (
            f"*/api/*.json: {lines} lines for {count} methods, {lines / count:.1f} each, at most {LINES}: let examples "
            "refer to components/examples and say only what differs (x-with), leave out errors that follow from access "
            "and parameters, say x-page-of for a page (docs/adding-a-method.md)"
        )


def daemon_violations(tree, daemon, api):
    violations, methods = list(file_violations(tree, api)), {}
    components = {f"#/components/schemas/{key}": schema for key, schema in api.schemas.items()}
    for name, method in api.methods():
        violations += method_violations(name, daemon, method, components)
        violations += example_violations(f"{name}: {method.get('name', '?')}", method, api)
        if method.get("name") in methods:
            violations.append(f"{name}: {method['name']} stands also in {methods[method['name']]}")
        methods[method.get("name")] = name
    if f"{daemon}/main.c" not in tree.files:
        return violations
    table, shared = handlers(tree, daemon), handlers(tree, "common")
    unhandled = [method for method in methods if method not in table and method not in shared]
    violations += [f"{methods[method]}: {method} has no handler in {daemon}" for method in unhandled]
    violations += [f"{table[name]}: {name} is in no file of {daemon}/api" for name in table if name not in methods]
    return violations


def check(tree):
    apis = {daemon: api_files.read(tree, daemon) for daemon in gate.DAEMONS}
    violations = [violation for daemon, api in apis.items() for violation in daemon_violations(tree, daemon, api)]
    return violations + list(size_violations(apis.values()))


if __name__ == "__main__":
    gate.main(check)
