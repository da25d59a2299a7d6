#include "reviews/review_of_author.h"

#include "base/clock.h"
#include "daemon/daemon.h"
#include "summaries/summary.h"

/* One row: whether the booking has a review, and of the author's last one: id, score, whether it is too young for
 * another one, when it will not be. */
static const char SELECT_LAST[] =
    "SELECT EXISTS (SELECT FROM review WHERE booking_id = $3), last.id, last.score::text, "
    "last.again > clock_timestamp(), api_time(last.again) FROM (SELECT) one LEFT JOIN LATERAL "
    "(SELECT r.id, r.score, r.created_at + $4::bigint * interval '1 microsecond' AS again FROM review r "
    "WHERE r.subject_id = $1 AND r.author_id = $2 AND r.counts) last ON true";

static const char UNCOUNT[] = "UPDATE review SET counts = false WHERE id = $1";

const struct data_check review_interval_check = {
    .name = "review_interval",
    .help = "reviews within review_interval of an earlier one by the same author: the latest counts",
    .setting = "review_interval",
    .sql = "SELECT r.id, r.subject_id, r.author_id, r.booking_id, api_time(r.created_at) AS created_at, r.counts "
	   "FROM review r WHERE EXISTS (SELECT FROM review before WHERE before.author_id = r.author_id "
	   "AND before.subject_id = r.subject_id AND (before.created_at, before.id) < (r.created_at, r.id) "
	   "AND before.created_at > r.created_at - $1::bigint * interval '1 microsecond')",
};

static int too_soon(struct rpc_call *call, int64_t interval, const char *again)
{
	return rpc_precondition(call, "review_interval",
				arena_printf(&call->ctx->arena, "\"interval_seconds\":%lld,\"allowed_from\":\"%s\"",
					     (long long)(interval / CLOCK_SECOND), again),
				"you have reviewed this listing already; again from %s on", again);
}

int review_of_author_replace(struct rpc_call *call, struct pg_tx *tx, const char *subject_id, const char **ret_replaced)
{
	struct arena *arena = &call->ctx->arena;
	int64_t interval = config_integer(call->worker->config, "review_interval");
	summary_lock(call, tx, arena_printf(arena, "{%s}", subject_id));
	struct pg_result *last =
	    pg_query(call->ctx, tx, SELECT_LAST, subject_id, rpc_caller_id(call), rpc_param(call, "booking_id"),
		     arena_printf(arena, "%lld", (long long)interval));
	if (!last)
		return -1;
	if (pg_boolean(last, 0, 0))
		return rpc_conflict(call, "already_reviewed", "this booking has a review");
	if (pg_boolean(last, 0, 3))
		return too_soon(call, interval, pg_text(last, 0, 4));
	*ret_replaced = pg_text(last, 0, 2);
	if (*ret_replaced)
		pg_queue(call->ctx, tx, UNCOUNT, pg_text(last, 0, 1));
	return 0;
}
