"""The model of how a booking changes and ends: change, shorten, cancel, complete, no-show; blocks; rules and prices.

Paths as in paths_in.py.
"""

from dataclasses import replace

import prices
from judgement import Done, Judgement, Refused
from ledger import Booking, find_units
from paths_in import STATES, extras_of, only_staff, seek, sort_out_others, stale, user_limits, wished_span
from times import HOUR, MINUTE, Span, parse, span_of
from verdict import verdict

NO_SHOW = 48 * HOUR
EVER = -1000000  # hours before the beginning: always


def the_booking(ledger, call, kind="booking"):
    """The booking that a call is about, of who booked or of the company's staff."""
    found = ledger.bookings.get(call.params["id"])
    if not found or not (call.staff or found.user == call.user):
        raise Refused({"not_found", "company_right"})
    if found.kind != kind:
        raise Refused({"state", "not_found", "kind"})
    stale(found, call)
    return found


def in_state(booking, *states):
    if booking.state not in states:
        raise Refused(STATES)


def cancel(ledger, call, now):
    booking = the_booking(ledger, call)
    # Who cancels an option while it is taken up is told so.
    taken_up = {"stale_version", *STATES} if booking.option and booking.state != "held" else set()
    if booking.user != call.user and not (call.manager or (booking.option and not taken_up)):
        raise Refused({"not_found", "company_right"} | taken_up)
    in_state(booking, "held", "requested", "confirmed")
    if booking.state == "confirmed" and not call.manager and now >= booking.span.start:
        raise Refused({"before_start"})
    made = replace(booking, state="cancelled", version=None, fee=cancellation_fee(booking, call, now))
    return Done(ledger.with_booking(made), made, frozenset(taken_up))


def cancellation_fee(booking, call, now):
    """Nothing was agreed before it was confirmed; the company gives all back, but to itself, or what it agreed to."""
    as_company = booking.user != call.user or (call.manager and now >= booking.span.start)
    agreed = call.params.get("refund_bp")
    if agreed is not None and not as_company:
        raise Refused({"forbidden"})
    if booking.state != "confirmed" or (as_company and agreed is None):
        return 0
    if agreed is None:
        return prices.fee(booking.policy, booking.price, booking.earliest, now)
    if "reason" not in call.params or agreed < prices.step(booking.policy, booking.earliest, now):
        raise Refused({"required", "minimum", "invalid_params"})
    return prices.fee(((EVER, agreed),), booking.price, booking.earliest, now)


def change(ledger, call, now):
    booking, judged, params = the_booking(ledger, call), Judgement(), call.params
    if booking.state in ("held", "requested"):
        judged.doubt(True, "state")
    else:
        in_state(booking, "confirmed")
    judged.refuse(not call.staff and now >= booking.span.start, "begun", "before_start")
    made = wished_change(ledger, booking, params)
    judged.doubt(booking.wish and "units" in params and "unit_numbers" not in params, "required")
    broken = verdict(ledger.terms, made.span, made.units, made.guests, now)
    (judged.causes if made.span != booking.span else judged.doubts).update(broken)
    if made.span != booking.span:
        user_limits(ledger, booking.user, made.span, judged, booking.id)
    numbers = booking.numbers
    if booking.takes():
        numbers = seek(ledger, judged, made.span, made.units, made.wish, booking.id)
    price = judged.of(prices.price, ledger.terms, made.span, made.units, made.guests, made.extras, now)
    price = price_of_change(booking, made, price, call, now)
    judged.refuse(price is None and booking.price and booking.state == "confirmed" and not call.staff, "by_request")
    expected = params.get("expected_total")
    judged.refuse(expected is not None and (price or {}).get("total") != expected, "price_changed")
    judged.settle()
    made = replace(made, price=price, numbers=numbers or (), version=None)
    made = replace(made, offered=made.offered and booking.state != "requested")
    if booking.state == "requested" and not (booking.span.holds(made.span) and made.units <= booking.units):
        made = replace(made, takes_units=False, numbers=())
    return Done(ledger.with_booking(made), made, frozenset(judged.doubts))


def price_of_change(booking, made, price, call, now):
    """What it costs now, and what the policy keeps; a price that the company named stays when the staff change it."""
    same = (made.span, made.units, made.guests) == (booking.span, booking.units, booking.guests)
    if booking.price and booking.state == "confirmed" and same and "extras" not in call.params:
        return booking.price
    if price is None:
        return booking.price if booking.state == "confirmed" else None
    if booking.price is None or booking.state != "confirmed" or booking.price["currency"] != price["currency"]:
        return price
    bp = prices.step(booking.policy, booking.earliest, now)
    return prices.replaced(booking.price, price, bp, by_company=call.user != booking.user)


