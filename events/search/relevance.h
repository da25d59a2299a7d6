/*
 * The order of relevance, whose cost is bounded whatever the text matches.
 *
 * Purpose: ranking a text that most listings match would read the words of each. So only the RELEVANCE_RANKED best
 * rated matches are ranked; they come first, and the others follow in the order of their rating. When fewer match, all
 * are ranked. Every match appears exactly once.
 * Invariants: the statement itself finds out by the index of words whether many match, and has a plan for each case:
 * many are walked in the order of rating, few are looked up one by one; the planner gets no choice, since it does not
 * know the values. The order is the same in both. Cursors: the position of a ranked listing is its rank, that of
 * another the letter r and its rating. A page after the latter ranks nothing.
 */
#ifndef EVENTLOOP_EVENTS_RELEVANCE_H
#define EVENTLOOP_EVENTS_RELEVANCE_H

#include "search/query.h"

#define RELEVANCE_RANKED "1000"

/* The text of the query as an SQL expression of type tsquery, made once a statement. */
const char *relevance_words(struct query *query);

/* Sets the position after which the page begins. value, id: of the cursor. */
void relevance_after(struct query *query, const char *value, const char *id);

/* Appends the statement that selects the ids of a page, their places, and whether they are ranked (id, place, ranked),
 * one more than limit. limit: number of its value. */
void relevance_page(struct query *query, struct buffer *sql, int limit);

/* How a page is ordered, and the place of a row as cursors have it; on the columns of relevance_page as page. */
#define RELEVANCE_ORDER "page.ranked DESC, page.place DESC, page.id DESC"
#define RELEVANCE_PLACE "CASE WHEN page.ranked THEN '' ELSE 'r' END || page.place"

#endif
