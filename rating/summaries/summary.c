#include "summaries/summary.h"

#include "rating.h"

static const char SELECT_SUMMARY[] = "SELECT " SUMMARY_JSON(
    "$1::uuid", "$2", "$3") "::text FROM (SELECT) one LEFT JOIN rating_summary m ON m.subject_id = $1::uuid";

static const char SELECT_SUMMARIES[] = "SELECT jsonb_build_object('items', jsonb_agg(" SUMMARY_JSON(
    "asked.id", "$2", "$3") " ORDER BY asked.place))::text "
			    "FROM (SELECT value::uuid AS id, place FROM jsonb_array_elements_text($1::jsonb) WITH "
			    "ORDINALITY AS a(value, place)) asked "
			    "LEFT JOIN rating_summary m ON m.subject_id = asked.id";

static const char MAKE_SUMMARIES[] = "INSERT INTO rating_summary (subject_id, count, sum, stars) SELECT id, 0, 0, "
				     "'{0,0,0,0,0}' FROM unnest($1::uuid[]) id "
				     "ORDER BY id ON CONFLICT DO NOTHING";

/* In one order, so that writers of several never wait for each other in a circle. */
static const char LOCK_SUMMARIES[] =
    "SELECT FROM rating_summary WHERE subject_id = ANY ($1::uuid[]) ORDER BY subject_id FOR NO KEY UPDATE";

/* floor(score + 0.5): half a star rounds up. $3: the score that no longer counts. */
static const char ADD_SCORE[] = "UPDATE rating_summary m SET count = m.count + 1 - ($3::numeric IS NOT NULL)::integer, "
				"sum = m.sum + $2::numeric - coalesce($3::numeric, 0), "
				"stars = ARRAY(SELECT m.stars[n] + (n = floor($2::numeric + 0.5))::integer "
				"- coalesce((n = floor($3::numeric + 0.5))::integer, 0) FROM generate_series(1, 5) n) "
				"WHERE m.subject_id = $1 RETURNING " SUMMARY_JSON("m.subject_id", "$4", "$5") "::text";

int summary_get(struct rpc_call *call)
{
	const struct rating *rating = call->app;
	struct pg_result *summary = pg_read(call->ctx, call->db, SELECT_SUMMARY, rpc_param(call, "subject_id"),
					    rating->prior_mean, rating->prior_weight);
	return summary ? rpc_reply_row(call, summary, "summary") : -1;
}

int summary_list(struct rpc_call *call)
{
	const struct rating *rating = call->app;
	struct pg_result *summaries = pg_read(call->ctx, call->db, SELECT_SUMMARIES, rpc_param(call, "subject_ids"),
					      rating->prior_mean, rating->prior_weight);
	return summaries ? rpc_reply_row(call, summaries, "summary") : -1;
}

void summary_lock(struct rpc_call *call, struct pg_tx *tx, const char *subjects)
{
	pg_queue(call->ctx, tx, MAKE_SUMMARIES, subjects);
	pg_queue(call->ctx, tx, LOCK_SUMMARIES, subjects);
}

int summary_add(struct rpc_call *call, struct pg_tx *tx, const char *subject_id, const char *score,
		const char *replaced)
{
	const struct rating *rating = call->app;
	struct pg_result *summary =
	    pg_query(call->ctx, tx, ADD_SCORE, subject_id, score, replaced, rating->prior_mean, rating->prior_weight);
	if (!summary)
		return -1;
	return rpc_publish(call, tx, "rating.summary.changed", subject_id, pg_text(summary, 0, 0));
}
