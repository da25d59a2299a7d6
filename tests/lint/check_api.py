#!/usr/bin/env python3
"""Gate: the API files against the code.

Each method of <daemon>/api/*.json is in a handler table of that daemon, and each name in a handler table is a method;
names have the daemon's prefix; a method has every member that the API contract demands, and its schemas say a limit for
every text and list that a caller sends.
"""

import json
import re

import gate

MEMBERS = (
    "name",
    "summary",
    "description",
    "params",
    "result",
    "errors",
    "examples",
    "x-access",
    "x-idempotent",
    "x-deadline-ms",
    "x-cost",
)
NAME = re.compile(r"^[a-z]+(\.[a-z][a-z0-9_]*){1,2}$")
TABLE = re.compile(r"\bstruct\s+rpc_handler\s+\w+\[\w*\]\s*=\s*\{(.*?)^\};", re.DOTALL | re.MULTILINE)
ENTRY = re.compile(r'\{\s*(?:\.name\s*=\s*)?"([a-z_.]+)"')


def load(tree, name, violations):
    try:
        return json.loads(tree.text(name))
    except ValueError as error:
        violations.append(f"{name}:1: not JSON: {error}")
        return {}


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
    if not method.get("examples"):
        yield f"{place}: has no example"
    for param in method.get("params", []):
        for path in unlimited(param.get("schema"), f"/params/{param.get('name')}", dict(components)):
            yield f"{place}: {path} has no upper bound"


def daemon_violations(tree, daemon):
    violations, methods, components = [], {}, {}
    files = [name for name in tree.matching(".json", under=(daemon,)) if name.startswith(f"{daemon}/api/")]
    documents = {name: load(tree, name, violations) for name in files}
    for document in documents.values():
        for key, schema in document.get("components", {}).get("schemas", {}).items():
            components[f"#/components/schemas/{key}"] = schema
    for name, document in documents.items():
        for method in document.get("methods", []):
            violations += method_violations(name, daemon, method, components)
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
    return [violation for daemon in gate.DAEMONS for violation in daemon_violations(tree, daemon)]


if __name__ == "__main__":
    gate.main(check)
