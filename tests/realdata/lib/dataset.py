"""The common shape of a city's data, whatever its files look like, and the names made from foreign texts."""

import csv
import gzip
import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

csv.field_size_limit(1 << 27)
UNKNOWN = {"", "n/a", "na", "none", "null", "unknown", "i don't know.", "i don't know", "don't know", "nan"}


@dataclass
class Field:
    """A property to be: what it is called in the files, and how it is to be made in the catalogue."""

    source: str
    name: str
    kind: str
    category: str
    wanted_key: str
    unit: str | None = None
    values: set = field(default_factory=set)


@dataclass
class Listing:
    external_id: str
    title: str
    description: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    capacity: int = 0
    price: int | None = None
    score: str | None = None
    properties: dict = field(default_factory=dict)  # by Field.source
    busy: list = field(default_factory=list)  # half-open (date, date) as in the files


@dataclass
class Dataset:
    """reviews: calls back for an iterator of (external id, listing's external id, day, text)."""

    name: str
    type: dict
    categories: list
    fields: dict
    listings: list
    first_day: date | None = None
    reviews: object = None
    left_out: int = 0


def open_text(path):
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return open(path, encoding="utf-8-sig", errors="replace", newline="")


def find_file(folder, stem):
    """The file stem.csv or stem.csv.gz of a folder; None when there is neither."""
    for suffix in (".csv", ".csv.gz"):
        path = folder / f"{stem}{suffix}"
        if path.exists():
            return path
    return None


def read_rows(path):
    """The rows as dictionaries; a missing cell is an empty text."""
    with open_text(path) as file:
        for row in csv.DictReader(file, restval=""):
            yield {key: value or "" for key, value in row.items() if key is not None}


def clean(text, maximum):
    """As the API takes texts: NFC, no NUL and no lone surrogate, trimmed, at most `maximum` code points."""
    kept = "".join(c for c in text if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF)
    return unicodedata.normalize("NFC", kept).strip()[:maximum].strip()


def slug(text, prefix):
    """A key for programs: snake_case ASCII of at most 64. Texts that leave nothing get a hash."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", ascii_text).strip("_")
    if not key:
        key = f"{prefix}_{fingerprint(text)}"
    elif not key[0].isalpha():
        key = f"{prefix}_{key}"
    return key[:64].rstrip("_")


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def distinct_keys(texts, prefix):
    """{text: key}, the same for the same texts in any order: of texts with one key all but the first get a hash."""
    keys, taken = {}, set()
    for text in sorted(texts):
        key = slug(text, prefix)
        if key in taken:
            key = f"{key[:55]}_{fingerprint(text)}"
        taken.add(key)
        keys[text] = key
    return keys


def make_id(*parts):
    """A UUIDv7-shaped id that depends on nothing but the parts."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    moment = 1_730_000_000_000 + int.from_bytes(digest[:4], "big")
    number = moment << 80 | 7 << 76 | int.from_bytes(digest[4:6], "big") % 4096 << 64
    number |= 2 << 62 | int.from_bytes(digest[8:16], "big") >> 2
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def parse_number(text):
    try:
        value = float(text.replace(",", "").strip())
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def parse_day(text):
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def parse_place(lat_text, lon_text):
    """(lat, lon), or (None, None) when one is missing or no place on earth."""
    lat, lon = parse_number(lat_text), parse_number(lon_text)
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None, None
    return lat, lon


def shift_days(first_day, today=None):
    """Whole weeks, in days, that bring the first day into the week from tomorrow on."""
    if first_day is None:
        return 0
    tomorrow = (today or datetime.now(UTC).date()) + timedelta(days=1)
    return -((first_day - tomorrow).days // 7) * 7


def dataset_name(path):
    return slug(re.sub(r"\.csv(\.gz)?$", "", Path(path).resolve().name), "data")[:40]
