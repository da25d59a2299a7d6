#include "summaries/recount.h"

#include "co/co.h"
#include "rating.h"
#include "summaries/summary.h"
#include "telemetry/log.h"

#include <stdio.h>

#define BATCH "100"		      /* subjects a transaction */
#define DEADLINE (600 * CLOCK_SECOND) /* of a batch */

#define LATER_REVIEW                                                                                   \
	"EXISTS (SELECT FROM review later WHERE later.author_id = r.author_id AND later.subject_id = " \
	"r.subject_id AND (later.created_at, later.id) > (r.created_at, r.id))"

/* What the reviews r of a subject come to: floor(score + 0.5), half a star rounds up. */
#define FOLD                                                                                                \
	"count(*) AS count, coalesce(sum(r.score), 0) AS sum, "                                             \
	"ARRAY[" FOLD_STAR("1") ", " FOLD_STAR("2") ", " FOLD_STAR("3") ", " FOLD_STAR("4") ", " FOLD_STAR( \
	    "5") "] AS "                                                                                    \
		 "stars"
#define FOLD_STAR(n) "count(*) FILTER (WHERE floor(r.score + 0.5) = " n ")"

/* Reviews that no longer count are updated first, since a unique index allows one that counts an author. */
static const char UNCOUNT[] =
    "UPDATE review r SET counts = false WHERE r.subject_id = ANY ($1::uuid[]) AND r.counts AND " LATER_REVIEW;
static const char COUNT[] =
    "UPDATE review r SET counts = true WHERE r.subject_id = ANY ($1::uuid[]) AND NOT r.counts AND NOT " LATER_REVIEW;

static const char RECOUNT[] =
    "UPDATE rating_summary m SET count = f.count, sum = f.sum, stars = f.stars FROM (SELECT asked.id, f.* FROM "
    "unnest($1::uuid[]) asked(id), LATERAL (SELECT " FOLD
    " FROM review r WHERE r.subject_id = asked.id AND r.counts) f) f "
    "WHERE m.subject_id = f.id RETURNING m.subject_id, " SUMMARY_JSON("m.subject_id", "$2", "$3") "::text";

static const char TAKE_DUE[] =
    "WITH taken AS (DELETE FROM summary_recount WHERE subject_id IN (SELECT subject_id FROM summary_recount "
    "ORDER BY subject_id LIMIT " BATCH " FOR UPDATE SKIP LOCKED) RETURNING subject_id) "
    "SELECT coalesce(array_agg(subject_id), '{}')::text, count(*) FROM taken";

static const char ALL_ARE_DUE[] = "INSERT INTO summary_recount SELECT subject_id FROM rating_summary "
				  "UNION SELECT subject_id FROM review ON CONFLICT DO NOTHING";

const struct data_check summary_drift_check = {
    .name = "summary",
    .help = "summaries that are not what their reviews come to: `recount` makes them anew",
    .sql = "SELECT m.subject_id, m.count, m.sum, f.count AS reviews, f.sum AS reviews_sum FROM rating_summary m, "
	   "LATERAL (SELECT " FOLD " FROM review r WHERE r.subject_id = m.subject_id AND r.counts) f "
	   "WHERE (m.count, m.sum, m.stars) IS DISTINCT FROM (f.count, f.sum, f.stars)",
};

int summary_recount(struct rpc_call *call, struct pg_tx *tx, const char *subjects)
{
	const struct rating *rating = call->app;
	summary_lock(call, tx, subjects);
	pg_queue(call->ctx, tx, UNCOUNT, subjects);
	pg_queue(call->ctx, tx, COUNT, subjects);
	struct pg_result *changed =
	    pg_query(call->ctx, tx, RECOUNT, subjects, rating->prior_mean, rating->prior_weight);
	if (!changed)
		return -1;
	for (size_t row = 0; row < pg_count(changed); row++)
		if (rpc_publish(call, tx, "rating.summary.changed", pg_text(changed, row, 0), pg_text(changed, row, 1)))
			return -1;
	return 0;
}

/* One transaction. How many subjects, 0 when none is due; -1 with an error. */
static int64_t recount_batch(struct daemon_worker *worker, struct context *ctx)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	struct rpc_call call = {.ctx = ctx, .caller = &nobody, .worker = worker, .db = worker->db, .app = worker->app};
	struct pg_tx *tx = pg_begin(ctx, worker->db);
	struct pg_result *due = tx ? pg_query(ctx, tx, TAKE_DUE) : NULL;
	if (!due)
		return -1;
	int64_t count = pg_integer(due, 0, 1);
	if (count > 0 && summary_recount(&call, tx, pg_text(due, 0, 0)))
		return -1;
	return rpc_commit(&call, tx) ? -1 : count;
}

int64_t summary_recount_due(struct daemon_worker *worker)
{
	int64_t count = 0, all = 0;
	do {
		struct context ctx;
		context_init(&ctx, deadline_after(DEADLINE));
		count = recount_batch(worker, &ctx);
		if (count < 0 && !co_cancelled())
			log_error_of(LOG_WARNING, &ctx, "summaries were not made anew");
		context_done(&ctx);
		all += count;
	} while (count > 0);
	return count < 0 ? -1 : all;
}

int summary_recount_all(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	(void)argv;
	if (argc != 0) {
		log_event(LOG_ERROR, NULL, "usage: recount");
		return 2;
	}
	ctx->deadline = deadline_after(DEADLINE);
	if (!pg_write(ctx, worker->db, ALL_ARE_DUE)) {
		log_error_of(LOG_ERROR, ctx, "the subjects cannot be read");
		return 1;
	}
	int64_t count = summary_recount_due(worker);
	if (count >= 0)
		printf("{\"recounted\":%lld}\n", (long long)count);
	return count < 0 ? 1 : 0;
}
