#include "availability/clash.h"

#include "availability/verdict.h"
#include "base/clock.h"

#define ARRAY_MOST (64 * 1024) /* bytes */
#define MICROSECONDS(time) "(extract(epoch FROM " time ") * 1000000)::bigint"

/* By the clock: the transaction may have begun before a booking ended that it waited for. now() is for the index. */
static const char SELECT_TO_COME[] = "SELECT b.id, " MICROSECONDS("lower(b.period)") ", " MICROSECONDS(
    "upper(b.period)") ", b.units, coalesce(b.guests, 0) FROM booking b WHERE b.listing_id = $1 "
		       "AND b.kind = 'booking' AND b.state IN ('held', 'requested', 'confirmed') AND upper(b.period) > now() "
		       "AND upper(b.period) > clock_timestamp() "
		       "AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp()) "
		       "ORDER BY lower(b.period), b.id LIMIT " CLASH_READ_MOST;

static struct booking_wish booked(const struct pg_result *rows, size_t row)
{
	return (struct booking_wish){
	    .period = {pg_integer(rows, row, 1), pg_integer(rows, row, 2)},
	    .units = (int)pg_integer(rows, row, 3),
	    .guests = (int)pg_integer(rows, row, 4),
	};
}

static void append(struct buffer *out, const char *id, const struct span *period, const char *rule)
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	clock_format(period->from, from);
	clock_format(period->to, to);
	buffer_printf(out, "%s{\"id\":\"%s\",\"period\":{\"from\":\"%s\",\"to\":\"%s\"},\"rule\":\"%s\"}",
		      out->length > 1 ? "," : "", id, from, to, rule);
}

int clash_find(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const struct booking_rules *rules,
	       const char **ret)
{
	struct pg_result *rows = pg_query(call->ctx, tx, SELECT_TO_COME, listing_id);
	if (!rows)
		return -1;
	struct buffer found;
	buffer_init_arena(&found, &call->ctx->arena, ARRAY_MOST);
	buffer_append_char(&found, '[');
	size_t count = 0;
	for (size_t i = 0; i < pg_count(rows) && count < CLASH_MOST; i++) {
		struct booking_wish wish = booked(rows, i);
		struct verdict verdict;
		verdict_of_period(rules, &wish, &call->ctx->arena, &verdict);
		if (verdict.count == 0)
			continue;
		append(&found, pg_text(rows, i, 0), &wish.period, verdict.refusals[0].rule);
		count++;
	}
	buffer_append_char(&found, ']');
	*ret = buffer_text(&found);
	return 0;
}
