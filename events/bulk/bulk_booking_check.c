#include "bulk/bulk_booking_check.h"

#include "api/api.h"
#include "base/clock.h"
#include "booking/store/period.h"
#include "booking/store/state.h"
#include "bulk/bulk_check.h"

#include <string.h>

/* Times of a line: name by name made what every PostgreSQL reads, UTC with Z. */
static const char *const times[] = {"created_at", "first_start", "expires_at", "held_at",     "offered_at",
				    "decided_at", "changed_at",	 "ended_at",   "cancelled_at"};

static bool normalize(struct json_object *object, const char *name)
{
	const char *text = bulk_text(object, name);
	int64_t instant = 0;
	if (!text)
		return true;
	if (!clock_parse(text, &instant))
		return false;
	if (text[strlen(text) - 1] != 'Z') {
		char utc[CLOCK_TEXT_SIZE];
		clock_format(instant, utc);
		json_object_object_add(object, name, json_object_new_string(utc));
	}
	return true;
}

static const char *check_times(struct rpc_call *call, struct json_object *line)
{
	struct json_object *period = json_object_object_get(line, "period");
	if (!normalize(period, "from") || !normalize(period, "to"))
		return "/period: from and to must be RFC 3339 times";
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (!normalize(line, times[i]))
			return arena_printf(&call->ctx->arena, "/%s: format date-time", times[i]);
	return NULL;
}

static int64_t instant_of(struct json_object *object, const char *name)
{
	int64_t instant = 0;
	const char *text = bulk_text(object, name);
	return text && clock_parse(text, &instant) ? instant : 0;
}

static const char *check_period(struct rpc_call *call, struct json_object *line, enum booking_state state)
{
	struct json_object *period = json_object_object_get(line, "period");
	int64_t from = instant_of(period, "from"), to = instant_of(period, "to");
	int64_t shortest = period_shortest(call->worker);
	bool ended_early = json_object_object_get(line, "ended_at") || state == BOOKING_CANCELLED;
	if (to <= from)
		return "/period/to: not after from";
	if (to - from < shortest && !ended_early && strcmp(bulk_text(line, "kind"), "booking") == 0)
		return arena_printf(&call->ctx->arena, "/period: shorter than booking_shortest, %lld s",
				    (long long)(shortest / CLOCK_SECOND));
	return NULL;
}

/* A customer without an account whom the company has forgotten: an empty object. */
static bool is_forgotten(struct json_object *customer)
{
	return json_object_is_type(customer, json_type_object) && json_object_object_length(customer) == 0;
}

/* The form; of a customer who was forgotten there is none to look at. */
static bool has_form(struct rpc_call *call, struct import_line *line)
{
	const struct schema *schema = api_component(call->worker->api, "ImportedBooking");
	struct json_object *customer = json_object_object_get(line->value, "customer");
	if (!is_forgotten(customer))
		return bulk_fits(call, schema, line->value, line);
	json_object_object_del(line->value, "customer");
	bool fits = bulk_fits(call, schema, line->value, line);
	json_object_object_add(line->value, "customer", json_object_new_object());
	return fits;
}

static const char *check_parties(struct json_object *line)
{
	struct json_object *customer = json_object_object_get(line, "customer");
	if (!bulk_text(line, "listing_id") &&
	    !(bulk_text(line, "company_id") && bulk_text(line, "listing_external_id")))
		return "/listing_id: neither it nor company_id with listing_external_id";
	if (!customer || is_forgotten(customer))
		return NULL;
	if (bulk_text(line, "user_id") || bulk_text(customer, "user_id"))
		return "/customer: beside user_id, which is who has an account";
	if (!bulk_text(customer, "name"))
		return "/customer/name: required";
	if (!bulk_text(customer, "phone") && !bulk_text(customer, "email"))
		return "/customer/email: required";
	return NULL;
}

