"""Minimal valid parameters of any method, made from its schemas as rpc.discover gives them."""

import re
import uuid

# Tried in turn for a string with a pattern; a pattern that fits none of them falls back on the method's example.
PATTERNED = ("a", "aa", "en", "NO", "EUR", "Europe/Oslo", "2027-06-01", "12:00", "123456", "1.5", "a" * 43, "0" * 64)
FORMATS = {
    "date-time": "2027-06-01T00:00:00Z",
    "date": "2027-06-01",
    "email": "nobody@test.example",
    "uri": "https://test.example/",
    "currency": "EUR",
    "country": "NO",
    "language-tag": "en",
    "time-zone": "Europe/Oslo",
}


class Sampler:
    """Makes parameters for the methods of one OpenRPC document."""

    def __init__(self, document):
        self.document = document

    def params(self, method, **known):
        """The required parameters of the method; `known` values replace those of these names where it takes them."""
        examples = {given["name"]: given["value"] for given in method["examples"][0]["params"]}
        taken = {}
        for param in method["params"]:
            name = param["name"]
            if name in known:
                taken[name] = known[name]
            elif param.get("required"):
                taken[name] = self.value(param["schema"], examples.get(name))
        return taken

    def value(self, schema, example=None):
        """A small value that fits the schema."""
        if "$ref" in schema:
            return self.value(self._resolve(schema["$ref"]), example)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema and "type" not in schema:
                return self.value(schema[keyword][0], example)
        kinds = schema.get("type", "string")
        return getattr(self, f"_{kinds if isinstance(kinds, str) else kinds[0]}")(schema, example)

    def _resolve(self, reference):
        target = self.document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        return target

    def _string(self, schema, example):
        if schema.get("format") == "uuid":
            return str(uuid.uuid4())
        form = schema.get("format", schema.get("x-format"))
        if form in FORMATS:
            return FORMATS[form]
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 1 << 20)
        if "pattern" not in schema:
            return "a" * max(1, shortest)
        fitting = (text for text in PATTERNED if shortest <= len(text) <= longest)
        return next((text for text in fitting if re.search(schema["pattern"], text)), example)

    def _integer(self, schema, _example):
        return max(schema.get("minimum", 1), 1) if schema.get("maximum", 1) >= 1 else schema["maximum"]

    _number = _integer

    def _boolean(self, _schema, _example):
        return True

    def _null(self, _schema, _example):
        return None

    def _array(self, schema, _example):
        return [self.value(schema.get("items", {})) for _ in range(schema.get("minItems", 0))]

    def _object(self, schema, _example):
        members = schema.get("properties", {})
        return {name: self.value(members.get(name, {})) for name in schema.get("required", [])}
