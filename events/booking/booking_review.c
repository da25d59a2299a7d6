#include "booking/booking_review.h"

#include "booking/store/period.h"

/* Made before its end and cancelled after it: an import, which does both at once, brings none of these. */
#define CANCELLED_LATE "b.cancelled_at >= upper(b.period) AND b.created_at < upper(b.period)"

const struct data_check cancelled_late_check = {
    .name = "before_end",
    .help = "bookings cancelled after their end: they took place, and can be reviewed",
    .sql = "SELECT b.id, b.listing_id, b.user_id, api_period(b.period) AS period, "
	   "api_time(b.cancelled_at) AS cancelled_at FROM booking b WHERE " CANCELLED_LATE " ORDER BY b.id",
};

#define TOO_SHORT PERIOD_SHORTER("b.period", "$2")

/* Nothing cancels a booking after its end any more, and a cancellation by the company after the period began does not
 * prevent a review. $2: booking_shortest in microseconds. */
static const char SELECT_FOR_REVIEW[] =
    "SELECT jsonb_build_object('listing_id', b.listing_id, 'company_id', b.company_id, 'user_id', b.user_id, "
    "'took_place', upper(b.period) <= now() "
    "AND (b.state IN ('confirmed', 'completed') OR b.cancelled_at <@ b.period OR " CANCELLED_LATE "), "
    "'by_member', b.by_member, 'too_short', " TOO_SHORT ", 'minimum_seconds', $2::bigint / 1000000)::text "
    "FROM booking b WHERE b.id = $1";

int booking_for_review(struct rpc_call *call)
{
	struct pg_result *booking =
	    pg_read(call->ctx, call->db, SELECT_FOR_REVIEW, rpc_param(call, "id"),
		    arena_printf(&call->ctx->arena, "%lld", (long long)period_shortest(call->worker)));
	return booking ? rpc_reply_row(call, booking, "booking") : -1;
}
