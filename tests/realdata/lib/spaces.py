"""Reads an inventory of cultural spaces: one CSV file whose columns become properties by their values."""

from dataset import (
    UNKNOWN,
    Dataset,
    Field,
    Listing,
    clean,
    dataset_name,
    distinct_keys,
    fingerprint,
    parse_day,
    parse_number,
    parse_place,
    read_rows,
)

SPACE = {
    "key": "cultural_space",
    "name": "Cultural space",
    "unit": "day",
    "description": "A gallery, stage, studio, or hall of the arts.",
}
CATEGORY = "cultural_space"
OWN = {"Name", "Address", "Latitude", "Longitude", "URL"}
SEATS = "Stage & Theater Seats"
YES, NO = {"y", "yes", "true"}, {"n", "no", "false"}
MOST = 0.95
MAX_CHOICES = 100


def known(text):
    return "" if text.strip().lower() in UNKNOWN else clean(text, 2000)


def yes_or_no(text, numbers=False):
    word = text.lower()
    if word in YES or (numbers and word == "1"):
        return True
    if word in NO or (numbers and word == "0"):
        return False
    return None


def day_text(text):
    day = parse_day(text) if "-" in text else None
    return day.isoformat() if day else None


def number_of(text):
    value = parse_number(text)
    return int(value) if value is not None and value == int(value) else value


def reader_of(column, values):
    """(kind, function from a text to the property's value or None): what nearly all of the column's values are."""
    numbers = column.endswith("?")
    candidates = (("boolean", lambda text: yes_or_no(text, numbers)), ("number", number_of), ("date", day_text))
    for kind, read in candidates:
        if sum(read(value) is not None for value in values) >= MOST * len(values):
            return kind, read
    if len(set(values)) <= MAX_CHOICES:
        return "enum", choice
    return "text", str


def choice(text):
    answer = yes_or_no(text)
    return clean(text, 200) if answer is None else ("Yes" if answer else "No")


def unit_of(column):
    return "ft2" if "Square Feet" in column else None


def read_columns(rows):
    """{column: (Field, reader)} of the columns that have values."""
    columns = [column for column in rows[0] if column not in OWN] if rows else []
    keys = distinct_keys(columns, "column")
    found = {}
    for column in columns:
        values = [value for value in (known(row.get(column, "")) for row in rows) if value]
        if not values:
            continue
        kind, read = reader_of(column, values)
        choices = {read(value) for value in values} if kind == "enum" else set()
        unit = unit_of(column) if kind == "number" else None
        found[column] = (Field(column, clean(column, 200), kind, CATEGORY, keys[column], unit, choices), read)
    return found


def read_listing(row, columns, external_id):
    properties = {}
    for column, (_, read) in columns.items():
        text = known(row.get(column, ""))
        value = read(text) if text else None
        if value is not None:
            properties[column] = value
    lat, lon = parse_place(row.get("Latitude", ""), row.get("Longitude", ""))
    seats = properties.get(SEATS, 0)
    return Listing(
        external_id=external_id,
        title=clean(row.get("Name", ""), 200) or f"Space {external_id}",
        description=clean(row.get("URL", ""), 10000),
        address=clean(row.get("Address", ""), 500),
        lat=lat,
        lon=lon,
        capacity=int(min(max(seats, 0), 1_000_000)) if isinstance(seats, (int, float)) else 0,
        properties=properties,
    )


def read(path):
    """The Dataset of a file. Rows have no ids: a row is named after what stands in it."""
    rows = list(read_rows(path))
    columns = read_columns(rows)
    listings, seen = [], {}
    for row in rows:
        name = fingerprint("\0".join(row.values())) + fingerprint("\1".join(row.values()))
        seen[name] = seen.get(name, 0) + 1
        listings.append(read_listing(row, columns, name if seen[name] == 1 else f"{name}_{seen[name]}"))
    return Dataset(
        name=dataset_name(path),
        type=SPACE,
        categories=[(CATEGORY, "Cultural space")],
        fields={column: field for column, (field, _) in columns.items()},
        listings=listings,
    )
