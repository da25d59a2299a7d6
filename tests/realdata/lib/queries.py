"""Draws random searches: most are built around a listing of the data, so that they have something to find."""

import math
from datetime import UTC, datetime, timedelta

from oracle import distance

DAY = 86400


def iso(moment):
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Generator:
    """rng decides everything: the same seed draws the same searches on the same data."""

    def __init__(self, rng, items, state, first_moment, last_moment):
        self.rng, self.items, self.state = rng, items, state
        self.first, self.last = first_moment, last_moment
        self.placed = [item for item in items if item.lat is not None]
        self.kinds = self.kinds_of_properties()
        self.values = {key: sorted(set(values.values())) for key, values in self.enums().items()}

    def enums(self):
        return {self.state["keys"][source]: values for source, values in self.state["values"].items()}

    def kinds_of_properties(self):
        """{key: kind}, told by the values themselves."""
        enums, kinds = set(self.enums()), {}
        for item in self.items:
            for key, value in item.properties.items():
                if key in kinds:
                    continue
                if key in enums:
                    kinds[key] = "enum"
                elif isinstance(value, bool):
                    kinds[key] = "boolean"
                elif isinstance(value, (int, float)):
                    kinds[key] = "number"
                else:
                    day = len(value) == 10 and value[4:5] == value[7:8] == "-"
                    kinds[key] = "date" if day else "text"
        return kinds

    def around(self, value, spread):
        """A range that holds the value, open at one side now and then."""
        low, high = value - self.rng.choice((0, spread)), value + self.rng.choice((0, spread))
        return self.rng.choice(({"from": low, "to": high}, {"from": low}, {"to": high}, {"from": value, "to": value}))

    def period(self, item):
        """Beside, across or far from a booking; whole days or with hours."""
        rng = self.rng
        length = rng.choice((1, 1, 2, 3, 5, 7, 14, 30)) * DAY
        days = max(1, (self.last - self.first) // DAY)
        start = self.first + rng.randrange(days) * DAY
        if item.busy and rng.random() < 0.6:
            first, last = rng.choice(item.busy)
            start = rng.choice((last, first - length, first, last - DAY, last - 1, first - length + 1))
        if rng.random() < 0.25:
            start += rng.randrange(DAY)
            length = rng.randrange(1, 3 * DAY)
        start = max(start, self.first)
        return {"from": iso(start), "to": iso(start + length)}

    def property_filter(self, item):
        """(key, filter): mostly one that the listing passes."""
        rng = self.rng
        own = sorted(key for key in item.properties if key in self.kinds)
        if not own or rng.random() < 0.15:
            key = rng.choice(sorted(self.kinds))
            value = next(one.properties[key] for one in self.items if key in one.properties)
        else:
            key = rng.choice(own)
            value = item.properties[key]
        kind = self.kinds[key]
        if kind == "boolean":
            return key, value if rng.random() < 0.8 else not value
        if kind == "number":
            return key, self.around(value, rng.choice((0.5, 1, 2, 100)))
        if kind == "enum":
            others = rng.sample(self.values[key], min(len(self.values[key]), rng.randrange(4)))
            return key, {"one_of": sorted({value, *others})}
        if kind == "date":
            return key, rng.choice(({"from": value}, {"to": value}, {"from": value, "to": value}))
        words = [word for word in value.split() if word.isascii()] or ["a"]
        return key, {"contains": rng.choice(words)}

    def several_properties(self, item):
        return dict(self.property_filter(item) for _ in range(self.rng.choice((1, 1, 2, 3, 5))))

    def box(self):
        rng, middle = self.rng, self.rng.choice(self.placed)
        height, width = (10 ** rng.uniform(-3.5, 0.3) for _ in range(2))
        box = {
            "south": round(max(-90, middle.lat - height * rng.random()), 6),
            "north": round(min(90, middle.lat + height * rng.random()), 6),
            "west": round(max(-180, middle.lon - width * rng.random()), 6),
            "east": round(min(180, middle.lon + width * rng.random()), 6),
        }
        if rng.random() < 0.1:
            box["south"] = box["north"] = middle.lat
        if rng.random() < 0.05:
            box["west"], box["east"] = box["east"], box["west"]
        return box

    def near(self):
        """Never with a listing within a millimetre of the circle, where rounding decides."""
        rng, middle = self.rng, self.rng.choice(self.placed)
        near = {"lat": round(middle.lat + rng.gauss(0, 0.01), 6), "lon": round(middle.lon + rng.gauss(0, 0.01), 6)}
        near["lat"] = max(-90, min(90, near["lat"]))
        near["lon"] = max(-180, min(180, near["lon"]))
        if rng.random() < 0.7:
            radius = round(10 ** rng.uniform(1.5, 4.5), 2)
            while any(abs(distance(item, near) - radius) < 0.001 for item in self.placed):
                radius = round(radius + 0.013, 3)
            near["radius"] = radius
        return near

    def text(self, item):
        words = sorted(item.words)
        return self.rng.choice(words) if words else None

    def add(self, query, kind, item):
        rng = self.rng
        if kind == "properties":
            query[kind] = self.several_properties(item)
        elif kind == "period":
            query[kind] = self.period(item)
        elif kind == "price":
            query[kind] = self.around(item.price if item.price is not None else 10000, rng.choice((500, 2000, 10000)))
            query[kind] = {name: max(0, value) for name, value in query[kind].items()}
        elif kind == "capacity":
            query[kind] = {name: max(0, n) for name, n in self.around(item.capacity, rng.choice((1, 2, 50))).items()}
        elif kind == "box" and self.placed:
            query[kind] = self.box()
        elif kind == "near" and self.placed:
            query[kind] = self.near()
        elif kind == "text" and self.text(item):
            query[kind] = self.text(item)

    def draw(self):
        """(query, limit)."""
        rng = self.rng
        item, query = rng.choice(self.items), {}
        for kind, chance in (
            ("period", 0.6),
            ("properties", 0.6),
            ("price", 0.3),
            ("capacity", 0.3),
            ("box", 0.25),
            ("near", 0.25),
            ("text", 0.06),
        ):
            if rng.random() < chance:
                self.add(query, kind, item)
        if rng.random() < 0.1:
            query["currency"] = rng.choice(("USD", "USD", "EUR"))
        sorts = ["price", "price_desc", "rating", "newest", None] + (["distance"] * 3 if "near" in query else [])
        sort = rng.choice(sorts)
        if sort:
            query["sort"] = sort
        elif "text" in query:
            query["sort"] = "rating"
        return query, rng.choice((1, 2, 3, 7, 20, 33, 50, 100, 100, 100))


def first_moment(now):
    """The day after tomorrow, so that nothing passes while the check runs."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today + timedelta(days=2)).timestamp())


def last_moment(items, first):
    """The end of the calendar, but not beyond what search looks ahead."""
    ends = [last for item in items for _, last in item.busy]
    return math.floor(min(max(ends, default=first + 90 * DAY), first + 440 * DAY))
