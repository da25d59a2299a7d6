/*
 * Whether who books belongs to the listing's company: noted on the booking, since nobody reviews their own hall, be it
 * that they leave the company meanwhile.
 *
 * Invariants: a change of memberships voids the user's tokens, but for a company that the user makes; so a token that
 * is younger than the listing, and with it than the company, says all. Only of others is passport asked.
 */
#ifndef EVENTLOOP_EVENTS_BY_MEMBER_H
#define EVENTLOOP_EVENTS_BY_MEMBER_H

#include "rpc/call.h"

/* *ret: "true", "false", or NULL where passport would have to be asked and does not answer: a booking does not wait for
 * it, and rating asks again before it takes a review. -1 with not_found when there is no such listing. */
int booking_by_member(struct rpc_call *call, const char *listing_id, const char **ret) MAY_SUSPEND MUST_CHECK;

#endif
