/*
 * The filters of events.listing.search: parameters in, conditions of a query out.
 */
#ifndef EVENTLOOP_EVENTS_FILTER_H
#define EVENTLOOP_EVENTS_FILTER_H

#include "search/query.h"

/* Adds everything that the call's parameters ask for. -1 with invalid_params naming an unknown type or property, or a
 * filter that does not go with a property's kind. The catalogue must be current. */
int filter_all(struct query *query) MUST_CHECK;

#endif
