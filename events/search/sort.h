/*
 * The orders of search: a listing's position in each, and how a page continues after a position.
 *
 * Invariants: every order ends with the id, so that it is total and a cursor stable.
 */
#ifndef EVENTLOOP_EVENTS_SORT_H
#define EVENTLOOP_EVENTS_SORT_H

#include "search/query.h"

struct sort {
	const char *name;
	const char *value; /* SQL expression on s, or NULL: made from the query (distance), or not one (relevance) */
	const char *type;  /* of the expression */
	bool descending;
	bool relevance;	    /* see search/relevance.h */
	bool in_cell_index; /* there are indexes (cell, value, id), and (value, id) with the ring of days */
};

/* The order that the call asks for, or the one that suits it. NULL with invalid_params when it needs text or near. */
const struct sort *sort_choose(struct query *query) MUST_CHECK;

/* The expression of the order for this query; not for relevance. */
const char *sort_value(struct query *query, const struct sort *sort);

/* Reads the call's cursor, which is bound to scope, and adds "comes after it" to the access predicates. -1 with
 * invalid_params. */
int sort_after(struct query *query, const struct sort *sort, const char *scope) MAY_SUSPEND MUST_CHECK;

/* Adds "comes after the row with this place and id" (texts as the statement of a page gives them). */
void sort_continue(struct query *query, const struct sort *sort, const char *place, const char *id);

#endif
