"""What search reads is what the listings are: `check` says where not.

That every change of a listing and its bookings queues its projection is held by each stack of the system tests when it
is closed (`Stack.projection_faults`).
"""

import json

BREAK = """
DELETE FROM listing_search WHERE id = %(missing)s;
UPDATE listing_search SET capacity = 1 WHERE id = %(other)s;
UPDATE listing_text SET words = 'attic' WHERE id = %(words)s;
UPDATE listing_search SET id = %(draft)s WHERE id = %(moved)s;
INSERT INTO listing_text (id, words) VALUES ('0000000a-0000-4000-8000-000000000000', '')
"""


def astray(stack):
    """{(the listing, the table, whether its row is missing)} of those that `check` lists."""
    rows = [json.loads(line) for line in stack["events"].command("check", check=False).stdout.splitlines()]
    found = [row["row"] for row in rows if row["check"] == "projection"]
    return {(row["id"], row["table"], row["missing"]) for row in found}


def test_what_search_has_otherwise_is_listed_until_it_is_rebuilt(stack):
    company, owner = stack.company()
    listings = {name: stack.listing(company, owner)["id"] for name in ("missing", "other", "words", "moved")}
    draft = stack.listing(company, owner, publish=False)["id"]
    assert astray(stack) == set()
    with stack.database("events") as database:
        for statement in BREAK.split(";"):
            database.execute(statement, listings | {"draft": draft})
    expected = {
        (listings["missing"], "listing_search", True),
        (listings["other"], "listing_search", False),
        (listings["words"], "listing_text", False),
        (listings["moved"], "listing_search", True),
        (draft, "listing_search", False),
        ("0000000a-0000-4000-8000-000000000000", "listing_text", False),
    }
    assert astray(stack) == expected
    with stack.database("events") as database:
        database.execute("DELETE FROM listing_text t WHERE NOT EXISTS (SELECT FROM listing l WHERE l.id = t.id)")
    stack["events"].command("rebuild-search")
    assert astray(stack) == set()
    found = {item["id"] for item in stack.rpc("events.listing.search", {"company_id": company})["items"]}
    assert found == set(listings.values())


def test_time_that_is_taken_is_part_of_it(stack):
    company, owner = stack.company()
    hall = stack.listing(company, owner)["id"]
    period = {"from": "2027-03-01T00:00:00Z", "to": "2027-03-02T00:00:00Z"}
    stack.user().rpc("events.booking.create", {"listing_id": hall, "period": period, "idempotency_key": "taken"})
    assert astray(stack) == set()
    with stack.database("events") as database:
        database.execute("UPDATE listing_search SET busy = '{}' WHERE id = %s", (hall,))
    assert astray(stack) == {(hall, "listing_search", False)}
    stack["events"].command("rebuild-search")
    assert astray(stack) == set()
