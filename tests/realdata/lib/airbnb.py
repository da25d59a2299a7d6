"""Reads a folder of the Inside Airbnb shape: listings, calendar, reviews; any column but the id may be missing."""

import csv
import json
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from dataset import (
    Dataset,
    Field,
    Listing,
    clean,
    dataset_name,
    distinct_keys,
    find_file,
    open_text,
    parse_day,
    parse_number,
    parse_place,
    read_rows,
)

STAY = {"key": "stay", "name": "Stay", "unit": "night", "description": "A place to sleep, by the night."}
CATEGORIES = [("stay", "Stay"), ("amenities", "Amenities")]
NUMBERS = {"bedrooms": "Bedrooms", "beds": "Beds", "bathrooms": "Bathrooms", "minimum_nights": "Minimum nights"}
NUMBERS["maximum_nights"] = "Maximum nights"
BOOLEANS = {"instant_bookable": "Instantly bookable", "host_is_superhost": "Host is a superhost"}
CHOICES = {"room_type": "Room type", "property_type": "Property type", "neighbourhood_cleansed": "Neighbourhood"}
DAYS = {"host_since": "Host since"}
TEXTS = {"neighborhood_overview": "About the neighbourhood"}


def parse_price(text):
    """Minor units of "$1,234.50"; None when there is no price."""
    digits = re.sub(r"[^0-9.\-]", "", text)
    try:
        amount = (Decimal(digits) * 100).quantize(Decimal(1), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return int(amount) if 0 <= amount < 10**15 else None


def parse_amenities(text):
    """The distinct amenities: a JSON list, or the older form {Wifi,"Air conditioning"}."""
    text = text.strip()
    try:
        given = json.loads(text)
    except ValueError:
        given = next(csv.reader([text[1:-1]]), []) if text.startswith("{") and text.endswith("}") else []
    if not isinstance(given, list):
        return []
    return sorted({clean(item, 200) for item in given if isinstance(item, str)} - {""})


def parse_score(text):
    """The listing's rating as a score of 1 to 5 with two decimals, as text; None without one."""
    value = parse_number(text)
    if value is None:
        return None
    exact = Decimal(text.strip()).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return str(min(max(exact, Decimal("1.00")), Decimal("5.00")))


def bathrooms(row):
    """Of the column, or of "1.5 shared baths" and "Half-bath" beside it."""
    value = parse_number(row.get("bathrooms", ""))
    text = row.get("bathrooms_text", "")
    if value is not None or not text:
        return value
    number = re.match(r"[0-9.]+", text)
    return parse_number(number.group()) if number else (0.5 if "half" in text.lower() else None)


def read_properties(row):
    properties = {}
    for column in NUMBERS:
        value = bathrooms(row) if column == "bathrooms" else parse_number(row.get(column, ""))
        if value is not None:
            properties[column] = int(value) if value == int(value) else value
    for column in BOOLEANS:
        if row.get(column) in ("t", "f"):
            properties[column] = row[column] == "t"
    for column in CHOICES:
        value = clean(row.get(column, ""), 200)
        if value:
            properties[column] = value
    for column in DAYS:
        day = parse_day(row.get(column, ""))
        if day:
            properties[column] = day.isoformat()
    for column in TEXTS:
        value = clean(row.get(column, ""), 2000)
        if value:
            properties[column] = value
    for amenity in parse_amenities(row.get("amenities", "")):
        properties[f"amenity:{amenity}"] = True
    return properties


def read_listing(row):
    external_id = row["id"].strip()
    lat, lon = parse_place(row.get("latitude", ""), row.get("longitude", ""))
    capacity = parse_number(row.get("accommodates", "")) or 0
    return Listing(
        external_id=external_id,
        title=clean(row.get("name", ""), 200) or f"Listing {external_id}",
        description=clean(row.get("description", ""), 10000),
        address=clean(row.get("neighbourhood_cleansed", "") or row.get("neighbourhood", ""), 500),
        lat=lat,
        lon=lon,
        capacity=int(min(max(capacity, 0), 1_000_000)),
        price=parse_price(row.get("price", "")),
        score=parse_score(row.get("review_scores_rating", "")),
        properties=read_properties(row),
    )


def read_listings(path):
    """The listings by id, in the file's order; lines without an id, and second lines of one id, are left out."""
    listings, left_out = {}, 0
    for row in read_rows(path):
        external_id = row.get("id", "").strip()
        if not external_id or external_id in listings:
            left_out += 1
            continue
        listing = read_listing(row)
        listings[listing.external_id] = listing
    return listings, left_out


def runs(days):
    """Half-open runs of successive ordinals, as dates."""
    found = []
    for day in sorted(set(days)):
        if found and found[-1][1] == day:
            found[-1][1] = day + 1
        else:
            found.append([day, day + 1])
    return [(date.fromordinal(first), date.fromordinal(last)) for first, last in found]


def read_calendar(path, listings):
    """Gives each listing its runs of unavailable nights; the first day of the calendar."""
    ordinals, taken = {}, {}
    with open_text(path) as file:
        rows = csv.reader(file)
        header = next(rows, [])
        at_id, at_day, at_free = (header.index(name) for name in ("listing_id", "date", "available"))
        for row in rows:
            if len(row) <= max(at_id, at_day, at_free):
                continue
            text = row[at_day]
            if text not in ordinals:
                day = parse_day(text)
                ordinals[text] = day.toordinal() if day else None
            if ordinals[text] is not None and row[at_free].lower() in ("f", "false"):
                taken.setdefault(row[at_id], []).append(ordinals[text])
    for external_id, days in taken.items():
        if external_id in listings:
            listings[external_id].busy = runs(days)
    known = [ordinal for ordinal in ordinals.values() if ordinal is not None]
    return date.fromordinal(min(known)) if known else None


def read_reviews(path, listings):
    """(id, listing's id, day, text) of those whose listing is known and has a rating."""
    for row in read_rows(path):
        listing = listings.get(row.get("listing_id", "").strip())
        day = parse_day(row.get("date", ""))
        if listing is None or listing.score is None or day is None or not row.get("id"):
            continue
        yield row["id"].strip(), listing.external_id, day, clean(row.get("comments", ""), 5000)


def describe_fields(listings):
    """The properties that the listings have, by source."""
    fields = {}
    tables = ((NUMBERS, "number"), (BOOLEANS, "boolean"), (CHOICES, "enum"), (DAYS, "date"), (TEXTS, "text"))
    for table, kind in tables:
        for column, name in table.items():
            values = {listing.properties[column] for listing in listings if column in listing.properties}
            if values:
                key = "neighbourhood" if column == "neighbourhood_cleansed" else column
                fields[column] = Field(column, name, kind, "stay", key, values=values if kind == "enum" else set())
    prefix = "amenity:"
    sources = {source for listing in listings for source in listing.properties if source.startswith(prefix)}
    keys = distinct_keys({source.removeprefix(prefix) for source in sources}, "amenity")
    for amenity, key in keys.items():
        fields[prefix + amenity] = Field(prefix + amenity, amenity, "boolean", "amenities", key)
    return fields


def read(folder):
    """The Dataset of a folder."""
    listings, left_out = read_listings(find_file(folder, "listings"))
    calendar, reviews = find_file(folder, "calendar"), find_file(folder, "reviews")
    first_day = read_calendar(calendar, listings) if calendar else None
    return Dataset(
        name=dataset_name(folder),
        type=STAY,
        categories=CATEGORIES,
        fields=describe_fields(list(listings.values())),
        listings=list(listings.values()),
        first_day=first_day,
        reviews=(lambda: read_reviews(reviews, listings)) if reviews else None,
        left_out=left_out,
    )
