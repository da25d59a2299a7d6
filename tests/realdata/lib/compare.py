"""Asks the searches through the gateway, page by page, and says where an answer differs from the plain computation."""

import json
import math

from oracle import distance, ordered

MAX_TOTAL = 10000
MAX_PAGES = 25
SAME_PLACE = 1e-6


def walk(door, query, company_id, limit, max_pages):
    """(cards, total, whole): the pages of a search, until the end or max_pages."""
    cards, total, params = [], None, {**query, "company_id": company_id, "limit": limit}
    for page in range(max_pages):
        answer = door.call("events.listing.search", params)
        total = answer["total"] if page == 0 else total
        if len(answer["items"]) > limit:
            raise AssertionError(f"{len(answer['items'])} items in a page of {limit}")
        cards += answer["items"]
        if answer["next_cursor"] is None:
            return cards, total, True
        params["cursor"], params["total"] = answer["next_cursor"], page % 4 == 0
    return cards, total, False


def same_order(got, expected, query):
    """Exactly equal ids; by distance, neighbours that differ by less than rounding may stand either way."""
    if query.get("sort") != "distance":
        return got == [item.id for item in expected]
    by_id = {item.id: item for item in expected}
    if len(got) != len(expected) or any(one not in by_id for one in got):
        return False
    for one, item in zip(got, expected, strict=True):
        other = by_id[one]
        if other is item:
            continue
        apart = abs(distance(other, query["near"]) - distance(item, query["near"]))
        if not apart < SAME_PLACE or (other.lat, other.lon) == (item.lat, item.lon):
            return False
    return len(set(got)) == len(got)


def newest_first(cards):
    keys = [(card["created_at"], card["id"]) for card in cards]
    return keys == sorted(keys, reverse=True)


def card_fault(card, item, query):
    """What the card says otherwise than the files; None when nothing."""
    price = None if item.price is None else {"amount": item.price, "currency": "USD"}
    place = None if item.lat is None else {"lat": item.lat, "lon": item.lon}
    pairs = [("price", price), ("location", place), ("capacity", item.capacity), ("properties", item.properties)]
    for name, expected in pairs:
        if card[name] != expected:
            return f"{name} of {card['id']} is {card[name]}, not {expected}"
    if "near" in query and item.lat is not None:
        metres = distance(item, query["near"])
        if not math.isclose(card.get("distance", -1), metres, abs_tol=0.051, rel_tol=1e-9):
            return f"distance of {card['id']} is {card.get('distance')}, not {metres:.1f}"
    return None


def text_faults(cards, expected, query):
    """With a word: whoever has it as it stands must be there; whoever is there must have the beginning of it."""
    word = query["text"].lower()
    got = {card["id"] for card in cards}
    must = {item.id for item in expected if word in item.words}
    may = {item.id for item in expected if word[:3] in item.text}
    return {"missing": sorted(must - got), "unexpected": sorted(got - may)} if must - got or got - may else None


def total_of(count):
    return count if count <= MAX_TOTAL else {"at_least": MAX_TOTAL}


def fault_of(door, query, items, company_id, limit):
    """(a description of the difference, None when the answer is right; how many listings are right)."""
    expected = ordered(items, query)
    by_id = {item.id: item for item in items}
    limit = max(limit, -(-len(expected) // MAX_PAGES)) if len(expected) <= MAX_PAGES * 100 else 100
    cards, total, whole = walk(door, query, company_id, limit, MAX_PAGES + 2)
    if "text" in query:
        return text_faults(cards, expected, query), len(cards)
    got = [card["id"] for card in cards]
    fault = {}
    if total != total_of(len(expected)):
        fault["total"] = [total, total_of(len(expected))]
    wanted = expected if whole else expected[: len(got)]
    if query.get("sort") == "newest":
        right = sorted(got) == sorted(i.id for i in wanted) if whole else set(got) <= {i.id for i in expected}
        right = right and newest_first(cards)
    else:
        right = same_order(got, wanted, query)
    if not right:
        wanted_ids = [item.id for item in wanted]
        there, right_ids = set(got), set(wanted_ids)
        fault["missing"] = [by_id[one].external_id for one in wanted_ids if one not in there][:10]
        fault["unexpected"] = [by_id[one].external_id if one in by_id else one for one in got if one not in right_ids][
            :10
        ]
        same = (a == b for a, b in zip(got, wanted_ids, strict=False))
        fault["first_difference"] = next((n for n, equal in enumerate(same) if not equal), None)
    cards_wrong = [card_fault(card, by_id[card["id"]], query) for card in cards if card["id"] in by_id]
    fault["cards"] = [text for text in cards_wrong if text][:3]
    return {name: value for name, value in fault.items() if value not in ([], None)} or None, len(expected)


def replay(query, company_id):
    """The query as a person can send it again."""
    return json.dumps({**query, "company_id": company_id, "limit": 100}, ensure_ascii=False)
