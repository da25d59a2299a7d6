/*
 * Filters on properties that administrators made: each kind has its own form.
 */
#ifndef EVENTLOOP_EVENTS_FILTER_PROPERTY_H
#define EVENTLOOP_EVENTS_FILTER_PROPERTY_H

#include "search/query.h"

/* Adds params.properties. -1 with invalid_params naming the property and the rule. */
int filter_properties(struct query *query) MUST_CHECK;

#endif
