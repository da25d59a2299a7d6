/*
 * What a manager sets aside for one booking: its price, rules of the listing (parameters price_override, ignore_rules),
 * with a reason.
 *
 * Ownership: texts in the arena of the call's context. Invariants: units are never set aside, nor what holds for every
 * booking on the platform (booking/store/period.h). Who did it, when and why is kept with the booking.
 */
#ifndef EVENTLOOP_EVENTS_OVERRIDE_H
#define EVENTLOOP_EVENTS_OVERRIDE_H

#include "availability/verdict.h"
#include "booking/store/terms.h"
#include "pricing/price.h"

struct override {
	bool any, priced;
	struct json_object *rules; /* names; NULL: none */
};

/* Reads the parameters. -1 with forbidden for who is no manager of the listing's company, invalid_params without
 * override_reason. */
int override_read(struct rpc_call *call, const char *listing_id, struct override *ret) MAY_SUSPEND MUST_CHECK;

/* The verdict without what is set aside. */
void override_judge(const struct override *override, struct verdict *verdict);

/* The price that was set, as one line, where one was: in the listing's currency, if it has one. -1 with invalid_params.
 */
int override_price(struct rpc_call *call, const struct terms *terms, struct price *ret) MUST_CHECK;

/* What is kept with the booking, JSON; NULL when nothing is set aside. */
const char *override_json(struct rpc_call *call, const struct override *override, int64_t now);

#endif
