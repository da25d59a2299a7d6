/*
 * Computes summaries anew from the reviews: which of them count, and their sum.
 *
 * Purpose: this defines what a summary is. Imports use it for what they loaded; the table summary_recount holds
 * subjects that are due (an upgrade that counts differently puts them there), which the first thread of each rating
 * process recounts at its start and hourly; `eventloop-rating recount` makes all of them due and recounts them at once.
 * Invariants: a batch is a transaction, so an interrupted run goes on with the subjects that are left.
 */
#ifndef EVENTLOOP_RATING_SUMMARIES_RECOUNT_H
#define EVENTLOOP_RATING_SUMMARIES_RECOUNT_H

#include "daemon/daemon.h"
#include "daemon/data_check.h"

/* Summaries that differ from the sum of their reviews. */
extern const struct data_check summary_drift_check;

/* Makes the summaries of the subjects (a PostgreSQL array of ids, each once) anew in tx and publishes
 * rating.summary.changed for each. Locks them. */
int summary_recount(struct rpc_call *call, struct pg_tx *tx, const char *subjects) MAY_SUSPEND MUST_CHECK;

/* Recounts the subjects that are due. Returns how many; -1 after logging why it cannot go on. */
int64_t summary_recount_due(struct daemon_worker *worker) MAY_SUSPEND;

/* The command `recount`: all summaries. Returns the exit status. */
int summary_recount_all(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv) MAY_SUSPEND;

#endif
