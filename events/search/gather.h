/*
 * The listings of a page that can be booked.
 *
 * Purpose: the statement of a search knows what is taken, but not opening hours and the other rules; a page asks those
 * of each of its listings that has any (availability/verdict.h), leaves out what they forbid, and is filled again from
 * what comes next. Invariants: a listing without rules costs nothing. At most GATHER_ROUNDS statements, each of more
 * rows than the one before; when they have not filled the page it is short, and its cursor goes on behind the last row
 * that was looked at. What has begun already is judged as if it might: past time cannot be searched.
 */
#ifndef EVENTLOOP_EVENTS_GATHER_H
#define EVENTLOOP_EVENTS_GATHER_H

#include "rpc/page.h"
#include "search/query.h"
#include "search/sort.h"

#define GATHER_ROUNDS 6 /* statements of a page */
#define GATHER_MOST 200 /* rows of one statement, unless the page is larger */

/* Gathers the rows of a page, one more than its limit when there are as many. query: with the cursor in it; it is not
 * changed. now: wall microseconds, what notice and horizon are counted from. -1 with an error. */
int gather(const struct query *query, const struct sort *sort, int64_t now,
	   struct page_rows *ret_page) MAY_SUSPEND MUST_CHECK;

#endif
