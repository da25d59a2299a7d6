/*
 * The statement of a search: one page of listings, and how many there are.
 */
#ifndef EVENTLOOP_EVENTS_STATEMENT_H
#define EVENTLOOP_EVENTS_STATEMENT_H

#include "search/query.h"
#include "search/sort.h"

#define SEARCH_MAX_TOTAL 10000 /* counted exactly up to here */

/* The text that selects a page: card JSON, sort value, id. The query must not change after. */
const char *statement_page(struct query *query, const struct sort *sort);

/* The text that counts all matches (without the cursor), up to SEARCH_MAX_TOTAL + 1. Made before sort_after. */
const char *statement_total(struct query *query);

#endif
