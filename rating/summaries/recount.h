/*
 * Summaries made anew from the reviews: which of them count, and what they come to.
 *
 * Purpose: the one definition of what a summary is. Imports use it for what they loaded; the table summary_recount
 * holds subjects that are due (an upgrade that counts differently puts them there), which the first thread of each
 * rating works off at its start and hourly; `eventloop-rating recount` makes all of them due and does it at once.
 * Invariants: a batch is a transaction, so what was broken off goes on with what is left.
 */
#ifndef EVENTLOOP_RATING_SUMMARIES_RECOUNT_H
#define EVENTLOOP_RATING_SUMMARIES_RECOUNT_H

#include "daemon/daemon.h"
#include "daemon/data_check.h"

/* Summaries that are not what their reviews come to. */
extern const struct data_check summary_drift_check;

/* Makes the summaries of the subjects (a PostgreSQL array of ids, each once) anew in tx and publishes
 * rating.summary.changed for each. Locks them. */
int summary_recount(struct rpc_call *call, struct pg_tx *tx, const char *subjects) MAY_SUSPEND MUST_CHECK;

/* Works off what is due. How many subjects that were; -1 after logging why it cannot go on. */
int64_t summary_recount_due(struct daemon_worker *worker) MAY_SUSPEND;

/* The command `recount`: all summaries. Returns the exit status. */
int summary_recount_all(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
