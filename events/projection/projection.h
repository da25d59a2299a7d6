/*
 * What search reads (listing_search, listing_text), kept in step with listings and bookings.
 *
 * Invariants: projected in the transaction that changes the listing or its bookings, so that search on PostgreSQL is
 * exact; a listing that is not on offer (not published, or its company is suspended) has no row. Everything here can be
 * rebuilt from listing and booking_unit (search/rebuild.h); `eventloop-events check` lists rows that differ from a
 * rebuild, and so does the end of every system test.
 */
#ifndef EVENTLOOP_EVENTS_PROJECTION_H
#define EVENTLOOP_EVENTS_PROJECTION_H

#include "postgres/postgres.h"

struct data_check;

/* Projects the listings of a PostgreSQL array text ("{uuid,uuid}"): adds, changes or removes their rows. Queued: an
 * error shows at the next statement or the commit. */
void projection_queue_listings(struct context *ctx, struct pg_tx *tx, const char *ids);

/* Projects the busy time of the listings of an array text. Queued likewise. */
void projection_queue_busy(struct context *ctx, struct pg_tx *tx, const char *ids);

/* A listing and what its rules say of its time, for who has read them under its lock. */
struct projection_time {
	const char *listing_id;
	int units; /* with those that may be booked above them */
	bool named;
	int64_t buffer_before, buffer_after; /* microseconds */
	const char *closed_by; /* rules, zone and unit that its closed days were made from, as CLOSED_MARK joins them;
				  NULL: it has no such days */
};

/* The same for one of which the rules are known. Queued likewise. */
void projection_queue_time(struct context *ctx, struct pg_tx *tx, const struct projection_time *time);

/* Projects the rating of one listing. Queued likewise. */
void projection_queue_rating(struct context *ctx, struct pg_tx *tx, const char *listing_id);

/* Listings whose rows are missing, too much, or not as they would be made now; not those of a company of which a
 * background job is pending. Reads all listings. */
extern const struct data_check projection_drift_check;

#endif
