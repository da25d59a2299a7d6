#include "availability/slots.h"

#include "availability/free_time.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "daemon/daemon.h"

#include <inttypes.h>

#define ANSWER_MOST (1024 * 1024) /* bytes */
#define DAY (86400 * CLOCK_SECOND)
#define MINUTE (60 * CLOCK_SECOND)

static int read_search(struct rpc_call *call, struct free_search *ret)
{
	if (asked_listing(call, &ret->asked) || asked_period(call, &ret->window))
		return -1;
	if (ret->window.to - ret->window.from > SLOTS_DAYS_MOST * DAY + 2 * 3600 * CLOCK_SECOND)
		return rpc_invalid(call, "/params/period/to", "maximum_days", "62");
	ret->units = (int)rpc_param_integer(call, "units", 1);
	ret->guests = (int)rpc_param_integer(call, "guests", 0);
	ret->shortest = config_integer(call->worker->config, "booking_shortest");
	ret->length = rpc_param_integer(call, "length_minutes", 0) * MINUTE;
	ret->days = rpc_param_integer(call, "length_days", 0);
	ret->most = SLOTS_MOST;
	ret->arena = &call->ctx->arena;
	bool timed = ret->asked.rules.unit == SALE_HOUR || ret->asked.rules.unit == SALE_SESSION;
	if (timed && ret->days > 0)
		return rpc_invalid(call, "/params/length_days", "only_for_dates", NULL);
	if (!timed && ret->length > 0)
		return rpc_invalid(call, "/params/length_minutes", "only_for_hours", NULL);
	return 0;
}

static void append_list(struct buffer *out, const char *name, const struct free_list *list)
{
	buffer_printf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < list->count; i++) {
		const struct free_time *time = &list->items[i];
		char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
		clock_format(time->period.from, from);
		clock_format(time->period.to, to);
		buffer_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\",\"free_units\":%d", i > 0 ? "," : "", from, to,
			      time->free);
		if (time->unit > 0)
			buffer_printf(out, ",\"unit\":%d", time->unit);
		buffer_append_char(out, '}');
	}
	buffer_append_char(out, ']');
}

static int reply(struct rpc_call *call, const struct asked *asked, const struct free_list *slots,
		 const struct free_list *starts)
{
	char now[CLOCK_TEXT_SIZE];
	clock_format(asked->now, now);
	struct buffer out;
	buffer_init_arena(&out, &call->ctx->arena, ANSWER_MOST);
	buffer_printf(&out, "{\"listing_id\":\"%s\",\"time_zone\":\"%s\",\"as_of\":\"%s\"", asked->listing_id,
		      asked->zone_name, now);
	append_list(&out, "slots", slots);
	if (starts)
		append_list(&out, "starts", starts);
	bool truncated = slots->truncated || (starts && starts->truncated);
	buffer_printf(&out, ",\"truncated\":%s}", truncated ? "true" : "false");
	return rpc_reply_text(call, buffer_text(&out), out.length);
}

int availability_slots(struct rpc_call *call)
{
	struct free_search search;
	if (read_search(call, &search))
		return -1;
	struct span needed = free_time_needed(&search);
	struct asked_taken taken;
	if (asked_taken(call, &search.asked, &needed, false, &taken))
		return -1;
	search.taken = taken.rows;
	search.taken_count = taken.count;
	struct free_list slots = free_time_slots(&search), starts = {0};
	bool by_length = search.length > 0 || search.days > 0;
	if (by_length)
		starts = free_time_starts(&search);
	return reply(call, &search.asked, &slots, by_length ? &starts : NULL);
}
