"""What search must answer, computed plainly from the files: no index, no database, no cleverness."""

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

EARTH_RADIUS = 6371008.8
PRIOR_MEAN, PRIOR_WEIGHT = Decimal("3.75"), 10
EPOCH = date(1970, 1, 1)
NO_PRICE = 1 << 63


@dataclass
class Item:
    """A listing as search sees it: properties by catalogue key, busy time as half-open seconds since 1970."""

    id: str
    external_id: str
    capacity: int
    price: int | None
    lat: float | None
    lon: float | None
    properties: dict
    busy: list
    text: str
    score: Decimal | None
    reviews: int = 0
    bayesian: Decimal | None = None
    words: set = field(default_factory=set)


def bayesian_mean(total, count):
    """To four places, half away from zero; None without reviews."""
    if count == 0:
        return None
    exact = (PRIOR_MEAN * PRIOR_WEIGHT + total) / (PRIOR_WEIGHT + count)
    return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def seconds_of_day(day, shift):
    return (day + timedelta(days=shift) - EPOCH).days * 86400


def seconds(text):
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def make_item(listing, state):
    properties = {}
    for source, value in listing.properties.items():
        values = state["values"].get(source)
        properties[state["keys"][source]] = values[value] if values is not None else value
    shift = state["shift_days"]
    text = f"{listing.title}\n{listing.address}\n{listing.description}"
    return Item(
        id=state["listings"][listing.external_id],
        external_id=listing.external_id,
        capacity=listing.capacity,
        price=listing.price,
        lat=listing.lat,
        lon=listing.lon,
        properties=properties,
        busy=[(seconds_of_day(first, shift), seconds_of_day(last, shift)) for first, last in listing.busy],
        text=text.lower(),
        words={word.lower() for word in text.split() if re.fullmatch(r"[A-Za-z]{4,}", word)},
        score=Decimal(listing.score) if listing.score else None,
    )


def items_of(dataset, state):
    """All listings of the dataset, with their ratings from its reviews."""
    items = {listing.external_id: make_item(listing, state) for listing in dataset.listings}
    for _, external_id, _, _ in dataset.reviews() if dataset.reviews else ():
        items[external_id].reviews += 1
    for item in items.values():
        item.bayesian = bayesian_mean((item.score or 0) * item.reviews, item.reviews)
    return list(items.values())


def distance(item, near):
    """Metres on a sphere (haversine); infinite without a place."""
    if item.lat is None:
        return math.inf
    lat1, lat2 = math.radians(item.lat), math.radians(near["lat"])
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(near["lon"] - item.lon) / 2
    root = math.sqrt(math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2)
    return 2 * EARTH_RADIUS * math.asin(min(1.0, root))


def free(item, period):
    start, end = seconds(period["from"]), seconds(period["to"])
    return not any(first < end and start < last for first, last in item.busy)


def within(value, bounds):
    if value is None:
        return False
    return bounds.get("from", value) <= value <= bounds.get("to", value)


def in_box(item, box):
    if item.lat is None or not box["south"] <= item.lat <= box["north"]:
        return False
    if box["west"] > box["east"]:
        return item.lon >= box["west"] or item.lon <= box["east"]
    return box["west"] <= item.lon <= box["east"]


def has_property(item, key, wanted):
    value = item.properties.get(key)
    if isinstance(wanted, bool):
        return value is wanted
    if value is None:
        return False
    if "one_of" in wanted:
        return value in wanted["one_of"]
    if "contains" in wanted:
        return wanted["contains"].lower() in value.lower()
    return within(value, wanted)


def matches(item, query):
    """Whether the listing is in the answer. Text is not decided here: see compare.text_faults."""
    checks = {
        "properties": lambda wanted: all(has_property(item, key, value) for key, value in wanted.items()),
        "period": lambda wanted: free(item, wanted),
        "price": lambda wanted: within(item.price, wanted),
        "capacity": lambda wanted: within(item.capacity, wanted),
        "box": lambda wanted: in_box(item, wanted),
        "near": lambda wanted: "radius" not in wanted or distance(item, wanted) <= wanted["radius"],
        "currency": lambda wanted: item.price is not None and wanted == "USD",
    }
    return all(checks[name](query[name]) for name in checks if name in query)


def ordered(items, query):
    """The matches in the order of the answer: by (value, id), both in the sort's direction."""
    found = [item for item in items if matches(item, query)]
    sort = query.get("sort", "rating")
    values = {
        "price": lambda item: NO_PRICE if item.price is None else item.price,
        "price_desc": lambda item: -1 if item.price is None else item.price,
        "rating": lambda item: item.bayesian or Decimal(0),
        "distance": lambda item: distance(item, query["near"]),
        "newest": lambda item: 0,
    }
    value = values[sort]
    found.sort(key=lambda item: (value(item), item.id), reverse=sort in ("price_desc", "rating", "newest"))
    return found
