#!/usr/bin/env python3
"""Gate: a text that came as a parameter is a key, or is compared, only where it has one spelling.

Two spellings of one thing would be two keys: a throttle counts each for itself, a comparison with "oneself" fails. So
each parameter named id, *_id or ids is of the format uuid, which is taken in lower case alone; and a parameter's text
comes into a comparison or a key (SINKS) only when its schema has one spelling (a uuid, an enum, a number, a pattern
without capitals), when it was folded before (FOLDS), or when every character of it counts (EXACT). The gate follows
variables, members of structs and arguments through the functions of a daemon, by name.
"""

import re

import gate
from check_errors import arguments, handler_functions, without_comments
from check_values import load

REPAIR = "give the parameter's schema one spelling (format uuid), or fold its text first (text_fold)"
# Ids of others, in whatever spelling they have.
FOREIGN = {"external_id", "actor_id"}
# Formats that take one spelling alone.
ONE_FORM = {"uuid", "country", "currency", "language-tag", "time-zone"}
# Secrets, and names that a caller gives to own things: another spelling is another one.
EXACT = {
    "challenge",
    "code",
    "cursor",
    "extras",  # their keys, which have no capitals
    "idempotency_key",
    "key",
    "password",
    "refresh_token",
    "schema",  # a JSON Schema
    "secret",
    "token",
}
# What compares texts, or keeps something under one: the arguments that are texts, counted from the end when negative.
SINKS = {
    "strcmp": (0, 1),
    "strncmp": (0, 1),
    "strcasecmp": (0, 1),
    "memcmp": (0, 1),
    "hash_map_get_text": (1,),
    "hash_map_put_text": (1,),
    "hash_map_get": (1,),
    "hash_map_put": (1,),
    "throttle_count": (2,),
    "throttle_enforce": (2,),
    "throttle_take_back": (2,),
    "throttle_forget": (2,),
    "secret_hash": (0,),
    "rpc_publish": (3,),
}
# What makes one spelling of many.
FOLDS = ("text_fold", "text_letters")
# What gives on the text that it is given; what others return is something else.
CARRIERS = (
    "arena_printf",
    "arena_strdup",
    "rpc_param",
    "rpc_param_json",
    "json_object_get_string",
    "json_object_object_get",
    "json_object_array_get_idx",
)
PARAM = re.compile(r'\brpc_param(?:_json)?\(\s*call\s*,\s*"([\w.]+)"\s*\)')
MEMBER = re.compile(r'"(\w+)"\s*$')
CALL = re.compile(r"\b([a-z_]\w*)\s*\(")
WORD = re.compile(r"(->|\.)?\b([a-zA-Z_]\w*)\b(?!\s*(?:->|\.))")
ASSIGNED = re.compile(r"(?:^|[^\w.>])\*?(\w+)\s*=(?!=)\s*")
FIELD = re.compile(r"(?:->|\.)(\w+)\s*=(?!=)\s*")


def kinds(schema, components):
    """The schema without references and without null: those of which one must hold."""
    if "$ref" in schema:
        return kinds(components.get(schema["$ref"].rsplit("/", 1)[-1], {}), components)
    choices = [one for key in ("anyOf", "oneOf") for one in schema.get(key, []) if one != {"type": "null"}]
    if choices:
        return [kind for one in choices for kind in kinds(one, components)]
    if "items" in schema:
        return kinds(schema["items"], components)
    return [schema]


def has_one_spelling(schema):
    types = schema.get("type", [])
    types = set(types if isinstance(types, list) else [types]) - {"null"}
    pattern = schema.get("pattern", "A")
    lower = pattern.startswith("^") and pattern.endswith("$") and not re.search(r"[A-Z.]|\\[wWSD]|\[\^", pattern)
    return (
        schema.get("format") in ONE_FORM
        or "enum" in schema
        or "const" in schema
        or lower
        or bool(types)
        and types <= {"integer", "number", "boolean"}
    )


def members(schema, components, name):
    """(dotted name, schema) of a parameter and of all members below it, of a list's items too."""
    yield name, schema
    while "$ref" in schema or "items" in schema:
        schema = components.get(schema["$ref"].rsplit("/", 1)[-1], {}) if "$ref" in schema else schema["items"]
    for key, child in schema.get("properties", {}).items():
        yield from members(child, components, f"{name}.{key}")


def parameters(tree):
    """{daemon: {dotted name: [(method, place, whether it has one spelling)]}}."""
    found = {}
    for file, method, parameter, components in load(tree):
        for name, schema in members(parameter["schema"], components, parameter["name"]):
            one = all(has_one_spelling(kind) for kind in kinds(schema, components))
            daemon = found.setdefault(file.split("/")[0], {})
            daemon.setdefault(name, []).append((method, f"{file}: {method}: {name}", one))
    return found


def id_violations(spellings):
    for names in spellings.values():
        for name, places in names.items():
            last = name.rsplit(".", 1)[-1]
            if re.fullmatch(r"(\w+_)?ids?", last) and last not in FOREIGN:
                yield from (f"{place} is an id and has more than one spelling" for _, place, one in places if not one)


