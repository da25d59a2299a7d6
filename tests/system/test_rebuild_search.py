"""What search reads can be made anew: `eventloop-events rebuild-search`."""

import json

import pytest

PERIOD = {"from": "2027-06-01T10:00:00Z", "to": "2027-06-02T10:00:00Z"}
# Ways to be wrong: a row missing, a row too much, an old price, old words, time that is not taken any more.
DAMAGE = (
    "DELETE FROM listing_search WHERE id = %s",
    "UPDATE listing SET state = 'archived' WHERE id = %s",
    "UPDATE listing_search SET price = 1 WHERE id = %s",
    "UPDATE listing_text SET words = 'nothing' WHERE id = %s",
    "UPDATE listing_search SET busy = '{}', busy_days = 0::bit(512) WHERE id = %s",
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
