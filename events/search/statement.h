/*
 * The statement of a search: one page of listings, and how many there are.
 */
#ifndef EVENTLOOP_EVENTS_STATEMENT_H
#define EVENTLOOP_EVENTS_STATEMENT_H

#include "search/query.h"
#include "search/sort.h"

#define SEARCH_MAX_TOTAL 10000 /* counted exactly up to here */

#define STATEMENT_RULES 3 /* the first column of the rules in a page's statement */

/* The text that selects a page: card JSON, sort value, id; with a period also RULES_COLUMNS, whose first one is null
 * where a listing has no rules. limit: how many, as text; NULL: PAGE_DEFAULT_LIMIT. One more is selected. The query
 * must not change after. */
const char *statement_page(struct query *query, const struct sort *sort, const char *limit);

/* The text that counts all matches (without the cursor), up to SEARCH_MAX_TOTAL + 1, and those of them whose rules a
 * page asks. Made before sort_after. */
const char *statement_total(struct query *query);

#endif
