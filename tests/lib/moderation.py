"""What waits for a moderator, and what is decided about it."""

from companies import all_pages


def update(caller, listing, **changes):
    """Changes words of the listing as it was read."""
    return caller.rpc("events.listing.update", {"id": listing["id"], "version": listing["version"]} | changes)


def decision(listing, version, **more):
    """The parameters of a decision about that version."""
    return {"id": listing["id"], "version": version} | more


def queue(caller, **params):
    """{id: what waits}, over all pages."""
    return {row["id"]: row for row in all_pages(caller, "events.listing.queue", {"limit": 2} | params)}
