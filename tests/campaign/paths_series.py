"""The model of bookings that recur: events.booking.create_recurring, add_occurrence, and cancel of several of a series.

Paths as in paths_many.py. A series is kept in the ledger of its listing.
"""

from dataclasses import dataclass, field, replace

import paths_in
import paths_out
from judgement import Refused
from paths_many import Outcome
from recurrence import dates_of, left_out, period_on
from times import period_of, span_of, wall

WISHED = ("listing_id", "units", "unit_numbers", "guests", "extras")
COUNTING = ("held", "requested", "confirmed", "completed", "no_show")


@dataclass(frozen=True)
class Series:
    """user, customer: whose it is; dates: {date: (the parameters of a create, its booking or "")}; refused: {date: the
    reasons of the first time}."""

    user: str
    customer: dict | None
    dates: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)


def wish_on(terms, params, day):
    """The parameters of a create on that date."""
    period = period_on(terms.zone, span_of(params["period"]), day)
    return {name: params[name] for name in WISHED if name in params} | {"period": period_of(period)}


def one_date(scene, call, whose, planned, answer, now):
    """(scene, booking) with one more of a series; planned: (parameters, date). Refused where it cannot be booked."""
    wish, day = planned
    span = span_of(wish["period"])
    if span.start >= span.end:
        raise Refused({"skipped_hour"})
    ledger = scene.of(call.listing)
    made = {"id": f"new {day}"} if answer is None else answer
    part = replace(call, method="events.booking.create", params=wish, result=made)
    part = replace(part, user=whose.user, answered=whose.user != call.user, by_program=False)
    done = paths_in.create(ledger, part, now)
    made = replace(done.booking, series=call.series, occurrence=str(day), customer=whose.customer)
    return scene.put(call.listing, done.ledger.with_booking(made)), made


def create_recurring(scene, call, now):
    """All or none, or each date for itself; a series of which nothing is booked is none."""
    params, terms = call.params, scene.ledgers[call.listing].terms
    if "customer" in params:
        paths_in.only_staff(call)
    days, missing = dates_of(params["recurrence"], wall(span_of(params["period"]).start, terms.zone).date())
    series, bookings, refused = Series(*call.customer), [], {}
    answers = {one["occurrence"]: one for one in call.made}
    for day in days:
        wish, name = wish_on(terms, params, day), ""
        try:
            if not left_out(params["recurrence"], day):
                scene, made = one_date(scene, call, series, (wish, day), answers.get(str(day)), now)
                bookings.append((call.listing, made))
                name = made.id
        except Refused as refusal:
            refused[str(day)] = refusal.causes
        series = replace(series, dates=series.dates | {str(day): (wish, name)})
    if not bookings or (refused and params.get("mode") == "all"):
        raise Refused({"refused"}.union(*refused.values()))
    ledger, series = scene.ledgers[call.listing], replace(series, refused=refused)
    scene = scene.put(call.listing, replace(ledger, series=ledger.series | {call.series: series}))
    differs = answer_differs(call.result, series, missing) if "occurrences" in (call.result or {}) else []
    return Outcome(scene, bookings, differs=differs)


def answer_differs(result, series, missing):
    """What the answer tells of its dates."""
    if result["months_without"] != missing:
        return [f"months without the day are {result['months_without']}, the model says {missing}"]
    told = {one["date"]: one for one in result["occurrences"]}
    if list(told) != sorted(series.dates):
        return [f"it is on {list(told)}, the model says on {sorted(series.dates)}"]
    return [
        words for day, one in told.items() for words in date_differs(one, series.dates[day], series.refused.get(day))
    ]


def date_differs(one, planned, causes):
    wish, name = planned
    expected = "refused" if causes else "booked" if name else "skipped"
    result = "booked" if one["result"] == "requested" else one["result"]
    if result != expected:
        return [f"{one['date']} is {one['result']} {one['refusals']}, the model says {expected} ({causes or ''})"]
    if one["period"] and span_of(one["period"]) != span_of(wish["period"]):
        return [f"{one['date']} is at {one['period']}, the model says at {wish['period']}"]
    if causes and not causes & words_of(one["refusals"][0]):
        return [f"{one['date']} is refused as {one['refusals']}, the model says {causes}"]
    return []


def words_of(refusal):
    """What a refusal of a date gives as its reason."""
    return {refusal.get("rule"), refusal.get("reason")} | {one["rule"] for one in refusal.get("refusals", ())} - {None}


def add_occurrence(scene, call, now):
    ledger, day = scene.ledgers[call.listing], call.params["date"]
    series = ledger.series.get(call.params["series_id"])
    if not series or not (call.staff or series.user == call.user) or day not in series.dates:
        raise Refused({"not_found", "company_right"})
    wish, name = series.dates[day]
    if name and ledger.bookings[name].state in COUNTING:
        raise Refused({"state"})
    scene, made = one_date(scene, call, series, (wish, day), call.result, now)
    ledger = scene.ledgers[call.listing]
    series = replace(series, dates=series.dates | {day: (wish, made.id)})
    scene = scene.put(call.listing, replace(ledger, series=ledger.series | {call.params["series_id"]: series}))
    return Outcome(scene, [(call.listing, made)])


def cancel(scene, call, now):
    """This and those after it, or all: what can be cancelled no more is passed over."""
    own = paths_out.the_booking(scene.of(call.listing), call)
    if not own.series:
        raise Refused({"series"})
    done = paths_out.cancel(scene.of(call.listing), call, now)
    following, also = call.params["occurrences"] == "following", {}
    ledger = done.ledger
    for one in sorted(ledger.bookings.values(), key=lambda one: one.occurrence):
        meant = one.series == own.series and one.id != own.id and one.state in ("requested", "confirmed")
        if meant and not (following and one.occurrence < own.occurrence):
            ledger, ended = cancelled(ledger, call, one, now)
            also |= {one.id: ended.fee} if ended else {}
    scene = scene.put(call.listing, ledger)
    return Outcome(scene, [(call.listing, done.booking)], differs=also_differs(call.result, also))


def cancelled(ledger, call, one, now):
    params = {name: value for name, value in call.params.items() if name != "version"} | {"id": one.id}
    try:
        done = paths_out.cancel(ledger, replace(call, params=params), now)
    except Refused:
        return ledger, None
    return done.ledger, done.booking


def also_differs(result, also):
    if not result or "also_cancelled" not in result:
        return []
    told = {one["id"]: one["cancellation_fee"] for one in result["also_cancelled"]}
    return [] if told == also else [f"also cancelled are {told}, the model says {also}"]