def wished_change(ledger, booking, params):
    span = wished_span(ledger.terms, params) if {"period", "dates"} & params.keys() else booking.span
    if span is None:
        raise Refused({"closed"})
    units = params.get("units", booking.units)
    if booking.wish and units != len(booking.wish) and "unit_numbers" not in params:
        raise Refused({"required"})
    return replace(
        booking,
        span=span,
        units=units,
        wish=tuple(params.get("unit_numbers", booking.wish)),
        guests=params.get("guests", booking.guests),
        extras=extras_of(params) if "extras" in params else booking.extras,
        buffers=ledger.terms.buffers,
        rules_version=ledger.terms.version,
        first_start=min(booking.earliest, span.start),
    )


def shorten(ledger, call, now):
    booking = the_booking(ledger, call)
    in_state(booking, "confirmed")
    end = parse(call.params.get("to")) or now
    if end < now - MINUTE:
        raise Refused({"in_past", "after", "before_end", "invalid_params"})
    end = max(end, now)  # a caller's clock may be behind
    if not booking.span.start < end < booking.span.end:
        raise Refused({"begun", "after", "before_end", "before_start", "invalid_params"})
    made = replace(booking, span=Span(booking.span.start, end), version=None)
    made = replace(made, price=shortened(booking, made, now))
    return Done(ledger.with_booking(made), made)


def shortened(booking, shorter, now):
    """The price less what the policy gives back of the time given back."""
    if booking.price is None:
        return None
    bp = prices.step(booking.policy, booking.earliest, now)
    return prices.given_back(booking.price, booking.span.end - shorter.span.end, booking.span.length, bp)


def complete(ledger, call, now):
    only_staff(call)
    booking = the_booking(ledger, call)
    in_state(booking, "confirmed")
    if now < booking.span.start:
        raise Refused({"begun"})
    made = replace(booking, state="completed", span=Span(booking.span.start, now), version=None)
    return Done(ledger.with_booking(made), made)


def no_show(ledger, call, now):
    only_staff(call)
    booking = the_booking(ledger, call)
    in_state(booking, "confirmed", "completed")
    if now < booking.span.start:
        raise Refused({"begun"})
    if now > booking.span.start + NO_SHOW:
        raise Refused({"no_show_until"})
    fee = prices.no_show_fee(booking.policy, booking.price, booking.earliest)
    made = replace(booking, state="no_show", version=None, fee=fee)
    return Done(ledger.with_booking(made), made)


def block(ledger, call, now):
    only_staff(call)
    terms, params, judged = ledger.terms, call.params, Judgement()
    span = span_of(params["period"])
    numbers = tuple(params.get("unit_numbers", ()))
    units = len(numbers) or params.get("units") or terms.total
    found = find_units(terms, ledger.taking(), span, units, numbers)
    judged.refuse(found is None, "booked")
    judged.refuse(span.end <= now or span.start < now - MINUTE, "in_past")
    judged.settle()
    made = Booking(
        id=call.booking_id,
        user=None,
        kind="block",
        state="confirmed",
        span=span,
        units=units,
        numbers=found,
        wish=numbers,
        version=1,
    )
    return Done(sort_out_others(ledger.with_booking(made), made), made, sorts=True)


def unblock(ledger, call, now):
    only_staff(call)
    booking = the_booking(ledger, call, "block")
    in_state(booking, "confirmed")
    made = replace(booking, state="cancelled", version=None)
    return Done(ledger.with_booking(made), made)


def set_rules(ledger, call, now):
    """What is given replaces a member, null takes it away; bookings stay as they are."""
    only_staff(call)
    terms = at_version(ledger, call)
    merged = terms.rules | call.params["rules"]
    rules = {name: value for name, value in merged.items() if value is not None}
    return Done(replace(ledger, terms=replace(terms, rules=rules, version=terms.version + 1)))


def set_pricing(ledger, call, now):
    only_staff(call)
    terms = at_version(ledger, call)
    return Done(replace(ledger, terms=replace(terms, pricing=call.params["pricing"], version=terms.version + 1)))


def at_version(ledger, call):
    if call.params["version"] != ledger.terms.version:
        raise Refused({"stale_version"})
    return ledger.terms
