#include "availability/explain.h"

#include "availability/asked_units.h"
#include "availability/user_limits.h"
#include "availability/verdict.h"
#include "base/clock.h"
#include "daemon/daemon.h"

#include <string.h>

#define ANSWER_MOST (256 * 1024) /* bytes */
#define IDS_MOST 100		 /* bookings named */

static int read_wish(struct rpc_call *call, const struct asked *asked, struct booking_wish *ret)
{
	*ret = (struct booking_wish){
	    .guests = (int)rpc_param_integer(call, "guests", 0),
	    .shortest = config_integer(call->worker->config, "booking_shortest"),
	};
	enum asked_form form = ASKED_NEITHER;
	if (asked_form(call, false, &form) || asked_units(call, 1, &ret->units) ||
	    asked_units_check(call, &asked->rules))
		return -1;
	return form == ASKED_DATES ? asked_dates_period(call, &asked->rules, &ret->period)
				   : asked_period(call, &ret->period);
}

/* The first moment of the period at which fewer units are free than wanted. */
static int64_t booked_from(const struct free_step *steps, size_t count, int wanted, const struct span *period)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].free < wanted)
			return steps[i].period.from;
	return period->from;
}

/* The bookings that have units, each once, as a JSON array. */
static const char *booking_ids(struct arena *arena, const struct asked_taken *taken)
{
	struct buffer ids;
	buffer_init_arena(&ids, arena, ANSWER_MOST);
	buffer_append_char(&ids, '[');
	size_t count = 0;
	for (size_t i = 0; i < taken->count && count < IDS_MOST; i++) {
		bool known = strstr(buffer_text(&ids), taken->booking_ids[i]) != NULL;
		if (known)
			continue;
		buffer_printf(&ids, "%s\"%s\"", count++ > 0 ? "," : "", taken->booking_ids[i]);
	}
	buffer_append_char(&ids, ']');
	return buffer_text(&ids);
}

/* Which listings that share walls with it have taken that time: a JSON array; NULL when none has. An expired hold may
 * still have its rows for a moment. */
static const char SELECT_SHARED[] =
    "SELECT jsonb_agg(DISTINCT b.listing_id)::text FROM booking_unit u JOIN booking b ON b.id = u.booking_id "
    "WHERE u.listing_id = $1 AND u.period && tstzrange($2::timestamptz, $3::timestamptz) AND b.listing_id <> $1 "
    "AND (b.state NOT IN ('held', 'requested') OR b.expires_at > now()) IS NOT FALSE";

static int taken_by_others(struct rpc_call *call, const struct asked *asked, const struct span *period,
			   const char **ret)
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	clock_format(period->from, from);
	clock_format(period->to, to);
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_SHARED, asked->listing_id, from, to);
	*ret = row ? pg_text(row, 0, 0) : NULL;
	return row ? 0 : -1;
}

/* Adds that so many units are free where more are wanted, from when on, through whose walls, and by which bookings. */
static int add_booked(struct rpc_call *call, const struct asked *asked, int free, int wanted, int64_t from,
		      const struct span *widened, const struct asked_taken *taken, struct verdict *verdict)
{
	struct arena *arena = &call->ctx->arena;
	struct words_value values[5] = {
	    words_number(arena, "free", free),
	    words_number(arena, "wanted", wanted),
	    words_instant(arena, "booked_from", asked->rules.zone, from),
	};
	size_t count = 3;
	const char *others = NULL;
	if (taken_by_others(call, asked, widened, &others))
		return -1;
	if (others)
		values[count++] = (struct words_value){
		    "shared_with", others, {"what shares walls with it", "то, с чем у него общие стены"}};
	if (asked->insider)
		values[count++] = (struct words_value){.name = "booking_ids", .json = booking_ids(arena, taken)};
	verdict_add(verdict, words_refusal(arena, "booked", count, values));
	return 0;
}

