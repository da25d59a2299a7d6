/*
 * The order of relevance, whose cost is bounded whatever the text matches.
 *
 * Purpose: to rank a text that most listings match would take a look at the words of each. So the RELEVANCE_RANKED best
 * rated of the matches are ranked; they come first, and the others follow in the order of their rating. What matches
 * fewer is ranked as a whole. Every match has its place, once.
 * Invariants: whether a text matches many is found out by the statement itself, by the index of words, and either way
 * has a plan of its own: many are walked in the order of rating, few are looked up one by one; the planner, which
 * cannot tell them apart when it has not the values, is given no choice. The order is the same either way. Cursors: the
 * place of a ranked listing is its rank, that of another is its rating behind the letter r. A page behind the latter
 * ranks nothing.
 */
#ifndef EVENTLOOP_EVENTS_RELEVANCE_H
#define EVENTLOOP_EVENTS_RELEVANCE_H

#include "search/query.h"

#define RELEVANCE_RANKED "1000"

/* The text of the query as an SQL expression of type tsquery, made once a statement. */
const char *relevance_words(struct query *query);

/* Takes the place that a page goes on after. value, id: of the cursor. */
void relevance_after(struct query *query, const char *value, const char *id);

/* Appends the statement that selects the ids of a page, their places, and whether they are ranked (id, place, ranked),
 * one more than limit. limit: number of its value. */
void relevance_page(struct query *query, struct buffer *sql, int limit);

/* How a page is ordered, and the place of a row as cursors have it; on the columns of relevance_page as page. */
#define RELEVANCE_ORDER "page.ranked DESC, page.place DESC, page.id DESC"
#define RELEVANCE_PLACE "CASE WHEN page.ranked THEN '' ELSE 'r' END || page.place"

#endif
