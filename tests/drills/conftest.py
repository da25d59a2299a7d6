"""What the drills share: a marketplace with many listings, loaded once."""

import json
from dataclasses import dataclass

import pytest
from cluster import Cluster
from stack import Stack

LISTINGS = 20000
COMPANIES = 20
CITIES = ((59.9, 10.7), (48.9, 2.3), (52.5, 13.4), (47.6, -122.3))


@dataclass
class Crowded:
    """A stack that holds LISTINGS published listings. listings: their ids; companies: those that have them."""

    stack: Stack
    listings: list
    companies: list


def lines(companies, kind):
    """What the import takes: halls of all sizes, most of them with the same words in their texts."""
    for number in range(LISTINGS):
        lat, lon = CITIES[number % len(CITIES)]
        yield {
            "kind": "listing",
            "external_id": f"crowd-{number}",
            "company_id": companies[number % len(companies)],
            "type": kind,
            "title": f"Bright hall {number} for weddings and concerts",
            "description": "A large hall with a stage, a kitchen and a garden, in the middle of the city.",
            "capacity": 20 + number % 500,
            "location": {"lat": lat + number % 97 / 100, "lon": lon + number % 89 / 100},
            "price": {"amount": 1000 + number % 900, "currency": "EUR"},
        }


def load(stack):
    companies = [stack.company(name="Crowd")[0] for _ in range(COMPANIES)]
    kind = stack.listing_type()
    path = stack.folder / "crowd.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines(companies, kind)))
    stack["events"].command("import", path)
    with stack.database("events") as database:
        rows = database.execute("SELECT id::text FROM listing ORDER BY external_id").fetchall()
    assert len(rows) == LISTINGS
    return Crowded(stack, [row[0] for row in rows], companies)


@pytest.fixture(scope="session")
def crowded():
    """Five daemons with LISTINGS listings, for all drills that kill nothing: each leaves it as it was."""
    with Cluster() as cluster, Stack(cluster) as stack:
        yield load(stack)
