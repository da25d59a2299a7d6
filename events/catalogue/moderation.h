/*
 * What moderators do with listings: the methods events.listing.queue, approve and reject.
 *
 * Invariants: a listing in state submitted waits as a whole, a published one with its change (listing_change.h). A
 * decision names the version that was read; of two at once only one succeeds. It is taken with the listing's row
 * locked, so nothing changes between reading and deciding. Moderators do not decide about listings of companies that
 * they belong to, also while these are suspended, nor about what they handed in; administrators may, as in passport,
 * since there might be no other.
 */
#ifndef EVENTLOOP_EVENTS_MODERATION_H
#define EVENTLOOP_EVENTS_MODERATION_H

#include "rpc/call.h"

int listing_queue(struct rpc_call *call) MAY_SUSPEND;
int listing_approve(struct rpc_call *call) MAY_SUSPEND;
int listing_reject(struct rpc_call *call) MAY_SUSPEND;

#endif
