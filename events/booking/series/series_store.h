/*
 * The rows of a series: written before its first booking, read as they are worked off.
 */
#ifndef EVENTLOOP_EVENTS_SERIES_STORE_H
#define EVENTLOOP_EVENTS_SERIES_STORE_H

#include "booking/series/recurring.h"

/* Writes the series with all its dates, waiting or left out, and gives it its id. With an idempotency key that is known
 * (of the last 48 hours) it is that of the earlier call instead. -1 with conflict, reason idempotency_key, for other
 * parameters. */
int series_open(struct rpc_call *call, struct pg_tx *tx, struct recurring *recurring) MAY_SUSPEND MUST_CHECK;

/* The next dates that wait, at most that many; *ret_count of them. -1 with an error of the database. */
int series_waiting(struct rpc_call *call, struct pg_tx *tx, const char *id, size_t most, struct series_occurrence **ret,
		   size_t *ret_count) MAY_SUSPEND MUST_CHECK;

/* What refused dates: a JSON list; and whether any is booked or requested. -1 with an error of the database. */
int series_refusals(struct rpc_call *call, struct pg_tx *tx, const char *id, const char **ret,
		    bool *ret_any_booked) MAY_SUSPEND MUST_CHECK;

/* Forgets a series of which nothing is booked. Queued. */
void series_forget(struct rpc_call *call, struct pg_tx *tx, const char *id);

#endif