/* What a total says, and what the lines do. */
static const char *check_price(struct json_object *line)
{
	struct json_object *price = json_object_object_get(line, "price");
	struct json_object *lines = json_object_object_get(line, "price_lines"), *total = NULL;
	if (!price || !lines)
		return NULL;
	total = json_object_object_get(lines, "total");
	if (json_object_get_int64(json_object_object_get(price, "amount")) != json_object_get_int64(total))
		return "/price/amount: not the total of price_lines";
	return NULL;
}

static const char *check_units(struct json_object *line)
{
	struct json_object *units = json_object_object_get(line, "units");
	struct json_object *numbers = json_object_object_get(line, "unit_numbers");
	if (numbers && (int64_t)json_object_array_length(numbers) != (units ? json_object_get_int64(units) : 1))
		return "/unit_numbers: as many as units";
	return NULL;
}

/* What the line says it is; without, what it is since it stands there. */
static enum booking_state given_state(struct json_object *line)
{
	const char *state = bulk_text(line, "state");
	return state ? booking_state_of(state) : BOOKING_CONFIRMED;
}

static const char *check_state(struct json_object *line, enum booking_state state, int64_t now)
{
	struct json_object *period = json_object_object_get(line, "period");
	bool block = strcmp(bulk_text(line, "kind"), "block") == 0;
	if (block && state != BOOKING_CONFIRMED && state != BOOKING_CANCELLED)
		return "/state: enum [\"confirmed\",\"cancelled\"] of a block";
	if (state == BOOKING_COMPLETED && instant_of(period, "to") > now)
		return "/state: completed when it has ended";
	if (state == BOOKING_NO_SHOW && instant_of(period, "from") > now)
		return "/state: no_show when it has begun";
	if ((state == BOOKING_HELD || state == BOOKING_REQUESTED) && !bulk_text(line, "expires_at"))
		return "/expires_at: required of a hold and a request";
	return NULL;
}

static void set_text(struct json_object *line, const char *name, const char *text)
{
	json_object_object_add(line, name, json_object_new_string(text));
}

static void set_default(struct json_object *line, const char *name, const char *text)
{
	if (!json_object_object_get(line, name))
		set_text(line, name, text);
}

/* Sets what it has become by now, and when. */
static void settle(struct json_object *line, enum booking_state state, int64_t now)
{
	struct json_object *period = json_object_object_get(line, "period");
	bool booking = strcmp(bulk_text(line, "kind"), "booking") == 0;
	char text[CLOCK_TEXT_SIZE];
	clock_format(now, text);
	if (state == BOOKING_CONFIRMED && booking && instant_of(period, "to") <= now)
		state = BOOKING_COMPLETED;
	if ((state == BOOKING_HELD || state == BOOKING_REQUESTED) && instant_of(line, "expires_at") <= now)
		state = BOOKING_EXPIRED;
	if (state == BOOKING_CANCELLED)
		set_default(line, "cancelled_at", text);
	if (state == BOOKING_COMPLETED)
		set_default(line, "ended_at", bulk_text(period, "to"));
	set_text(line, "state", booking_state_name(state));
}

bool bulk_booking_takes(struct json_object *booking)
{
	switch (booking_state_of(bulk_text(booking, "state"))) {
	case BOOKING_HELD:
	case BOOKING_CONFIRMED:
	case BOOKING_COMPLETED:
	case BOOKING_NO_SHOW:
		return true;
	case BOOKING_REQUESTED:
		return json_object_get_boolean(json_object_object_get(booking, "takes_units"));
	default:
		return false;
	}
}

void bulk_booking_check(struct rpc_call *call, struct import_line *line)
{
	int64_t now = clock_wall();
	struct json_object *value = line->value;
	if (!has_form(call, line))
		return;
	enum booking_state state = given_state(value);
	const char *reason = check_times(call, value);
	reason = reason ? reason : check_period(call, value, state);
	reason = reason ? reason : check_parties(value);
	reason = reason ? reason : check_price(value);
	reason = reason ? reason : check_units(value);
	reason = reason ? reason : check_state(value, state, now);
	if (reason)
		line->reason = reason;
	else
		settle(value, state, now);
}