/* Of `total` units. */
static int judge_taken(struct rpc_call *call, const struct asked *asked, const struct booking_wish *wish, int total,
		       const struct asked_taken *taken, struct verdict *verdict)
{
	struct arena *arena = &call->ctx->arena;
	const struct booking_rules *rules = &asked->rules;
	struct span widened = asked_widened(rules, &wish->period);
	struct free_step *steps;
	size_t count = capacity_steps(total, taken->rows, taken->count, &widened, arena, &steps);
	int free = rules->named ? capacity_named(total, taken->rows, taken->count, &widened, arena)
				: capacity_least(steps, count, &widened);
	int64_t from = booked_from(steps, count, wish->units, &widened);
	return free < wish->units ? add_booked(call, asked, free, wish->units, from, &widened, taken, verdict) : 0;
}

/* Of a period that is too long for any booking it is not asked what is taken: that may be very much. */
static int judge_units(struct rpc_call *call, const struct asked *asked, const struct booking_wish *wish,
		       struct verdict *verdict)
{
	const struct words_value all = words_number(&call->ctx->arena, "units", asked_total(asked));
	struct span widened = asked_widened(&asked->rules, &wish->period);
	if (wish->units > asked_total(asked)) {
		verdict_add(verdict, words_refusal(&call->ctx->arena, "units_missing", 1, &all));
		return 0;
	}
	if (hours_days(&asked->rules, &wish->period) > HOURS_DATES_MOST)
		return 0;
	struct asked_taken all_taken;
	if (asked_taken(call, asked, &widened, asked->insider, &all_taken))
		return -1;
	struct asked_taken taken = asked_units_of(call, &all_taken);
	int total = rpc_param_json(call, "unit_numbers") ? wish->units : asked_total(asked);
	return judge_taken(call, asked, wish, total, &taken, verdict);
}

/* What the caller's own bookings leave. */
static int judge_user(struct rpc_call *call, const struct asked *asked, const struct booking_wish *wish,
		      struct verdict *verdict)
{
	const struct user_wish of_user = {
	    .user_id = rpc_caller_id(call),
	    .listing_id = asked->listing_id,
	    .period = wish->period,
	    .now = asked->now,
	};
	return user_limits_judge(call, NULL, &asked->rules, &of_user, verdict);
}

static void judge_offer(struct rpc_call *call, const struct asked *asked, struct verdict *verdict)
{
	if (!asked->on_offer)
		verdict_add(verdict, words_refusal(&call->ctx->arena, "not_on_offer", 0, NULL));
}

static void append_refusals(struct rpc_call *call, struct buffer *out, const struct verdict *verdict)
{
	const char *language = rpc_param(call, "language");
	buffer_append_text(out, "\"first\":");
	if (verdict->count > 0)
		words_append(out, &verdict->refusals[0], language);
	else
		buffer_append_text(out, "null");
	buffer_append_text(out, ",\"refusals\":[");
	for (size_t i = 0; i < verdict->count; i++) {
		if (i > 0)
			buffer_append_char(out, ',');
		words_append(out, &verdict->refusals[i], language);
	}
	buffer_append_text(out, "]}");
}

static int reply(struct rpc_call *call, const struct asked *asked, const struct booking_wish *wish,
		 const struct verdict *verdict)
{
	char now[CLOCK_TEXT_SIZE], from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	clock_format(asked->now, now);
	clock_format(wish->period.from, from);
	clock_format(wish->period.to, to);
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, ANSWER_MOST);
	buffer_printf(
	    &out, "{\"bookable\":%s,\"as_of\":\"%s\",\"time_zone\":\"%s\",\"period\":{\"from\":\"%s\",\"to\":\"%s\"},",
	    verdict->count == 0 ? "true" : "false", now, asked->zone_name, from, to);
	append_refusals(call, &out, verdict);
	return rpc_reply_text(call, buffer_text(&out), out.length);
}

int availability_explain(struct rpc_call *call)
{
	struct asked asked;
	struct booking_wish wish;
	if (asked_listing(call, &asked) || read_wish(call, &asked, &wish))
		return -1;
	struct verdict verdict;
	verdict_of(&asked.rules, &wish, asked.now, &call->ctx->arena, &verdict);
	if (judge_user(call, &asked, &wish, &verdict) || judge_units(call, &asked, &wish, &verdict))
		return -1;
	judge_offer(call, &asked, &verdict);
	return reply(call, &asked, &wish, &verdict);
}
