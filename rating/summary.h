/*
 * Summaries: count, mean, histogram and Bayesian mean of a subject's reviews. The methods rating.summary.*.
 *
 * Invariants: a summary changes in the transaction that changes a review, under the lock of its row, so that it is
 * exact at every moment; the other daemons are told of the new one by a fact written in the same transaction.
 */
#ifndef EVENTLOOP_RATING_SUMMARY_H
#define EVENTLOOP_RATING_SUMMARY_H

#include "rpc/call.h"

int summary_get(struct rpc_call *call) MAY_SUSPEND;
int summary_list(struct rpc_call *call) MAY_SUSPEND;

/* Adds a score (decimal text) to the subject's summary in tx and publishes rating.summary.changed. */
int summary_add(struct rpc_call *call, struct pg_tx *tx, const char *subject_id,
		const char *score) MAY_SUSPEND MUST_CHECK;

/* The summary of `m` (columns of rating_summary) as JSON; the two parameters are the prior's mean and weight. */
#define SUMMARY_JSON(id, mean, weight)                                                                              \
	"jsonb_build_object('subject_id', " id ", 'count', coalesce(m.count, 0), "                                  \
	"'mean', round(m.sum / nullif(m.count, 0), 4), "                                                            \
	"'bayesian', CASE WHEN m.count > 0 THEN round((" mean "::numeric * " weight "::numeric + m.sum) / (" weight \
	"::numeric + m.count), 4) END, "                                                                            \
	"'histogram', (SELECT jsonb_object_agg(n::text, coalesce(m.stars[n], 0)) FROM generate_series(1, 5) n), "   \
	"'prior', jsonb_build_object('mean', " mean "::numeric, 'weight', " weight "::numeric))"

#endif
