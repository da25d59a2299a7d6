#include "summary.h"

#include "rating.h"

static const char SELECT_SUMMARY[] = "SELECT " SUMMARY_JSON(
    "$1::uuid", "$2", "$3") "::text FROM (SELECT) one LEFT JOIN rating_summary m ON m.subject_id = $1::uuid";

static const char SELECT_SUMMARIES[] = "SELECT jsonb_build_object('items', jsonb_agg(" SUMMARY_JSON(
    "asked.id", "$2", "$3") " ORDER BY asked.place))::text "
			    "FROM (SELECT value::uuid AS id, place FROM jsonb_array_elements_text($1::jsonb) WITH "
			    "ORDINALITY AS a(value, place)) asked "
			    "LEFT JOIN rating_summary m ON m.subject_id = asked.id";

/* floor(score + 0.5): half a star rounds up. */
static const char ADD_SCORE[] =
    "INSERT INTO rating_summary AS m (subject_id, count, sum, stars) VALUES ($1, 1, $2::numeric, "
    "ARRAY(SELECT (n = floor($2::numeric + 0.5))::integer::bigint FROM generate_series(1, 5) n)) "
    "ON CONFLICT (subject_id) DO UPDATE SET count = m.count + 1, sum = m.sum + excluded.sum, "
    "stars = ARRAY(SELECT m.stars[n] + excluded.stars[n] FROM generate_series(1, 5) n) "
    "RETURNING " SUMMARY_JSON("m.subject_id", "$3", "$4") "::text";

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

int summary_add(struct rpc_call *call, struct pg_tx *tx, const char *subject_id, const char *score)
{
	const struct rating *rating = call->app;
	struct pg_result *summary =
	    pg_query(call->ctx, tx, ADD_SCORE, subject_id, score, rating->prior_mean, rating->prior_weight);
	if (!summary)
		return -1;
	return rpc_publish(call, tx, "rating.summary.changed", subject_id, pg_text(summary, 0, 0));
}
