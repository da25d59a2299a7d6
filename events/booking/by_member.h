/*
 * Whether the booking user belongs to the listing's company: stored in the booking, so that members cannot review their
 * own listing, even after they have left the company.
 *
 * Invariants: a change of memberships voids the user's tokens, but for a company that the user makes; so a token that
 * is newer than the listing, and thus than the company, lists all. Only for older tokens is passport asked.
 */
#ifndef EVENTLOOP_EVENTS_BY_MEMBER_H
#define EVENTLOOP_EVENTS_BY_MEMBER_H

#include "rpc/call.h"

/* *ret: "true", "false", or NULL where passport would have to be asked and does not answer: a booking does not wait for
 * it, and rating asks again before it takes a review. -1 with not_found when there is no such listing. */
int booking_by_member(struct rpc_call *call, const char *listing_id, const char **ret) MAY_SUSPEND MUST_CHECK;

/* The same for several listings, in one statement: ret has room for each. */
int booking_by_members(struct rpc_call *call, const char *const *listing_ids, size_t count,
		       const char **ret) MAY_SUSPEND MUST_CHECK;

#endif