class Function:
    """A function's text, its arguments' names, and which parameters of the API each argument may be: each is (name, the
    file that reads it). fields: {member of any struct of the daemon: parameters that are put there}."""

    def __init__(self, function, text, fields):
        self.path, self.name, self.line, self.fields = function.path, function.name, function.first, fields
        head, _, self.body = text.partition("{")
        self.blank = gate.blank_c(self.body)
        given = arguments(head, head.index("(") + 1) if "(" in head else []
        self.names = [(re.findall(r"\w+", one) or [""])[-1] for one in given]
        self.given = {}

    def expression(self, start):
        """From `start` to the comma, semicolon or bracket that ends it."""
        end = self.blank.find(";", start)
        return arguments(self.body[: len(self.body) if end < 0 else end] + ")", start)[0]

    def carried(self, text, known):
        """The parameters whose text an expression may be."""
        own = PARAM.match(text.strip())
        if own and own.end() == len(text.strip()):
            return {(own.group(1), self.path)}
        found, plain, place = set(), "", 0
        for match in CALL.finditer(gate.blank_c(text)):
            if match.start() < place:
                continue
            inner = arguments(text + ")", match.end())
            plain += text[place : match.start()]
            place = self._end_of_call(text, match.end())
            if match.group(1) in CARRIERS:
                found |= self._through(match.group(1), text[match.start() : place], inner, known)
        for sign, word in WORD.findall(gate.blank_c(plain + text[place:])):
            found |= (self.fields if sign else known).get(word, set())
        return found

    def _through(self, name, call, inner, known):
        if name.startswith("rpc_param"):
            return self.carried(call, known) if PARAM.fullmatch(call.strip()) else set()
        found = {one for part in inner for one in self.carried(part, known)}
        member = MEMBER.search(inner[-1]) if name == "json_object_object_get" else None
        return {(f"{one}.{member.group(1)}", path) for one, path in found} if member else found

    @staticmethod
    def _end_of_call(text, start):
        depth, place, blank = 1, start, gate.blank_c(text)
        while place < len(blank) and depth:
            depth += (blank[place] == "(") - (blank[place] == ")")
            place += 1
        return place

    def variables(self):
        """{variable: parameters whose text it may hold}, by the arguments and the assignments."""
        known = {self.names[index]: set(names) for index, names in self.given.items() if index < len(self.names)}
        for _ in range(2):
            for match in ASSIGNED.finditer(self.blank):
                text = self.expression(match.end())
                carried = self.carried(text, known) if not text.lstrip().startswith("{") else set()
                if carried:
                    known.setdefault(match.group(1), set()).update(carried)
        for match in FIELD.finditer(self.blank):
            carried = self.carried(self.expression(match.end()), known)
            if carried:
                self.fields.setdefault(match.group(1), set()).update(carried)
        return known

    def calls(self):
        for match in CALL.finditer(self.blank):
            yield match.group(1), arguments(self.body, match.end())


def functions(tree, daemon):
    """{name: the functions of that name} of a daemon."""
    texts = {name: without_comments(tree.text(name)) for name in tree.matching(".c", under=(daemon,))}
    found, fields = {}, {}
    for function in tree.functions:
        if function.path in texts:
            lines = texts[function.path].splitlines()[function.first - 1 : function.last]
            found.setdefault(function.name, []).append(Function(function, "\n".join(lines), fields))
    return found


def spread(found):
    """Gives to each function the parameters that its callers pass on, until nothing is added."""
    changed = True
    while changed:
        changed = False
        for function in (one for group in found.values() for one in group):
            known = function.variables()
            for name, given in function.calls():
                targets = [one for one in found.get(name, []) if len(found[name]) == 1 or one.path == function.path]
                for index, argument in enumerate(given):
                    carried = function.carried(argument, known)
                    for target in targets if carried else ():
                        before = target.given.setdefault(index, set())
                        changed = changed or not carried <= before
                        before |= carried


def has_many(parameter, path, spellings, handled):
    """Whether the parameter, read in that file, may be spelled in several ways; of methods that the file handles, when
    any takes it, else of all."""
    places = spellings.get(parameter, [])
    own = [place for place in places if place[0] in handled.get(path, ())] or places
    return not own or not all(one for _, _, one in own)


def sink_violations(function, spellings, handled):
    known = function.variables()
    for name, given in function.calls():
        for index in SINKS.get(name, ()):
            carried = function.carried(given[index], known) if index < len(given) else set()
            for parameter, path in sorted(carried):
                if parameter.rsplit(".", 1)[-1] not in EXACT and has_many(parameter, path, spellings, handled):
                    yield (
                        f"{function.path}:{function.line}: {function.name}: {name} is given the parameter {parameter}, "
                        f"which has more than one spelling: fold it first"
                    )


def handled_methods(tree, daemon, code):
    """{file: the methods whose handlers stand in it}."""
    found = {}
    for method, handler in handler_functions(tree, daemon).items():
        for function in code.get(handler, []):
            found.setdefault(function.path, set()).add(method)
    return found


def check(tree):
    spellings = parameters(tree)
    found = list(id_violations(spellings))
    for daemon in gate.DAEMONS:
        code = functions(tree, daemon)
        handled = handled_methods(tree, daemon, code)
        spread(code)
        for function in (one for group in code.values() for one in group):
            found += sink_violations(function, spellings.get(daemon, {}), handled)
    return sorted(set(found))


if __name__ == "__main__":
    gate.main(check)
