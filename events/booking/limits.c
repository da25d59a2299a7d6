#include "booking/limits.h"

#include "zone/zone.h"

#define HOLDS_MAX 5
#define DAY (86400 * CLOCK_SECOND)
#define MINUTE (60 * CLOCK_SECOND)

/* What counts: held, requested and confirmed, by listing; holds and requests that have expired are over. $3: the
 * write's clock; $4: the local day of the wish; $5: what must stay free around it; $6: without this one. */
static const char COUNT_OWN[] =
    "SELECT count(*), count(*) FILTER (WHERE lower(b.period) <@ $4::tstzrange), "
    "coalesce(sum(CASE WHEN b.period && $4::tstzrange THEN extract(epoch FROM upper(b.period * $4::tstzrange) - "
    "lower(b.period * $4::tstzrange)) * 1000000 END), 0)::bigint, "
    "count(*) FILTER (WHERE b.period && $5::tstzrange) "
    "FROM booking b WHERE b.user_id = $1 AND b.listing_id = $2 AND b.kind = 'booking' "
    "AND b.state IN ('held', 'requested', 'confirmed') AND (b.expires_at IS NULL OR b.expires_at > $3::timestamptz) "
    "AND upper(b.period) > $3::timestamptz AND b.id IS DISTINCT FROM $6::uuid";

static const char LOCK_USER[] = "SELECT pg_advisory_xact_lock(hashtextextended('booking.hold ' || $1, 0))";

/* The user's live holds of this listing and of all, and those of the last 30 minutes on this time that are over. */
static const char COUNT_HOLDS[] =
    "SELECT count(*) FILTER (WHERE b.state = 'held' AND b.expires_at > $3::timestamptz AND b.listing_id = $2 AND NOT b.option), "
    "count(*) FILTER (WHERE b.state = 'held' AND b.expires_at > $3::timestamptz AND NOT b.option), "
    "count(*) FILTER (WHERE b.listing_id = $2 AND b.period && $4::tstzrange AND b.held_at IS NOT NULL AND NOT b.option "
    "AND (b.state IN ('expired', 'cancelled') OR b.state = 'held' AND b.expires_at <= $3::timestamptz) "
    "AND least(b.expires_at, coalesce(b.cancelled_at, b.expires_at)) > $3::timestamptz - interval '30 minutes') "
    "FROM booking b WHERE b.user_id = $1 AND b.created_at > $3::timestamptz - interval '1 hour'";

static int64_t local_start(const struct terms *terms, int64_t instant)
{
	int64_t local = zone_local(terms->rules.zone, instant);
	return zone_day_start(terms->rules.zone, (local - (local % DAY + DAY) % DAY) / DAY);
}

/* The venue's day in which the wish begins. */
static struct span local_day(const struct terms *terms, int64_t instant)
{
	int64_t local = zone_local(terms->rules.zone, instant);
	int64_t day = (local - (local % DAY + DAY) % DAY) / DAY;
	return (struct span){local_start(terms, instant), zone_day_start(terms->rules.zone, day + 1)};
}

static const char *maximum(struct rpc_call *call, int64_t most)
{
	return arena_printf(&call->ctx->arena, "\"maximum\":%lld", (long long)most);
}

static bool limited(const struct booking_rules *rules)
{
	return rules->bookings_per_user > 0 || rules->bookings_per_user_per_day > 0 ||
	       rules->time_per_user_per_day > 0 || rules->gap_per_user > 0;
}

/* How much of the wish lies in its own day. */
static int64_t within(const struct span *wish, const struct span *day)
{
	return (wish->to < day->to ? wish->to : day->to) - wish->from;
}

int limits_check(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
		 const char *user_id, const char *without)
{
	const struct booking_rules *rules = &terms->rules;
	if (!user_id || !limited(rules))
		return 0;
	struct span day = local_day(terms, wish->period.from);
	struct span gap = {wish->period.from - rules->gap_per_user, wish->period.to + rules->gap_per_user};
	struct pg_result *own =
	    pg_query(call->ctx, tx, COUNT_OWN, user_id, terms->listing_id, terms_time(call, terms->now),
		     wish_range(call, &day), wish_range(call, &gap), without);
	if (!own)
		return -1;
	if (rules->bookings_per_user > 0 && pg_integer(own, 0, 0) >= rules->bookings_per_user)
		return rpc_precondition(call, "user_bookings", maximum(call, rules->bookings_per_user),
					"you have as many bookings here as one may have");
	if (rules->bookings_per_user_per_day > 0 && pg_integer(own, 0, 1) >= rules->bookings_per_user_per_day)
		return rpc_precondition(call, "user_bookings_per_day", maximum(call, rules->bookings_per_user_per_day),
					"you have as many bookings on this day as one may have");
	if (rules->time_per_user_per_day > 0 &&
	    pg_integer(own, 0, 2) + within(&wish->period, &day) > rules->time_per_user_per_day)
		return rpc_precondition(call, "user_time_per_day", maximum(call, rules->time_per_user_per_day / MINUTE),
					"with this you would have more time on this day than one may have");
	if (rules->gap_per_user > 0 && pg_integer(own, 0, 3) > 0)
		return rpc_precondition(call, "user_gap", maximum(call, rules->gap_per_user / MINUTE),
					"another booking of yours is too near");
	return 0;
}

void limits_lock_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, LOCK_USER, user_id);
}

int limits_check_holds(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct wish *wish,
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
