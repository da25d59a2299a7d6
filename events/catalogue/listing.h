/*
 * Listings: the methods events.listing.* but search and those of moderators (moderation.h).
 *
 * Invariants: a listing is a draft, then submitted, then published by a moderator; only published ones are found and
 * booked, and only they are visible to strangers, as long as their company is not suspended (company_state.h). No word
 * of a published listing changes without a moderator: an update puts words (listing_words.h) beside it
 * (listing_change.h) and does the rest at once. Search is projected in the transaction that changes a listing.
 */
#ifndef EVENTLOOP_EVENTS_LISTING_H
#define EVENTLOOP_EVENTS_LISTING_H

#include "rpc/call.h"

int listing_create(struct rpc_call *call) MAY_SUSPEND;
int listing_get(struct rpc_call *call) MAY_SUSPEND;
int listing_update(struct rpc_call *call) MAY_SUSPEND;
int listing_submit(struct rpc_call *call) MAY_SUSPEND;
int listing_mine(struct rpc_call *call) MAY_SUSPEND;

#endif
