"""What histories have to reach before their silence means anything."""

from collections import Counter

from ledger import TRANSITIONS

ENOUGH = 20  # of everything, in as many histories as follows
HISTORIES = 300
LEAST, MOST = 30, 70  # percent of creates that succeed
COUNTED = ("repack", "hold expiry", "double approval")


def name_of(pair):
    return f"{pair[0] or 'nothing'} to {pair[1]}"


def of_history(history, transitions):
    """Counter of what one history reached."""
    found = Counter({name_of(pair): count for pair, count in transitions.items()})
    found["hold expiry"] = transitions["held", "expired"]
    found["repack"] = history.repacks
    found["double approval"] = double_approvals(history.calls)
    creates = [call for call in history.calls if call.method == "events.booking.create" and not call.lost]
    found["creates"] = len(creates)
    found["creates that succeeded"] = sum(call.result is not None for call in creates)
    found["calls"] = len(history.calls)
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
