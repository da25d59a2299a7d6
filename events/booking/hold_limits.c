#include "booking/hold_limits.h"

#define HOLDS_MAX 5

static const char LOCK_USER[] = "SELECT pg_advisory_xact_lock(hashtextextended('booking.hold ' || $1, 0))";

/* The user's live holds of this listing and of all, and those of the last 30 minutes on this time that are over. */
static const char COUNT_HOLDS[] =
    "SELECT count(*) FILTER (WHERE b.state = 'held' AND b.expires_at > $3::timestamptz AND b.listing_id = $2 AND NOT b.option), "
    "count(*) FILTER (WHERE b.state = 'held' AND b.expires_at > $3::timestamptz AND NOT b.option), "
    "count(*) FILTER (WHERE b.listing_id = $2 AND b.period && $4::tstzrange AND b.held_at IS NOT NULL AND NOT b.option "
    "AND (b.state IN ('expired', 'cancelled') OR b.state = 'held' AND b.expires_at <= $3::timestamptz) "
    "AND least(b.expires_at, coalesce(b.cancelled_at, b.expires_at)) > $3::timestamptz - interval '30 minutes') "
    "FROM booking b WHERE b.user_id = $1 AND b.created_at > $3::timestamptz - interval '1 hour'";

static const char *maximum(struct rpc_call *call, int64_t most)
{
	return arena_printf(&call->ctx->arena, "\"maximum\":%lld", (long long)most);
}

void hold_limits_lock(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, LOCK_USER, user_id);
}

int hold_limits_check(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		      const char *user_id)
{
	struct pg_result *holds = pg_query(call->ctx, tx, COUNT_HOLDS, user_id, terms->listing_id,
					   terms_time(call, terms->now), wish_range(call, &wish->period));
	if (!holds)
		return -1;
	if (pg_integer(holds, 0, 0) > 0)
		return rpc_precondition(call, "hold_limit", maximum(call, 1), "you hold this listing already");
	if (pg_integer(holds, 0, 1) >= HOLDS_MAX)
		return rpc_precondition(call, "hold_limit", maximum(call, HOLDS_MAX),
					"you hold as much as one may hold");
	if (pg_integer(holds, 0, 2) > 0)
		return rpc_precondition(call, "hold_again", NULL, "you held this time less than 30 minutes ago");
	return 0;
}
