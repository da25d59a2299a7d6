/*
 * Summaries: count, mean, histogram and Bayesian mean of a subject's reviews. The methods rating.summary.*.
 *
 * Invariants: only an author's latest review counts, and each without an author; a summary is the sum of the reviews
 * that count (column review.counts), and summaries/recount.h computes it anew from them. Whatever changes which reviews
 * there are or count locks the summary's row first, so that the reviews of a subject come one after the other, and the
 * summary changes in the same transaction: it is exact at every moment. The other daemons are told of the new one by a
 * fact written in that transaction.
 */
#ifndef EVENTLOOP_RATING_SUMMARIES_SUMMARY_H
#define EVENTLOOP_RATING_SUMMARIES_SUMMARY_H

#include "rpc/call.h"

int summary_get(struct rpc_call *call) MAY_SUSPEND;
int summary_list(struct rpc_call *call) MAY_SUSPEND;

/* Locks the summaries of the subjects (a PostgreSQL array of ids, "{...}", each once) until tx ends, and makes those
 * that there are not. Queued. */
void summary_lock(struct rpc_call *call, struct pg_tx *tx, const char *subjects);

/* Puts a score (decimal text) into the subject's summary in place of the one that no longer counts (NULL: there is
 * none), and publishes rating.summary.changed. After summary_lock. */
int summary_add(struct rpc_call *call, struct pg_tx *tx, const char *subject_id, const char *score,
		const char *replaced) MAY_SUSPEND MUST_CHECK;

/* The summary of `m` (columns of rating_summary) as JSON; the two parameters are the prior's mean and weight. */
#define SUMMARY_JSON(id, mean, weight)                                                                              \
	"jsonb_build_object('subject_id', " id ", 'count', coalesce(m.count, 0), "                                  \
	"'mean', round(m.sum / nullif(m.count, 0), 4), "                                                            \
	"'bayesian', CASE WHEN m.count > 0 THEN round((" mean "::numeric * " weight "::numeric + m.sum) / (" weight \
	"::numeric + m.count), 4) END, "                                                                            \
	"'histogram', (SELECT jsonb_object_agg(n::text, coalesce(m.stars[n], 0)) FROM generate_series(1, 5) n), "   \
	"'prior', jsonb_build_object('mean', " mean "::numeric, 'weight', " weight "::numeric))"

#endif
