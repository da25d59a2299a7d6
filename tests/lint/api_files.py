#!/usr/bin/env python3
"""The API files of the daemons as the gates see them, and their one form: api_files.py FILE... gives it to files.

A file of <daemon>/api is known by its name: schemas.json and examples.json have components alone, facts.json has facts,
all others have methods. In an example {"$ref": "#/components/examples/Name", "x-with": {...}} stands for the value of
that component with some members instead or besides; common/api/example.c resolves it for the document, `whole` here for
the gates.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 120
EXAMPLES, SCHEMAS = "#/components/examples/", "#/components/schemas/"
WITHOUT_METHODS = ("schemas.json", "examples.json", "facts.json")


class Fault(Exception):
    """What is wrong with an example."""


@dataclass
class Api:
    """The API files of one daemon."""

    files: dict = field(default_factory=dict)  # name of the file: document
    schemas: dict = field(default_factory=dict)
    examples: dict = field(default_factory=dict)  # name: value, with its references
    places: dict = field(default_factory=dict)  # name of an example: its file
    broken: list = field(default_factory=list)  # (file, why it is no JSON)

    def methods(self):
        for name, document in self.files.items():
            yield from ((name, method) for method in document.get("methods", []))


def names(tree, daemon):
    return [name for name in tree.matching(".json", under=(daemon,)) if name.startswith(f"{daemon}/api/")]


def read(tree, daemon):
    api = Api()
    for name in names(tree, daemon):
        try:
            document = json.loads(tree.text(name))
        except ValueError as error:
            api.broken.append((name, error))
            continue
        api.files[name] = document
        components = document.get("components", {})
        api.schemas.update(components.get("schemas", {}))
        for example, component in components.get("examples", {}).items():
            api.examples[example] = component.get("value") if isinstance(component, dict) else None
            api.places[example] = name
    return api


def referred(value):
    """The name of the example that an object refers to, or None."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    return reference.removeprefix(EXAMPLES) if str(reference).startswith(EXAMPLES) else None


def all_referred(value):
    """The names of all examples that something refers to."""
    if referred(value):
        yield referred(value)
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from all_referred(child)


def derived_example(method, api):
    """The component example that shows a read without examples: named as what its result refers to, with a member for
    each required parameter. None when there is none."""
    name = method.get("result", {}).get("schema", {}).get("$ref", "").removeprefix(SCHEMAS)
    reads = method.get("x-idempotent", True) and "examples" not in method
    shown = api.examples.get(name)
    needed = {param.get("name") for param in method.get("params", []) if param.get("required")}
    return name if reads and isinstance(shown, dict) and needed <= shown.keys() else None


def whole(value, examples, under=()):
    """The value with its references resolved; under: the examples on the way to it."""
    if isinstance(value, list):
        return [whole(item, examples, under) for item in value]
    if not isinstance(value, dict):
        return value
    name = referred(value)
    if not name:
        return {key: whole(member, examples, under) for key, member in value.items()}
    if name not in examples:
        raise Fault(f"there is no example {name}")
    if name in under:
        raise Fault(f"the example {name} refers to itself")
    shown = whole(examples[name], examples, (*under, name))
    return changed(name, shown, whole(value["x-with"], examples, under)) if "x-with" in value else shown


def changed(name, shown, changes):
    if not isinstance(shown, dict) or not isinstance(changes, dict):
        raise Fault(f"x-with, and what it changes of {name}, must be objects")
    for key, value in changes.items():
        if key in shown and json.dumps(shown[key]) == json.dumps(value):
            raise Fault(f"x-with says of {key} what the example {name} says: leave it out")
    return shown | changes


def followed(schema, schemas):
    """The schema that a schema stands for."""
    while isinstance(schema, dict) and schema.get("$ref", "").startswith(SCHEMAS):
        schema = schemas.get(schema["$ref"].removeprefix(SCHEMAS), {})
    if not isinstance(schema, dict):
        return {}
    if "x-page-of" in schema:
        items = {"items": schema["x-page-of"]}
        return {"properties": {"items": items, "next_cursor": {}}, "additionalProperties": False}
    return schema


def unknown_members(value, schema, schemas, path=""):
    """Paths of the members that a schema does not have and forbids."""
    schema = followed(schema, schemas)
    choices = [choice for key in ("anyOf", "oneOf") for choice in schema.get(key, [])]
    choices = [choice for choice in choices if "properties" in followed(choice, schemas)]
    if choices and isinstance(value, dict):
        yield from min((list(unknown_members(value, choice, schemas, path)) for choice in choices), key=len)
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        for key, member in value.items():
            if key not in properties and schema.get("additionalProperties") is False:
                yield f"{path}/{key}"
            yield from unknown_members(member, properties.get(key), schemas, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_members(item, schema.get("items"), schemas, f"{path}/{index}")


def on_one_line(value):
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{json.dumps(key)}: {on_one_line(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(on_one_line, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def filled(words, width):
    """Words, parted by commas, in as few lines as they need."""
    lines = [""]
    for word in [f"{word}," for word in words[:-1]] + words[-1:]:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def shape(value, indent=0, before=0):
    """The one form of JSON in API files: on one line what has room there, else each member on a line of its own, but
    lists of texts and numbers fill lines. before: the columns that are taken on the first line.
    """
    line = on_one_line(value)
    if before + len(line) < WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = indent + 2
    if isinstance(value, dict):
        parts = []
        for key, member in value.items():
            start = f"{json.dumps(key)}: "
            parts.append(start + shape(member, inner, inner + len(start)))
    elif any(isinstance(item, dict | list) for item in value):
        parts = [shape(item, inner, inner) for item in value]
    else:
        parts = None
    lines = (
        [f"{part}," for part in parts[:-1]] + parts[-1:] if parts else filled([*map(on_one_line, value)], WIDTH - inner)
    )
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, *(" " * inner + line for line in lines), " " * indent + closing])


def counted_lines(document):
    """The lines of the methods of a file in its one form; components and facts are not counted."""
    methods = document.get("methods")
    return len(shape({"methods": methods}).splitlines()) if methods else 0


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_text(shape(json.loads(file.read_text())) + "\n")
