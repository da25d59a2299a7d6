/*
 * The method events.listing.search.
 */
#ifndef EVENTLOOP_EVENTS_SEARCH_H
#define EVENTLOOP_EVENTS_SEARCH_H

#include "rpc/call.h"

/* Finds published listings; see events/api/search.json. */
int listing_search(struct rpc_call *call) MAY_SUSPEND;

#endif
