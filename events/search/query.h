/*
 * A search being built: conditions and values, in the order the statement numbers them.
 *
 * Purpose: filters append to a query, the statement is made from it. The text depends on the shape of the search alone,
 * never on its values, so that each shape is prepared once. Ownership: everything is in the call's arena. Invariants:
 * `access` holds the predicates that the planner may use an index for; `filters` holds all others, and the statement
 * hides them from the planner in a CASE, because it estimates far too few rows for containment and masks and would then
 * choose a wrong plan.
 */
#ifndef EVENTLOOP_EVENTS_QUERY_H
#define EVENTLOOP_EVENTS_QUERY_H

#include "base/buffer.h"
#include "rpc/call.h"

#include <stdbool.h>

#define QUERY_MAX_VALUES 160

struct query {
	struct rpc_call *call;
	struct buffer access;	/* " AND ..." each */
	struct buffer filters;	/* " AND ..." each */
	struct buffer required; /* terms that must all be there: "1,2" */
	struct buffer scope;	/* what a cursor is bound to: all values in order */
	bool has_text, has_near, has_cells, has_terms;
	int text_value, lat_value, lon_value, cells_value, cell_terms_value; /* numbers of their values */
	int period_value;						     /* 0: no period */
	int64_t period_from, period_to;					     /* as asked for, wall microseconds */
	int after_value, after_id; /* of a cursor in the order of relevance; 0: none */
	bool after_unranked;	   /* its place is among those that are not ranked */
	int value_count;
	const char *values[QUERY_MAX_VALUES];
};

/* Makes an empty query for the call. */
void query_init(struct query *query, struct rpc_call *call);

/* Adds a value (borrowed) and returns its number. Past QUERY_MAX_VALUES it returns the last number again; that cannot
 * happen, since the schema bounds filters. */
int query_value(struct query *query, const char *value);

/* The same for a value that depends on the clock. A cursor holds only for the query it was made by, and this value
 * would differ on the next page: the cursor is compared by `asked`, what the caller wrote, instead. */
int query_value_asked(struct query *query, const char *value, const char *asked);

/* Appends to filters or access; format has one %d for each number given. */
void query_filter(struct query *query, const char *format, ...) PRINTF(2, 3);
void query_access(struct query *query, const char *format, ...) PRINTF(2, 3);

/* Demands a term. */
void query_require_term(struct query *query, int term);

/* The access predicate of the area that is searched: as terms when there are any, since the array index then serves
 * flags and cells together. "true" without cells. */
const char *query_place(struct query *query);

/* Appends the place's predicate and all conditions but the text's. Those that an index serves are plain; all others are
 * hidden from the planner, which estimates far too few rows for them and would not use the right index. */
void query_conditions(struct query *query, struct buffer *sql, const char *place);

/* To be called when all filters are in: the required terms become one value and one access predicate. */
void query_close(struct query *query);

#endif
