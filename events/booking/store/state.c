#include "booking/store/state.h"

#include "base/macros.h"

#include <string.h>

static const char *const state_names[BOOKING_STATES] = {
    [BOOKING_NONE] = "",
    [BOOKING_HELD] = "held",
    [BOOKING_REQUESTED] = "requested",
    [BOOKING_CONFIRMED] = "confirmed",
    [BOOKING_COMPLETED] = "completed",
    [BOOKING_NO_SHOW] = "no_show",
    [BOOKING_CANCELLED] = "cancelled",
    [BOOKING_DECLINED] = "declined",
    [BOOKING_EXPIRED] = "expired",
};

static const char *const cause_names[] = {
    [CAUSE_HOLD] = "hold",	 [CAUSE_CREATE] = "create",	    [CAUSE_REQUEST] = "request",
    [CAUSE_APPROVE] = "approve", [CAUSE_OFFER] = "offer",	    [CAUSE_ACCEPT] = "accept",
    [CAUSE_AGREE] = "agree",	 [CAUSE_GROUP] = "group",	    [CAUSE_DECLINE] = "decline",
    [CAUSE_OVERLAP] = "overlap", [CAUSE_SUSPENSION] = "suspension", [CAUSE_EXPIRY] = "expiry",
    [CAUSE_CHANGE] = "change",	 [CAUSE_SHORTEN] = "shorten",	    [CAUSE_CANCEL] = "cancel",
    [CAUSE_CLOCK] = "clock",	 [CAUSE_COMPLETE] = "complete",	    [CAUSE_NO_SHOW] = "no_show",
    [CAUSE_BLOCK] = "block",	 [CAUSE_UNBLOCK] = "unblock",
};

/* The whole state machine; tests/lint/check_states.py draws it into docs/booking.md. */
static const struct booking_step steps[] = {
    {BOOKING_NONE, CAUSE_HOLD, BOOKING_HELD, "events.booking.held"},
    {BOOKING_NONE, CAUSE_CREATE, BOOKING_CONFIRMED, "events.booking.created"},
    {BOOKING_NONE, CAUSE_REQUEST, BOOKING_REQUESTED, "events.booking.requested"},
    {BOOKING_HELD, CAUSE_CREATE, BOOKING_CONFIRMED, "events.booking.created"},
    {BOOKING_HELD, CAUSE_REQUEST, BOOKING_REQUESTED, "events.booking.requested"},
    {BOOKING_HELD, CAUSE_CANCEL, BOOKING_CANCELLED, "events.booking.cancelled"},
    {BOOKING_HELD, CAUSE_EXPIRY, BOOKING_EXPIRED, "events.booking.expired"},
    {BOOKING_REQUESTED, CAUSE_APPROVE, BOOKING_CONFIRMED, "events.booking.confirmed"},
    {BOOKING_REQUESTED, CAUSE_OFFER, BOOKING_REQUESTED, "events.booking.offered"},
    {BOOKING_REQUESTED, CAUSE_ACCEPT, BOOKING_CONFIRMED, "events.booking.confirmed"},
    {BOOKING_REQUESTED, CAUSE_AGREE, BOOKING_REQUESTED, "events.booking.agreed"},
    {BOOKING_REQUESTED, CAUSE_DECLINE, BOOKING_DECLINED, "events.booking.declined"},
    {BOOKING_REQUESTED, CAUSE_GROUP, BOOKING_DECLINED, "events.booking.declined"},
    {BOOKING_REQUESTED, CAUSE_OVERLAP, BOOKING_DECLINED, "events.booking.declined"},
    {BOOKING_REQUESTED, CAUSE_SUSPENSION, BOOKING_DECLINED, "events.booking.declined"},
    {BOOKING_REQUESTED, CAUSE_CHANGE, BOOKING_REQUESTED, "events.booking.changed"},
    {BOOKING_REQUESTED, CAUSE_CANCEL, BOOKING_CANCELLED, "events.booking.cancelled"},
    {BOOKING_REQUESTED, CAUSE_EXPIRY, BOOKING_EXPIRED, "events.booking.expired"},
    {BOOKING_CONFIRMED, CAUSE_CHANGE, BOOKING_CONFIRMED, "events.booking.changed"},
    {BOOKING_CONFIRMED, CAUSE_SHORTEN, BOOKING_CONFIRMED, "events.booking.changed"},
    {BOOKING_CONFIRMED, CAUSE_CANCEL, BOOKING_CANCELLED, "events.booking.cancelled"},
    {BOOKING_CONFIRMED, CAUSE_CLOCK, BOOKING_COMPLETED, "events.booking.completed"},
    {BOOKING_CONFIRMED, CAUSE_COMPLETE, BOOKING_COMPLETED, "events.booking.completed"},
    {BOOKING_CONFIRMED, CAUSE_NO_SHOW, BOOKING_NO_SHOW, "events.booking.missed"},
    {BOOKING_COMPLETED, CAUSE_NO_SHOW, BOOKING_NO_SHOW, "events.booking.missed"},
    {BOOKING_NONE, CAUSE_BLOCK, BOOKING_CONFIRMED, "events.booking.blocked"},
    {BOOKING_CONFIRMED, CAUSE_UNBLOCK, BOOKING_CANCELLED, "events.booking.unblocked"},
};

const char *booking_state_name(enum booking_state state)
{
	return state_names[state];
}

enum booking_state booking_state_of(const char *name)
{
	for (size_t i = BOOKING_HELD; i < ARRAY_SIZE(state_names); i++)
		if (strcmp(state_names[i], name) == 0)
			return (enum booking_state)i;
	return BOOKING_NONE;
}

const char *booking_cause_name(enum booking_cause cause)
{
	return cause_names[cause];
}

const struct booking_step *booking_step(enum booking_state from, enum booking_cause cause)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].from == from && steps[i].cause == cause)
			return &steps[i];
	return NULL;
}
