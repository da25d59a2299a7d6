#!/usr/bin/env python3
"""Gate: one kind of value has one rule: parameters of one name have one schema, in all methods of all daemons."""

import json
import re

import api_files
import gate

REPAIR = "use the component of that name; a parameter that means something else has another name, or a line in OTHER"
# Kinds of values that many methods take: the parameter's name, and the component that says what it may be.
NAMED = {
    "code": "Code",
    "cursor": "Cursor",
    "email": "Email",
    "id": "Id",
    "idempotency_key": "IdempotencyKey",
    "limit": "Limit",
    "reason": "Reason",
    "version": "Version",
}
# Names that mean something else in different places: name, and the methods that mean another thing than the rest.
OTHER = {
    "actor_id": r"passport\.audit\.list",  # also the name of a service
    "capacity": r"events\.listing\.search",  # a range
    "description": r"events\.listing\..*|passport\.service_account\.create",  # prose, prose of a listing, a line
    "ids": r"passport\.user\.(contacts|profiles)",
    "key": r"passport\.auth\.client_token",  # an API key
    "limit": r"passport\.revocation\.watch",  # of entries for daemons
    "name": r"passport\.(api_key|company|service_account|user)\..*",  # of a person, a company, a program
    "password": r"passport\.user\.register",  # a new one
    "price": r"events\.listing\.search",  # a range
    "properties": r"events\.listing\.search",  # conditions
    "right": r"passport\.api_key\.create",  # a key owns nothing
    "role": r"passport\.user\.search",  # also that of everybody
    "sort": r"rating\..*",
    "state": r".*",  # of things of their own
    "text": r"rating\.review\.create",  # prose
    "time_zone": r"passport\..*",  # the same names, which the daemons ask their databases for
    "token": r"passport\.auth\.introspect",  # an access token
    "units": r"events\.(booking|availability)\..*",  # of one booking, not of a listing
    "version": r"events\.listing\.set_(rules|pricing)",  # from 0, of rules and prices
    "unit": r"events\.property\..*",  # of a number
}


def meaning(schema, components):
    """What a schema says, without the words about it and without null beside it, as comparable text."""
    if isinstance(schema, list):
        return [meaning(one, components) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return meaning(components[schema["$ref"].rsplit("/", 1)[1]], components)
    kept = {key: meaning(value, components) for key, value in schema.items() if key not in ("description", "default")}
    if isinstance(kept.get("type"), list) and "null" in kept["type"] and len(kept["type"]) == 2:
        kept["type"] = next(kind for kind in kept["type"] if kind != "null")
    choices = [one for one in kept.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        return choices[0]
    return sorted(kept) if schema == {} else kept


def load(tree):
    """(file, method, parameter, components of its daemon) of all API files."""
    for daemon in gate.DAEMONS:
        api = api_files.read(tree, daemon)
        for name, method in api.methods():
            for parameter in method["params"]:
                yield name, method["name"], parameter, api.schemas


def check(tree):
    first, failures = {}, []
    for file, method, parameter, components in load(tree):
        name, schema = parameter["name"], parameter["schema"]
        if re.fullmatch(OTHER.get(name, r"\0"), method):
            continue
        wanted = NAMED.get(name) or ("Id" if name.endswith("_id") else None)
        reference = schema.get("$ref", "").rsplit("/", 1)[-1]
        if wanted and reference != wanted:
            failures.append(f"{file}: {method}: {name} must be a reference to {wanted}")
        said = json.dumps(meaning(schema, components), sort_keys=True)
        other, known = first.setdefault(name, (method, said))
        if said != known:
            failures.append(f"{file}: {method}: {name} has another schema than in {other}")
    return failures


if __name__ == "__main__":
    gate.main(check)
