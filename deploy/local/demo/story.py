"""What has happened and will happen at the demo listings: bookings and reviews, the same for the same day and data."""

import hashlib
import random
import uuid
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import terms

PAST_DAYS = 300
# For each way of charging: the first hour it may start, how far that may vary, and how many hours it takes.
HOURS = {"hour": (9, 8, (2, 3, 4, 6)), "day": (9, 2, (12, 14)), "session": (17, 2, (4, 5))}


def rfc3339(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def made_id(name, moment):
    """A UUIDv7 of that moment which is the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    value = int(moment.timestamp() * 1000) << 80 | int.from_bytes(digest[:10])
    return str(uuid.UUID(int=value & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62))


def period(chance, listing, day):
    """A period that suits the listing, on that day of its own time zone."""
    first, spread, lengths = HOURS[listing["price_unit"]]
    start = datetime.combine(day, time(first + chance.randint(0, spread)), ZoneInfo(listing["time_zone"]))
    return start, start + timedelta(hours=chance.choice(lengths))


def wish(chance, listing, day):
    """What a guest asks for on that day, as the listing is sold: hours, a session, or the date itself."""
    if terms.sells_dates(listing):
        return {"dates": {"from": day.isoformat(), "to": day.isoformat()}}
    start, end = period(chance, listing, day)
    if listing["price_unit"] == "session":
        start, end = start.replace(hour=17), start.replace(hour=22)
    return {"period": {"from": rfc3339(start), "to": rfc3339(end)}}


def past_bookings(listing, users, today):
    """Lines for `eventloop-events import`: days apart from each other, so that none overlaps."""
    chance = random.Random(f"past {listing['title']}")
    days = sorted(chance.sample(range(4, PAST_DAYS, 3), chance.randint(3, 9)))
    lines = []
    for number, ago in enumerate(days):
        start, end = period(chance, listing, today - timedelta(days=ago))
        name = f"demo {listing['title']} {number}"
        lines.append(
            {
                "kind": "booking",
                "id": made_id(name, start),
                "external_id": name,
                "listing_id": listing["id"],
                "period": {"from": rfc3339(start), "to": rfc3339(end)},
                "user_id": chance.choice(users)["id"],
            }
        )
    return lines


def future_bookings(listings, user, count, today, notes):
    """Parameters of events.booking.create for one user."""
    chance = random.Random(f"future {user['email']}")
    bookings = []
    for number, listing in enumerate(chance.sample(listings, count)):
        day = today + timedelta(days=chance.randint(2, 75))
        bookings.append(
            {
                "listing_id": listing["id"],
                **wish(chance, listing, day),
                "guests": chance.randint(1, max(1, listing["capacity"] // 2)),
                "extras": [{"key": "cleaning", "quantity": 1}] if chance.random() < 0.5 else [],
                "note": chance.choice(notes),
                "idempotency_key": f"demo-booking-{user['email']}-{number}",
            }
        )
    return bookings


def evening(listing, day, first, hours):
    """A period on that day of the listing's own time zone."""
    start = datetime.combine(day, time(first), ZoneInfo(listing["time_zone"]))
    return {"from": rfc3339(start), "to": rfc3339(start + timedelta(hours=hours))}


def at_the_desk(listings, today):
    """(method, parameters): what is booked otherwise than one by one; with a customer by the company."""
    studio = next(one for one in listings if one["type"] == "studio")
    room = next(one for one in listings if one["type"] == "meeting_room")
    halls = [one for one in listings if one["type"] == "hall"][:2]
    monday = today + timedelta(days=14 - today.weekday())
    feast = [{"listing_id": one["id"], "period": evening(one, today + timedelta(days=90), 12, 10)} for one in halls]
    customer = {"name": "Vera Lindholm", "phone": "+351 21 000 00 00", "language": "en"}
    return [
        (
            "events.booking.create_recurring",
            {
                "listing_id": studio["id"],
                "period": evening(studio, monday, 18, 2),
                "recurrence": {"frequency": "weekly", "count": 12},
                "note": "Pottery for beginners",
                "idempotency_key": "demo-course",
            },
        ),
        ("events.booking.create_many", {"bookings": feast, "idempotency_key": "demo-feast"}),
        (
            "events.booking.create",
            {
                "listing_id": room["id"],
                "period": evening(room, monday + timedelta(days=1), 10, 3),
                "customer": customer,
                "idempotency_key": "demo-telephone",
            },
        ),
        (
            "events.booking.hold",
            {
                "listing_id": room["id"],
                "period": evening(room, monday + timedelta(days=2), 10, 3),
                "customer": customer,
                "until": rfc3339(datetime.combine(monday, time(12), UTC)),
                "idempotency_key": "demo-option",
            },
        ),
    ]


def closures(listings, today):
    """Parameters of events.booking.block: every sixth listing is mended for a day."""
    blocks = []
    for number, listing in enumerate(listings[::6]):
        day = today + timedelta(days=80 + number)
        start = datetime.combine(day, time(8), ZoneInfo(listing["time_zone"]))
        span = {"from": rfc3339(start), "to": rfc3339(start + timedelta(hours=10))}
        key = f"demo-block-{listing['title']}"[:128]
        blocks.append({"listing_id": listing["id"], "period": span, "note": "Repairs", "idempotency_key": key})
    return blocks


def opinion(chance, listing, texts):
    """A score around the listing's quality and a text that goes with it."""
    score = min(5, max(1, round(chance.gauss(listing["quality"], 0.7) * 2) / 2))
    kind = "high" if score >= 4.5 else "middle" if score >= 3 else "low"
    if listing["type"] in texts and score >= 3:
        kind = listing["type"]
    elif listing["type"] in ("catering", "equipment"):
        return score, "" if score >= 3 else "It was not what we had agreed on, and we said so."
    return score, chance.choice(texts[kind]) if chance.random() < 0.85 else ""


def past_reviews(listing, guests, texts, today):
    """Lines for `eventloop-rating import`: what guests of earlier years thought."""
    chance = random.Random(f"reviews {listing['title']}")
    lines, said = [], set()
    for number in range(chance.choice((1, 2, 4, 6, 8, 11, 15))):
        score, text = opinion(chance, listing, texts)
        moment = datetime.combine(today, time(19, number % 60), UTC) - timedelta(days=chance.randint(310, 900))
        line = {
            "subject_id": listing["id"],
            "external_id": f"demo {listing['title']} {number}",
            "author_name": chance.choice(guests),
            "score": score,
            "created_at": rfc3339(moment),
        }
        if text and text not in said:
            line["text"] = text
            said.add(text)
        lines.append(line)
    return lines


def own_reviews(listing, bookings, texts):
    """Parameters of rating.review.create, by the id of who booked: one of each; some bookings stay without."""
    chance = random.Random(f"own {listing['title']}")
    reviews, authors = [], set()
    for booking in bookings[:2]:
        score, text = opinion(chance, listing, texts)
        if chance.random() < 0.6 and booking["user_id"] not in authors:
            authors.add(booking["user_id"])
            key = f"demo-review-{booking['external_id']}"[:128]
            params = {"booking_id": booking["id"], "score": score, "text": text, "idempotency_key": key}
            reviews.append((booking["user_id"], params))
    return reviews
