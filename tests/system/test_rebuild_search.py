"""What search reads: it follows changes of listings, and `eventloop-events rebuild-search` makes it anew."""

import json
import uuid

import pytest
from moderation import update

PERIOD = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-04T10:00:00Z"}  # two whole days are in it
# Ways to be wrong: a row missing, a row too much, an old price, an old place in every order, old words, time that is
# not taken any more.
DAMAGE = (
    "DELETE FROM listing_search WHERE id = %s",
    "UPDATE listing SET state = 'archived' WHERE id = %s",
    "UPDATE listing_search SET price = 1 WHERE id = %s",
    "UPDATE listing_search SET rating = 1, published_at = now(), company_id = gen_random_uuid() WHERE id = %s",
    "UPDATE listing_text SET words = 'nothing' WHERE id = %s",
    "UPDATE listing_search SET busy = '{}', busy_days = 0::bit(1024) WHERE id = %s",
)


def rows(database):
    found = database.execute(
        "SELECT to_jsonb(s)::text, t.words::text FROM listing_search s JOIN listing_text t USING (id)"
    )
    return sorted(found.fetchall())


@pytest.mark.asan
def test_is_made_anew_as_it_was(stack):
    company, owner = stack.company()
    listings = [stack.listing(company, owner)["id"] for _ in DAMAGE]
    stack.user().rpc("events.booking.create", {"listing_id": listings[-1], "period": PERIOD})
    with stack.database("events") as database:
        whole = rows(database)
        for statement, listing in zip(DAMAGE, listings, strict=True):
            database.execute(statement, (listing,))
        database.commit()
        assert rows(database) != whole
        done = stack["events"].command("rebuild-search")
        left = [row for row in whole if json.loads(row[0])["id"] != listings[1]]
        assert json.loads(done.stdout)["listings"] >= len(listings) and rows(database) == left
    assert stack["events"].command("rebuild-search", "now", check=False).returncode == 1


def box(south, west):
    return {"south": south, "north": south + 1, "west": west, "east": west + 1}


BEFORE = {
    "capacity": 10,
    "units": 1,
    "price": {"amount": 100, "currency": "EUR"},
    "location": {"lat": 59.9, "lon": 10.7},
    "properties": {"stage": True, "area": 50, "parking": "own", "accessibility": ["lift"]},
}
AFTER = {
    "capacity": 500,
    "units": 3,
    "price": {"amount": 900, "currency": "EUR"},
    "location": {"lat": -17.9, "lon": 170.2},
    "properties": {"stage": False, "area": 300, "parking": "street", "built_on": "1910-05-01"},
}
# What finds the listing before it is changed only, and what does afterwards only.
OF_OLD = [
    {"capacity": {"to": 10}},
    {"price": {"to": 100}},
    {"box": box(59.5, 10.5)},
    {"near": BEFORE["location"] | {"radius": 1000}},
    {"properties": {"stage": True}},
    {"properties": {"area": {"to": 50}}},
    {"properties": {"parking": {"one_of": ["own"]}}},
    {"properties": {"accessibility": {"all_of": ["lift"]}}},
]
OF_NEW = [
    {"capacity": {"from": 500}},
    {"units": 3, "period": {"from": "2027-07-01T10:00:00Z", "to": "2027-07-02T10:00:00Z"}},
    {"period": PERIOD},
    {"price": {"from": 900}},
    {"box": box(-18, 170)},
    {"near": AFTER["location"] | {"radius": 1000}},
    {"properties": {"stage": False}},
    {"properties": {"area": {"from": 300}}},
    {"properties": {"parking": {"one_of": ["street"]}}},
    {"properties": {"built_on": {"to": "1910-05-01"}}},
]


def finding(stack, company, searches):
    """Those of the searches that find something of the company."""
    ask = lambda filters: stack.rpc("events.listing.search", {"company_id": company, **filters})["items"]
    return [filters for filters in searches if ask(filters)]


def test_follows_a_change_of_a_listing(stack):
    company, owner = stack.company()
    listing = stack.listing(company, owner, **BEFORE)
    stack.user().rpc("events.booking.create", {"listing_id": listing["id"], "period": PERIOD})
    assert finding(stack, company, OF_OLD + OF_NEW) == OF_OLD
    update(owner, listing, **AFTER)
    assert finding(stack, company, OF_OLD + OF_NEW) == OF_NEW


def test_follows_a_change_of_currency(stack):
    """Of a listing that nobody has booked."""
    company, owner = stack.company()
    listing = stack.listing(company, owner, **BEFORE)
    searches = [{"price": {"from": 0}, "currency": currency} for currency in ("EUR", "NOK")]
    assert finding(stack, company, searches) == searches[:1]
    update(owner, listing, price={"amount": 100, "currency": "NOK"})
    assert finding(stack, company, searches) == searches[1:]


def test_follows_what_is_rated(stack):
    """An order by rating is that of the last summaries, also when listings are changed afterwards."""
    company, owner = stack.company()
    listings = [stack.listing(company, owner) for _ in range(2)]
    first, second = (listing["id"] for listing in listings)
    token = stack.service_token("rating")

    def rate(seq, listing, score):
        summary = {"subject_id": listing, "count": 9, "mean": score, "bayesian": score}
        fact = {"id": str(uuid.uuid4()), "topic": "rating.summary.changed", "key": listing, "seq": seq}
        fact |= {"occurred_at": "2026-01-05T10:00:00.000000Z", "payload": summary}
        stack["events"].rpc("events.fact.deliver", {"source": "rating", "facts": [fact]}, token)

    def order():
        found = stack.rpc("events.listing.search", {"company_id": company, "sort": "rating"})["items"]
        return [item["id"] for item in found]

    rate(1, first, 4.5)
    rate(2, second, 3.5)
    assert order() == [first, second]
    rate(3, first, 2.5)
    assert order() == [second, first]
    for listing in listings:
        update(owner, listing, capacity=7)
    assert order() == [second, first]
