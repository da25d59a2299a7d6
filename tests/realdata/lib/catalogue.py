"""Makes the type, categories and properties that a dataset needs, and says under which keys they are now."""

from dataset import distinct_keys
from door import RpcError

MAX_VALUES = 200


def unless_there(call):
    """Runs a creation that another load may have made meanwhile."""
    try:
        call()
    except RpcError as error:
        if error.word != "conflict":
            raise


def ensure_type(door, wanted):
    if wanted["key"] not in {item["key"] for item in door.call("events.type.list", {"archived": True})["items"]}:
        unless_there(lambda: door.call("events.type.create", wanted))


def ensure_categories(door, categories):
    there = {item["key"] for item in door.call("events.property_category.list", {"archived": True})["items"]}
    for position, (key, name) in enumerate(categories):
        if key not in there:
            params = {"key": key, "name": name, "position": 500 + position}
            unless_there(lambda params=params: door.call("events.property_category.create", params))


def usable(item, field, type_key):
    """Whether a property of the catalogue can hold this field of listings of the type."""
    if item["kind"] != field.kind or item["archived"] or item["unit"] not in (None, field.unit):
        return False
    if item["types"] and type_key not in item["types"]:
        return False
    names = {value["name"] for value in item["values"]}
    return len(names | field.values) <= MAX_VALUES


def choose_keys(fields, there, type_key):
    """{source: key}: the wanted key, or that with the type before it when the wanted one is of another sort."""
    chosen, taken = {}, set()
    for field in fields:
        for key in (field.wanted_key, f"{type_key}_{field.wanted_key}"[:64], f"{field.kind}_{field.wanted_key}"[:64]):
            if key not in taken and (key not in there or usable(there[key], field, type_key)):
                chosen[field.source] = key
                taken.add(key)
                break
        else:
            raise SystemExit(f"no free key for the property {field.name!r}")
    return chosen


def value_keys(field, item):
    """{text: value key} of an enum, those the property has already kept."""
    keys = {value["name"]: value["key"] for value in item["values"]} if item else {}
    made = distinct_keys(field.values - set(keys), "value")
    taken = set(keys.values())
    for text, key in made.items():
        while key in taken:
            key = f"{key[:60]}_2"
        taken.add(key)
        keys[text] = key
    return {text: keys[text] for text in keys if text in field.values or item}


def creation(field, key, type_key, values):
    params = {"key": key, "name": field.name, "category": field.category, "kind": field.kind, "types": [type_key]}
    if field.unit:
        params["unit"] = field.unit
    if field.kind == "enum":
        params["values"] = [{"key": value, "name": text} for text, value in sorted(values.items())]
    return params


def ensure_properties(door, dataset):
    """(keys, values): {source: key} and {source: {text: value key}} of enums; makes and widens what is missing."""
    type_key = dataset.type["key"]
    fields = list(dataset.fields.values())
    for field in fields:
        if field.kind == "enum" and len(field.values) > MAX_VALUES:
            field.kind, field.values = "text", set()
    there = {item["key"]: item for item in door.call("events.property.list", {"archived": True})["items"]}
    keys = choose_keys(fields, there, type_key)
    values, missing = {}, []
    for field in fields:
        item = there.get(keys[field.source])
        if field.kind == "enum":
            values[field.source] = value_keys(field, item)
        if item is None:
            missing.append(creation(field, keys[field.source], type_key, values.get(field.source)))
        elif field.kind == "enum" and not field.values <= {value["name"] for value in item["values"]}:
            changed = [{"key": key, "name": text} for text, key in values[field.source].items()]
            door.call("events.property.update", {"key": item["key"], "version": item["version"], "values": changed})
    door.calls("events.property.create", missing)
    return keys, values, len(missing)
