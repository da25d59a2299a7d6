#include "availability/asked.h"

#include "base/clock.h"
#include "on_offer.h"

#define MICROSECONDS(time) "round(date_part('epoch', " time ") * 1000000)::bigint"

static const char SELECT_LISTING[] =
    "SELECT " RULES_COLUMNS ", " LISTING_ON_OFFER
    ", l.company_id, " MICROSECONDS("now()") " FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1";
enum { ZONE = 1, ON_OFFER = RULES_COLUMN_COUNT, COMPANY, NOW };

/* An expired hold may still have its rows for a moment. more: further columns. */
#define TAKEN(more)                                                                                                     \
	"SELECT u.unit, " MICROSECONDS("lower(u.period)") ", " MICROSECONDS("upper(u.period)") more                     \
	    " FROM booking_unit u WHERE u.listing_id = $1 AND u.period && tstzrange($2::timestamptz, $3::timestamptz) " \
	    "AND u.booking_id NOT IN (SELECT b.id FROM booking b WHERE b.state IN ('held', 'requested') "               \
	    "AND b.expires_at <= now())"

static const char SELECT_TAKEN[] = TAKEN("");
static const char SELECT_TAKEN_BY[] = TAKEN(", u.booking_id");

int asked_insider(struct rpc_call *call, const char *company_id)
{
	if (rpc_caller_has_role(call, ROLE_MODERATOR))
		return 1;
	if (call->caller->kind == IDENTITY_ANONYMOUS)
		return 0;
	return rpc_has_right(call, company_id, RIGHT_STAFF);
}

int asked_listing(struct rpc_call *call, struct asked *ret)
{
	ret->listing_id = rpc_param(call, "listing_id");
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_LISTING, ret->listing_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "listing");
	ret->on_offer = pg_boolean(row, 0, ON_OFFER);
	int insider = asked_insider(call, pg_text(row, 0, COMPANY));
	if (insider < 0 && !ret->on_offer)
		return -1;
	/* Public data can be read while passport is down. */
	error_clear(&call->ctx->error);
	if (insider <= 0 && !ret->on_offer)
		return rpc_not_found(call, "listing");
	ret->insider = insider > 0;
	ret->zone_name = pg_text(row, 0, ZONE);
	ret->now = pg_integer(row, 0, NOW);
	return rules_of_row(call->ctx, row, 0, 0, &ret->rules);
}

int asked_period(struct rpc_call *call, struct span *ret)
{
	if (!clock_parse(rpc_param(call, "period.from"), &ret->from))
		return rpc_invalid(call, "/params/period/from", "format", "\"date-time\"");
	if (!clock_parse(rpc_param(call, "period.to"), &ret->to))
		return rpc_invalid(call, "/params/period/to", "format", "\"date-time\"");
	if (ret->to <= ret->from)
		return rpc_invalid(call, "/params/period/to", "after", "\"/params/period/from\"");
	return 0;
}

int asked_taken(struct rpc_call *call, const struct asked *asked, const struct span *period, bool by,
		struct asked_taken *ret)
{
	struct arena *arena = &call->ctx->arena;
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	clock_format(period->from, from);
	clock_format(period->to, to);
	const char *sql = by ? SELECT_TAKEN_BY : SELECT_TAKEN;
	struct pg_result *rows = pg_read(call->ctx, call->db, sql, asked->listing_id, from, to);
	if (!rows)
		return -1;
	struct taken *taken = arena_alloc(arena, pg_count(rows) * sizeof(*taken));
	const char **ids = arena_alloc(arena, pg_count(rows) * sizeof(*ids));
	for (size_t i = 0; i < pg_count(rows); i++) {
		taken[i] =
		    (struct taken){(int)pg_integer(rows, i, 0), {pg_integer(rows, i, 1), pg_integer(rows, i, 2)}};
		ids[i] = by ? pg_text(rows, i, 3) : NULL;
	}
	*ret = (struct asked_taken){pg_count(rows), taken, ids};
	return 0;
}

struct span asked_widened(const struct booking_rules *rules, const struct span *period)
{
	return (struct span){period->from - rules->buffer_before, period->to + rules->buffer_after};
}

int asked_total(const struct asked *asked)
{
	return asked->rules.units + asked->rules.overbooking;
}
