#include "availability/asked.h"

#include "base/civil.h"
#include "base/clock.h"
#include "on_offer.h"

#define MICROSECONDS(time) "round(date_part('epoch', " time ") * 1000000)::bigint"

static const char SELECT_LISTING[] =
    "SELECT " RULES_COLUMNS ", " LISTING_ON_OFFER
    ", l.company_id, " MICROSECONDS("now()") " FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1";
enum { ZONE = 1, ON_OFFER = RULES_COLUMN_COUNT, COMPANY, NOW };

/* The columns of asked_row. */
enum { ROW_ANSWER, ROW_ON_OFFER, ROW_COMPANY };

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

struct pg_result *asked_row(struct rpc_call *call, const char *sql)
{
	struct pg_result *row = pg_read(call->ctx, call->db, sql, rpc_param(call, "listing_id"));
	if (row && pg_count(row) > 0)
		return row;
	if (row)
		(void)rpc_not_found(call, "listing");
	return NULL;
}

int asked_reply(struct rpc_call *call, const struct pg_result *row)
{
	int shown = pg_boolean(row, 0, ROW_ON_OFFER) ? 1 : asked_insider(call, pg_text(row, 0, ROW_COMPANY));
	if (shown < 0)
		return -1;
	return shown ? rpc_reply_row(call, row, "listing") : rpc_not_found(call, "listing");
}

int asked_require_manager(struct rpc_call *call, const struct pg_result *row)
{
	if (rpc_require_right(call, pg_text(row, 0, ROW_COMPANY), RIGHT_MANAGER) == 0)
		return 0;
	return pg_boolean(row, 0, ROW_ON_OFFER) ? -1 : rpc_hide(call, "listing");
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

int asked_form(struct rpc_call *call, bool optional, enum asked_form *ret)
{
	bool period = rpc_param_json(call, "period"), dates = rpc_param_json(call, "dates");
	*ret = period ? ASKED_PERIOD : dates ? ASKED_DATES : ASKED_NEITHER;
	if (period && dates)
		return rpc_invalid(call, "/params/dates", "beside", "\"/params/period\"");
	return period || dates || optional ? 0 : rpc_invalid(call, "/params/period", "required", NULL);
}

int asked_dates(struct rpc_call *call, const struct booking_rules *rules, int64_t *ret_from, int64_t *ret_to)
{
	if (!civil_parse(rpc_param(call, "dates.from"), ret_from))
		return rpc_invalid(call, "/params/dates/from", "format", "\"date\"");
	if (!civil_parse(rpc_param(call, "dates.to"), ret_to))
		return rpc_invalid(call, "/params/dates/to", "format", "\"date\"");
	bool nights = rules->unit == SALE_NIGHT;
	if (*ret_to < *ret_from + (nights ? 1 : 0))
		return rpc_invalid(call, "/params/dates/to", nights ? "after" : "not_before", "\"/params/dates/from\"");
	return 0;
}

int asked_dates_period(struct rpc_call *call, const struct booking_rules *rules, struct span *ret)
{
	int64_t from = 0, to = 0;
	if (asked_dates(call, rules, &from, &to))
		return -1;
	int64_t after = rules->unit == SALE_NIGHT ? to : to + 1;
	if (!hours_of_dates(rules, from, to, ret))
		*ret = (struct span){zone_day_start(rules->zone, from), zone_day_start(rules->zone, after)};
	return 0;
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
