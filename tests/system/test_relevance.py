"""The order of relevance when a text matches more listings than are ranked."""

import json

import pytest

RANKED = 1000
LISTINGS = RANKED + 60
TEXT = "'simple', 'palace'"


@pytest.fixture(scope="module", params=[0, 3000], ids=["most listings match", "few listings match"])
def palaces(stack, request):
    """LISTINGS published ones that say palace, some of them more often than others, with ratings of all kinds; beside
    them so many others that walking them all would take longer than to look the palaces up."""
    company, _ = stack.company()
    kind = stack.listing_type()
    palaces = [
        {"title": f"Palace {number}", "description": "palace " * (number % 7), "capacity": 10 + number % 3}
        for number in range(LISTINGS)
    ]
    beside = [{"title": f"Cottage {number}", "capacity": 11} for number in range(request.param)]
    path = stack.folder / "palaces.ndjson"
    common = {"kind": "listing", "company_id": company, "type": kind}
    path.write_text("".join(json.dumps(common | listing) + "\n" for listing in palaces + beside))
    stack["events"].command("import", path)
    with stack.database("events") as database:
        database.execute("UPDATE listing_search SET rating = (abs(hashtext(id::text)) % 300) / 100.0")
        database.execute("ANALYZE listing_search")
    yield company
    with stack.database("events") as database:
        for table in ("listing_search", "listing_text", "listing_change", "listing"):
            database.execute(f"DELETE FROM {table}")


def pages(stack, **params):
    """The ids of all pages, and the first page's total."""
    found, cursor, total = [], None, None
    while True:
        page = stack.rpc("events.listing.search", {"limit": 100, **params} | ({"cursor": cursor} if cursor else {}))
        found += [item["id"] for item in page["items"]]
        total, cursor = total or page["total"], page["next_cursor"]
        if not cursor:
            return found, total


def wanted(stack, where="true"):
    """Of the matches, by rating: the first RANKED by rank, then the others."""
    matches = (
        "SELECT s.id, s.rating, t.words FROM listing_search s JOIN listing_text t USING (id) "
        f"WHERE t.words @@ to_tsquery({TEXT}) AND {where}"
    )
    by_rating = f"{matches} ORDER BY s.rating DESC, s.id DESC"
    # The text is looked for as English and as it stands.
    query = f"(websearch_to_tsquery('english', 'palace') || websearch_to_tsquery({TEXT}))"
    ranked = (
        f"SELECT id::text FROM ({by_rating} LIMIT {RANKED}) best ORDER BY ts_rank(words, {query}) DESC, best.id DESC"
    )
    with stack.database("events") as database:
        best = [row[0] for row in database.execute(ranked).fetchall()]
        others = [str(row[0]) for row in database.execute(f"{by_rating} OFFSET {RANKED}").fetchall()]
    return best + others


def test_the_best_rated_are_ranked_and_the_others_follow(stack, palaces):
    found, total = pages(stack, text="palace")
    assert total == LISTINGS and len(set(found)) == LISTINGS
    assert found == wanted(stack)
    # Pages of another size meet the bound at another place.
    assert pages(stack, text="palace", limit=77)[0] == found


def test_what_matches_fewer_is_ranked_as_a_whole(stack, palaces):
    found, total = pages(stack, text="palace", capacity={"from": 11, "to": 11})
    assert total == len(found) > 300
    assert found == wanted(stack, "s.capacity = 11")
    assert pages(stack, text='palace "palace 17"')[1] == 1


def test_what_is_added_meanwhile_moves_nothing(stack, palaces):
    """A page behind the bound goes on where the one before has ended, whatever the bound is by now."""
    everything = wanted(stack)
    cursor = None
    found = []
    while len(found) < RANKED + 20:
        params = {"text": "palace", "limit": 30} | ({"cursor": cursor} if cursor else {})
        page = stack.rpc("events.listing.search", params)
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    stack.listing(*stack.company(), title="Palace of late", description="A palace as any other.")
    rest, _ = pages(stack, text="palace", cursor=cursor)
    assert found + [one for one in rest if one in everything] == everything
