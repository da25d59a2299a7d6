/*
 * The verdict: the one piece of code that says whether rules allow a period of a listing to be booked.
 *
 * Purpose: writes of bookings, slots, explain and the pages of search all ask here, so they never disagree.
 * Ownership: texts in the arena given. Invariants: pure; it knows nothing of what is taken (capacity.h), nor of what
 * one user has booked already (user_limits.h). Every rule that forbids is told, in the order of `enum` below, which
 * is the order of precedence.
 *
 *   in_past       it has ended, or began more than a minute ago (a caller's clock may be behind)
 *   notice        it begins sooner than the notice allows
 *   horizon       it ends later than horizon_days from now
 *   min_duration  it is shorter than the platform's shortest, than min_minutes (by the hour and session), than min_days
 * (by the day and night) max_duration  longer than HOURS_DATES_MOST local days, than max_minutes, than max_days step
 * its length is no multiple of step_minutes (by the hour and session) start_grid    the minute of the local day at
 * which it begins is no multiple of start_grid_minutes (likewise) closed        it does not lie in one open interval;
 * by the day and night: a local date that it touches is closed session       by the session: it is not exactly one
 * interval of the opening hours unit_grid     by the day and night: it is not from the opening of a date to the closing
 * of one guests        more than guests_per_unit times units
 *
 * A rule of opening hours holds only where there are any, but for `closed` by exceptions.
 * Use: verdict_of with the write's clock; verdict_refuse when it has refusals.
 */
#ifndef EVENTLOOP_EVENTS_VERDICT_H
#define EVENTLOOP_EVENTS_VERDICT_H

#include "availability/hours.h"
#include "availability/rules.h"
#include "availability/words.h"

struct rpc_call;

#define VERDICT_MAX 20

/* What somebody wants to book. */
struct booking_wish {
	struct span period;
	int units;
	int guests; /* 0: not said */
	int64_t
	    shortest; /* what no booking may be shorter than whatever the rules, microseconds; 0: checked elsewhere */
};

struct verdict {
	size_t count;
	struct refusal refusals[VERDICT_MAX];
};

/* Judges a wish at the moment `now`. */
void verdict_of(const struct booking_rules *rules, const struct booking_wish *wish, int64_t now, struct arena *arena,
		struct verdict *ret);

/* The same without the rules that change while nobody changes them: in_past, notice and horizon. */
void verdict_of_period(const struct booking_rules *rules, const struct booking_wish *wish, struct arena *arena,
		       struct verdict *ret);

/* Whether it refuses by that rule. */
bool verdict_has(const struct verdict *verdict, const char *rule);

/* Adds a refusal, unless there are VERDICT_MAX. */
void verdict_add(struct verdict *verdict, struct refusal refusal);

/* Makes the verdict, which has refusals, the call's error: precondition_failed with the first one's rule and values,
 * and `refusals`, all of them. Returns -1. */
int verdict_refuse(struct rpc_call *call, const struct verdict *verdict);

#endif
