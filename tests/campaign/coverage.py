"""What histories have to reach before their silence means anything."""

from collections import Counter

from ledger import TRANSITIONS

TAKING = ("events.booking.create", "events.booking.hold", "events.booking.block", "events.booking.change")
ENOUGH = 20  # of everything, in as many histories as follows
HISTORIES = 300
LEAST, MOST = 30, 70  # percent of creates that succeed
COUNTED = (
    "repack",
    "hold expiry",
    "double approval",
    "taken by way of walls",
    "free where walls are shared",
    "several confirmed at once",
    "several requested at once",
    "several refused at once",
    "group confirmed by its last owner",
    "group ended by one",
    "offer of a group accepted",
    "series of each",
    "series of all",
    "series refused",
    "dates refused",
    "dates added",
    "series cancelled from one on",
    "months without the day",
    "booked for an account",
    "booked without an account",
    "booked by a program",
    "option taken up",
    "price set aside",
    "rules set aside",
    "refused at the desk",
)


def name_of(pair):
    return f"{pair[0] or 'nothing'} to {pair[1]}"


def of_history(history, transitions):
    """Counter of what one history reached."""
    found = Counter({name_of(pair): count for pair, count in transitions.items()})
    found["hold expiry"] = transitions["held", "expired"]
    found["repack"] = history.repacks
    found["double approval"] = double_approvals(history.calls)
    found += of_walls(history) + of_groups(history.calls) + of_series(history.calls) + of_desk(history.calls)
    creates = [call for call in history.calls if call.method == "events.booking.create" and not call.lost]
    found["creates"] = len(creates)
    found["creates that succeeded"] = sum(call.result is not None for call in creates)
    found["calls"] = len(history.calls)
    return found


def of_walls(history):
    """Bookings of what shares walls, taken and refused."""
    tried = [call for call in history.calls if call.method in TAKING and history.walls.near(call.listing)]
    refused = [call for call in tried if call.error and "booked" in call.words]
    made = sum(call.result is not None for call in tried)
    return Counter({"taken by way of walls": len(refused), "free where walls are shared": made})


def of_groups(calls):
    """What became of several bookings that were asked for together."""
    asked = [call for call in calls if call.method == "events.booking.create_many" and not call.lost]
    found = Counter(f"several {call.result['state']} at once" for call in asked if call.result)
    found["several refused at once"] = sum(call.error is not None for call in asked)
    answers = [call for call in calls if call.result and call.result.get("group_id") and "id" in call.params]
    for call in answers:
        name, state = call.method.rpartition(".")[2], call.result["state"]
        found["group confirmed by its last owner"] += name in ("approve", "accept") and state == "confirmed"
        found["group ended by one"] += name in ("decline", "cancel") and state in ("declined", "cancelled")
        found["offer of a group accepted"] += name == "accept"
    return found


def of_series(calls):
    """What recurs."""
    asked = [call for call in calls if call.method == "events.booking.create_recurring" and not call.lost]
    made = [call.result for call in asked if call.result]
    found = Counter(f"series of {one['mode']}" for one in made)
    found["series refused"] = len(asked) - len(made)
    found["dates refused"] = sum(one["result"] == "refused" for series in made for one in series["occurrences"])
    found["months without the day"] = sum(len(series["months_without"]) for series in made)
    done = [call for call in calls if call.result]
    found["dates added"] = sum(call.method == "events.booking.add_occurrence" for call in done)
    found["series cancelled from one on"] = sum(bool(call.result.get("also_cancelled")) for call in done)
    return found


def of_desk(calls):
    """What the company did for customers."""
    asked = [call for call in calls if call.method in TAKING and not call.lost]
    desk = [
        call for call in asked if {"customer", "override_reason", "ignore_rules", "price_override"} & call.params.keys()
    ]
    found = Counter({"refused at the desk": sum(call.error is not None for call in desk)})
    options = {call.result["id"] for call in asked if call.result and call.result["option"]}
    for call in [call for call in asked if call.result]:
        params = call.params
        found["booked for an account"] += "user_id" in params.get("customer", {})
        found["booked without an account"] += "name" in params.get("customer", {})
        found["booked by a program"] += call.by_program
        found["option taken up"] += params.get("hold_id") in options
        found["price set aside"] += "price_override" in params
        found["rules set aside"] += "ignore_rules" in params
    return found


def double_approvals(calls):
    """Pairs of approvals of one listing's requests, both under way at one instant."""
    approvals = [call for call in calls if call.method in ("events.booking.approve", "events.booking.accept")]
    return sum(
        one.listing == other.listing and one.start < other.end and other.start < one.end
        for number, one in enumerate(approvals)
        for other in approvals[:number]
    )


def missing(found, histories):
    """What there was too little of, in words; [] also for histories too few to ask."""
    if histories < HISTORIES:
        return []
    names = [name_of(pair) for pair in TRANSITIONS] + list(COUNTED)
    words = [f"{name}: {found[name]} times" for name in names if found[name] < ENOUGH]
    percent = 100 * found["creates that succeeded"] / max(1, found["creates"])
    if not LEAST <= percent <= MOST:
        words.append(f"{percent:.0f} % of creates succeeded")
    return words


def illegal(transitions):
    """Faults: steps that the table of states does not have."""
    return [f"{name_of(pair)}, which may not be" for pair in transitions if pair not in TRANSITIONS]
