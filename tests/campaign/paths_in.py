"""The model of how a booking comes to be: hold, create, and the company's answers to a request.

Each path is path(ledger, call, now) -> Done or Refused; the ledger is that of the moment (Ledger.at). What a call has:
method, params, user (its id), staff (of the listing's company), booking_id (that its answer names, if any) and quotes
(what events.booking.quote answered: {id: Quoted}).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import opening
import prices
from judgement import Done, Judgement, Refused
from ledger import Booking, find_units, widened
from times import DAY, HOUR, MINUTE, Span, day_of, parse, span_of
from verdict import LONGEST_DAYS, by_guests, of_platform, verdict

HOLD = 15 * MINUTE
OPTION_DAYS = 60
HOLDS_IN_ALL = 5
STATES = ("state", "before_start", "before_end", "begun", "no_show_until")  # what a state may be refused as
OPEN = ("held", "requested", "confirmed")
INFINITE = 10**9


@dataclass(frozen=True)
class Quoted:
    """An answer of events.booking.quote, and whom and what it binds."""

    user: str
    listing: str
    request: tuple
    price: dict | None
    expires: datetime


def extras_of(params):
    return tuple(sorted((one["key"], one["quantity"]) for one in params.get("extras") or []))


def request_of(params, span):
    return span, params.get("units", 1), params.get("guests"), extras_of(params)


def wished_span(terms, params):
    """The period that a caller means; None when its dates have none."""
    if "dates" not in params:
        span = span_of(params["period"])
        if span.start >= span.end:
            raise Refused({"after"})
        return span
    first, last = (datetime.fromisoformat(params["dates"][name]).date() for name in ("from", "to"))
    return opening.period_of_dates(terms.rules, terms.zone, terms.unit, first, last)


def policy_of(terms):
    steps = terms.rule("cancellation", [])
    return tuple((one["until_hours_before_start"], one["refund_bp"]) for one in steps)


def wish_of(params):
    return tuple(params.get("unit_numbers", ()))


def user_limits(ledger, user, span, judged, besides=None):
    """What one user may have of a listing: bookings, those of a day, time of that day, a gap between two."""
    limits = ledger.terms.rule("limits") or {}
    if user is None:
        return
    mine = [one for one in ledger.bookings.values() if one.user == user and one.state in OPEN]
    mine = [one.span for one in mine if one.kind == "booking" and one.id != besides]
    day, time = day_of(span.start, ledger.terms.zone), timedelta()
    touched = day
    while touched.start < span.end:
        time = max(time, sum((one.within(touched) for one in [*mine, span]), timedelta()))
        touched = day_of(touched.end, ledger.terms.zone)
    gap = timedelta(minutes=limits.get("gap_minutes_per_user", 0))
    near = Span(span.start - gap, span.end + gap)
    most = limits.get("bookings_per_user", INFINITE)
    judged.refuse(len(mine) >= most, "user_bookings")
    most = limits.get("bookings_per_user_per_day", INFINITE)
    judged.refuse(sum(day.start <= one.start < day.end for one in mine) >= most, "user_bookings_per_day")
    judged.refuse(time > timedelta(minutes=limits.get("minutes_per_user_per_day", INFINITE)), "user_time_per_day")
    judged.refuse(gap and any(one.overlaps(near) for one in mine), "user_gap")


def seek(ledger, judged, span, units, wish, besides=None):
    """The units for it; without any it is refused as booked."""
    taken = ledger.taking(besides)
    found = find_units(ledger.terms, taken, widened(span, ledger.terms.buffers), units, wish)
    judged.refuse(units > ledger.terms.units + ledger.terms.rule("overbooking", 0), "units_missing")
    judged.refuse(found is None, "booked")
    return found


def hold_limits(ledger, call, span, judged):
    mine = [one for one in ledger.bookings.values() if one.user == call.user and one.hold]
    judged.refuse(any(one.state == "held" for one in mine), "hold_limit")
    overlapping = [one for one in mine if one.span.overlaps(span)]
    judged.refuse(any(one.hold == "held" for one in overlapping), "hold_again")
    judged.doubt(overlapping, "hold_again")
    judged.doubt(call.holds_elsewhere >= HOLDS_IN_ALL, "hold_limit")


def hold(ledger, call, now):
    terms, params, judged = ledger.terms, call.params, Judgement()
    span = wished_span(terms, params)
    if span is None:
        raise Refused({"closed"})
    units, guests = params.get("units", 1), params.get("guests")
    until, option = parse(params.get("until")), bool({"until", "customer"} & params.keys())
    if option:
        only_staff(call)
    keep_rules(judged, call, verdict(terms, span, units, guests, now), of_platform(terms, span, now))
    found = seek(ledger, judged, span, units, params.get("unit_numbers", ()))
    if option:
        judged.refuse(until and (until <= now or until > now + OPTION_DAYS * DAY), "in_past", "option_until")
    else:
        hold_limits(ledger, call, span, judged)
        user_limits(ledger, call.user, span, judged)
    judged.settle()
    made = new_booking(call, "held", span, terms, found)
    # An option does not outlive its period.
    made = replace(made, expires=min(until, span.end) if until else now + HOLD)
    made = replace(made, option=option, hold="" if option else "held")
    return Done(ledger.with_booking(made), made, frozenset(judged.doubts))


def new_booking(call, state, span, terms, numbers):
    params, (user, customer) = call.params, call.customer
    return Booking(
        id=call.booking_id,
        user=user,
        customer=customer,
        state=state,
        span=span,
        units=params.get("units", 1),
        numbers=numbers or (),
        wish=tuple(params.get("unit_numbers", ())),
        guests=params.get("guests"),
        extras=extras_of(params),
        policy=policy_of(terms),
        rules_version=terms.version,
        buffers=terms.buffers,
        first_start=span.start,
        version=1,
    )


def own_hold(ledger, call):
    """The hold that a create names; refused when it is not the caller's, or no more. Options are for all the staff."""
    found = ledger.bookings.get(call.params["hold_id"])
    if not found or not (found.user == call.user or (found.option and call.staff)):
        raise Refused({"hold", "not_found"})
    if found.state != "held":
        raise Refused({"hold", "state"})
    return found


