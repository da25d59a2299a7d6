/*
 * What everybody may see and book, as pieces of SQL for whatever reads listings (catalogue/company_state.h).
 */
#ifndef EVENTLOOP_EVENTS_ON_OFFER_H
#define EVENTLOOP_EVENTS_ON_OFFER_H

/* SQL: the listing l is published by a company that is not suspended. What everybody may see and book. */
#define LISTING_ON_OFFER                                                                                            \
	"(l.state = 'published' AND NOT EXISTS (SELECT 1 FROM company_state cs WHERE cs.company_id = l.company_id " \
	"AND cs.suspended))"

/* SQL: the company is not suspended. id: a column that is never null. Reads the few suspended companies once a
 * statement, which is cheaper than a lookup for each of many rows. */
#define COMPANY_ON_OFFER(id) id " NOT IN (SELECT cs.company_id FROM company_state cs WHERE cs.suspended)"

#endif
