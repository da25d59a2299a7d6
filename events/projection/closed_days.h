/*
 * The days on which rules close a listing, as search keeps them: pieces of SQL on the table listing_closed.
 *
 * Purpose: a search for a period leaves out at once what is closed on a day of it; opening hours themselves are asked
 * of the listings of a page alone (search/gather.h). Invariants: the ring of a listing is that of busy_days. It may be
 * behind the rules, never ahead: it counts for the very rules that it was made from (its mark), and for 20 days, since
 * after 22 its bits mean other days. What makes it stands in availability/closed.h.
 */
#ifndef EVENTLOOP_EVENTS_CLOSED_DAYS_H
#define EVENTLOOP_EVENTS_CLOSED_DAYS_H

/* SQL: today (UTC), and the mark of the rules of a listing l of type t. */
#define CLOSED_TODAY "(now() AT TIME ZONE 'UTC')::date"
#define CLOSED_MARK_OF(text) "hashtextextended(" text ", 0)"
#define CLOSED_MARK     \
	CLOSED_MARK_OF( \
	    "listing_rules(t.rules, l.rules, l.space_id, l.includes)::text || ' ' || l.time_zone || ' ' || l.price_unit")

/* SQL: the closed days of a listing l of type t; none when it has no opening hours, or when they are not made. */
#define CLOSED_DAYS CLOSED_DAYS_OF("l.id", CLOSED_MARK)
#define CLOSED_DAYS_OF(id, mark)                                                                       \
	"coalesce((SELECT c.days & search_window() FROM listing_closed c WHERE c.listing_id = " id " " \
	"AND c.made_on > " CLOSED_TODAY " - 20 AND c.mark = " mark "), 0::bit(1024))"

#endif