def charge(ledger, call, booking, now, judged):
    """The booking with its price: that of a quote, or of the moment and as expected."""
    params, terms = call.params, ledger.terms
    quoted = call.quotes.get(params.get("quote_id"))
    if "price_override" in params:
        price = prices.set_aside(terms, params["price_override"]["amount"], params["price_override"]["currency"])
    elif quoted:
        request = (booking.span, booking.units, booking.guests, booking.extras)
        bound = (quoted.user, quoted.listing, quoted.request) == (call.user, params["listing_id"], request)
        judged.refuse(not bound or now >= quoted.expires, "quote")
        price = quoted.price
    else:
        price = judged.of(prices.price, terms, booking.span, booking.units, booking.guests, booking.extras, now)
        judged.refuse(price is None and not terms.by_request, "price_missing")
    expected = params.get("expected_total")
    judged.refuse(expected is not None and (price or {}).get("total") != expected, "price_changed")
    return replace(booking, price=price)


def create(ledger, call, now):
    terms, params, judged = ledger.terms, call.params, Judgement()
    if "customer" in params:
        only_staff(call)
    overridden(call)
    held = own_hold(ledger, call) if "hold_id" in params else None
    span = held.span if held else wished_span(terms, params)
    if span is None:
        raise Refused({"closed"})
    if held:
        found = held.numbers
        made = from_hold(held, call)
        judged.refuse(made.guests != held.guests and any(by_guests(terms, made.units, made.guests)), "guests")
    else:
        # A request takes no units, but what cannot be had is not asked for.
        found = seek(ledger, judged, span, params.get("units", 1), wish_of(params))
        made = new_booking(call, "", span, terms, found)
        limits = Judgement()
        user_limits(ledger, call.customer[0], span, limits)
        broken = verdict(terms, span, made.units, made.guests, now) | limits.causes
        keep_rules(judged, call, broken, of_platform(terms, span, now))
    made = charge(ledger, call, made, now, judged)
    judged.settle()
    made = as_confirmed_or_requested(terms, made, held, now, call.on_behalf)
    return Done(ledger.with_booking(made), made, frozenset(judged.doubts))


def overridden(call):
    """Rules and prices are set aside by a manager, who says why. A program says for whom it books."""
    params, judged = call.params, Judgement()
    set_aside = {"price_override", "ignore_rules"} & params.keys()
    judged.refuse(bool(set_aside) != ("override_reason" in params), "required")
    judged.refuse(call.by_program and not {"customer", "hold_id"} & params.keys(), "required")
    judged.refuse(set_aside and not call.manager, "forbidden", "company_right", "not_found")
    if judged.causes and "period" in params and span_of(params["period"]).length > LONGEST_DAYS * DAY:
        judged.refuse(True, "max_duration")
    judged.settle()


