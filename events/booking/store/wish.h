/*
 * What a caller asks for: a period, units, guests, extras.
 *
 * Purpose: every path reads its parameters here, so that they mean the same everywhere.
 * Ownership: texts in the arena of the call's context. Use: wish_read before the transaction, wish_resolve once the
 * listing's terms are known: dates become a period, the buffers are added.
 */
#ifndef EVENTLOOP_EVENTS_WISH_H
#define EVENTLOOP_EVENTS_WISH_H

#include "availability/verdict.h"
#include "booking/store/terms.h"
#include "pricing/price.h"

struct booking_row;

struct wish {
	struct span period;  /* 0 to 0: not given */
	struct span taken;   /* widened by the buffers */
	int units;	     /* 0: not given */
	int guests;	     /* 0: not said */
	int64_t shortest;    /* what no booking may be shorter than, microseconds */
	bool by_dates;	     /* the parameter dates says when */
	const char *numbers; /* the named units asked for, a PostgreSQL array; NULL: any */
	const char *extras;  /* JSON; NULL: not given */
	size_t extra_count;
	const struct price_extra *chosen;
};

/* Reads the parameters period or dates, units, unit_numbers, guests, extras. optional: neither period nor dates need be
 * there. -1 with invalid_params. */
int wish_read(struct rpc_call *call, bool optional, struct wish *ret) MUST_CHECK;

/* Reads extras from JSON that the API has accepted. */
void wish_take_extras(struct rpc_call *call, const char *json, struct wish *wish);

/* Makes dates the period, adds the buffers of the rules, checks that named units exist. -1 with invalid_params, or
 * precondition_failed (rules closed, units_mode). */
int wish_resolve(struct rpc_call *call, const struct terms *terms, struct wish *wish) MUST_CHECK;

/* Fills what was not given from a stored booking. */
void wish_complete(struct rpc_call *call, const struct booking_row *row, struct wish *wish);

/* A period as PostgreSQL reads it. */
const char *wish_range(struct rpc_call *call, const struct span *span);

/* The wish as what the rules look at, and as what prices do. */
struct booking_wish wish_for_rules(const struct wish *wish);
struct price_request wish_for_price(const struct wish *wish, int64_t now);

#endif
