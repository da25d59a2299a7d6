/*
 * What callers of slots and explain ask about: a listing and a time, and what its rules and bookings say of it.
 *
 * Purpose: both methods read their parameters, the listing and what is taken here, in two statements at most.
 * Ownership: all in the arena of the call's context. Invariants: a read is of one moment (PostgreSQL's now()); expired
 * holds count as gone; a listing that is not on offer is seen by its company and moderators only.
 */
#ifndef EVENTLOOP_EVENTS_ASKED_H
#define EVENTLOOP_EVENTS_ASKED_H

#include "availability/capacity.h"
#include "availability/rules.h"
#include "rpc/call.h"

struct asked {
	const char *listing_id;
	struct booking_rules rules;
	const char *zone_name;
	int64_t now; /* wall microseconds */
	bool on_offer;
	bool insider; /* of the company, or a moderator */
};

enum asked_form { ASKED_NEITHER, ASKED_PERIOD, ASKED_DATES };

/* What is taken, and by which bookings. */
struct asked_taken {
	size_t count;
	const struct taken *rows;
	const char *const *booking_ids; /* of each row, when asked for */
};

/* Whether the caller is of the company, or a moderator: 1 or 0; -1 when it is not known. */
int asked_insider(struct rpc_call *call, const char *company_id) MAY_SUSPEND MUST_CHECK;

/* The row of the listing that the parameter listing_id names, by a statement of three columns: what get answers,
 * whether the listing is on offer, its company. NULL with not_found. */
struct pg_result *asked_row(struct rpc_call *call, const char *sql) MAY_SUSPEND MUST_CHECK;

/* Answers with the first column of such a row, if the caller may see the listing. */
int asked_reply(struct rpc_call *call, const struct pg_result *row) MAY_SUSPEND MUST_CHECK;

/* That the caller is a manager of the row's company. -1 with forbidden, or not_found of a listing that is not on offer.
 */
int asked_require_manager(struct rpc_call *call, const struct pg_result *row) MAY_SUSPEND MUST_CHECK;

/* Reads the listing that the parameter listing_id names. -1 with not_found. */
int asked_listing(struct rpc_call *call, struct asked *ret) MAY_SUSPEND MUST_CHECK;

/* Whether params say when by dates, rather than by a period. Exactly one of both is to be given; optional: or none,
 * which *ret tells too. -1 with invalid_params. */
int asked_form(struct rpc_call *call, bool optional, enum asked_form *ret) MUST_CHECK;

/* Reads the parameter dates as day numbers: of nights the last is that of departure. -1 with invalid_params. */
int asked_dates(struct rpc_call *call, const struct booking_rules *rules, int64_t *ret_from,
		int64_t *ret_to) MUST_CHECK;

/* The same as a period, from the opening of the first to the closing of the last. Dates of which one is closed have
 * none: then the days themselves, of which the verdict says so. */
int asked_dates_period(struct rpc_call *call, const struct booking_rules *rules, struct span *ret) MUST_CHECK;

/* Reads the parameter period: -1 with invalid_params (to not after from). */
int asked_period(struct rpc_call *call, struct span *ret) MUST_CHECK;

/* Reads what is taken of the listing for a moment of the period. by: by which bookings too. */
int asked_taken(struct rpc_call *call, const struct asked *asked, const struct span *period, bool by,
		struct asked_taken *ret) MAY_SUSPEND MUST_CHECK;

/* The period with the buffers around it. */
struct span asked_widened(const struct booking_rules *rules, const struct span *period);

/* Units that can be taken at most: those there are and those that may be overbooked. */
int asked_total(const struct asked *asked);

#endif