def keep_rules(judged, call, broken, for_all):
    """What of the broken rules a manager has not set aside; what holds for all bookings never is."""
    ignored = set(call.params.get("ignore_rules", ()))
    if "closed" in broken & ignored:  # of closed dates there is no grid to be off
        judged.doubt("unit_grid" in broken, "unit_grid")
        broken = broken - {"unit_grid"}
    judged.causes |= broken - ignored | (set(for_all) if ignored else set())


def from_hold(held, call):
    params = call.params
    if call.on_behalf:
        user, customer = call.customer
        held = replace(held, user=user, customer=customer)
    guests = params.get("guests", held.guests)
    # What one has agreed to is what was in force when it was held.
    return replace(held, guests=guests, extras=extras_of(params), hold=held.hold and "booked", version=None)


def as_confirmed_or_requested(terms, made, held, now, answered):
    # An option is the company's word, and so is what it books itself.
    if not terms.by_request or ((made.option or answered) and made.price):
        return replace(made, state="confirmed", expires=None)
    expires = answer_by(terms, made.span, now)
    numbers = held.numbers if held else ()
    return replace(made, state="requested", expires=expires, takes_units=held is not None, numbers=numbers)


def answer_by(terms, span, now):
    """Until when a request or an offer waits for its answer: its beginning at the latest."""
    return min(now + terms.rule("request_hours", 24) * HOUR, span.start)


def requested(ledger, call):
    """The request that a call is about."""
    found = ledger.bookings.get(call.params["id"])
    if not found:
        raise Refused({"not_found"})
    stale(found, call)
    if found.state != "requested":
        raise Refused({"state", "expired"})
    return found


def stale(booking, call):
    """Refuses a version that is not the booking's, where the model knows both."""
    named = call.params.get("version")
    if named is not None and booking.version is not None and named != booking.version:
        raise Refused({"stale_version", *STATES})


def only_staff(call):
    if not call.staff:
        raise Refused({"not_found", "company_right"})


def approve(ledger, call, now):
    only_staff(call)
    request = requested(ledger, call)
    price = call.params.get("price")
    answerable(request, price)
    return offer(ledger, request, price, now) if price else confirm(ledger, request)


def answerable(request, price):
    """One without a price is answered with one, which is for the customer to accept."""
    if price is not None and request.price is not None:
        raise Refused({"priced"})
    if price is None and request.offered:
        raise Refused({"offered"})
    if price is None and request.price is None:
        raise Refused({"price_missing"})


def offer(ledger, request, price, now):
    """The company names a price and keeps the units for it; the customer's answer is waited for."""
    offered = prices.of_amount(price["amount"], price["currency"])
    done = confirm(ledger, replace(request, price=offered))
    made = replace(done.booking, state="requested", offered=True, expires=answer_by(ledger.terms, request.span, now))
    return Done(done.ledger.with_booking(made), made, sorts=True)


def fits(ledger, request):
    return find_units(ledger.terms, ledger.taking(request.id), request.taken, request.units, request.wish) is not None


def confirm(ledger, request):
    """Units are looked for anew, rules are not; what no longer fits beside it is declined or flagged."""
    numbers = request.numbers
    if not request.takes_units:
        numbers = find_units(ledger.terms, ledger.taking(request.id), request.taken, request.units, request.wish)
        if numbers is None:
            raise Refused({"booked"})
    made = replace(request, state="confirmed", numbers=numbers, takes_units=True, expires=None, version=None)
    return Done(sort_out_others(ledger.with_booking(made), made), made, sorts=True)


def sort_out_others(ledger, approved):
    """Declines or flags the requests whose time is gone with the approved one; with a block they are flagged."""
    declines = ledger.terms.rule("overlapping_requests", "flag") == "decline" and approved.kind == "booking"
    for one in list(ledger.bookings.values()):
        waiting = one.state == "requested" and not one.takes_units
        if waiting and one.taken.overlaps(approved.taken) and not fits(ledger, one):
            end = {"state": "declined", "fee": 0} if declines else {}
            ledger = ledger.with_booking(replace(one, overlaps=True, version=None, **end))
    return ledger


def decline(ledger, call, now):
    only_staff(call)
    request = requested(ledger, call)
    made = replace(request, state="declined", fee=0, version=None)
    return Done(ledger.with_booking(made), made)


def only_customer(request, call):
    """For who has no account the staff accept."""
    if request.user != call.user and (request.user or not call.staff):
        raise Refused({"not_found", "forbidden"})


def accept(ledger, call, now):
    request = requested(ledger, call)
    only_customer(request, call)
    if not request.offered:
        raise Refused({"state", "price_missing"})
    if call.params["expected_total"] != request.price["total"]:
        raise Refused({"price_changed"})
    return confirm(ledger, request)
