#include "bulk/bulk_check.h"

#include "api/api.h"
#include "base/clock.h"
#include "base/ids.h"
#include "booking/store/period.h"
#include "catalogue/catalogue.h"
#include "catalogue/listing_check.h"
#include "events.h"
#include "schema/schema.h"

#include <string.h>

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

bool bulk_is(const struct import_line *line, const char *kind)
{
	const char *given = text_of(line->value, "kind");
	return given && strcmp(given, kind) == 0;
}

static bool is_own_member(const char *name)
{
	static const char *const own[] = {"kind", "id", "external_id", "state"};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

static void put(void *argument)
{
	json_object_put(argument);
}

/* The members that events.listing.create takes too. */
static struct json_object *create_params(struct context *ctx, struct json_object *line)
{
	struct json_object *params = json_object_new_object();
	context_defer(ctx, put, params);
	json_object_object_foreach(line, name, value)
	{
		if (!is_own_member(name))
			json_object_object_add(params, name, json_object_get(value));
	}
	return params;
}

static void check_listing(struct rpc_call *call, struct import_line *line)
{
	static const char create[] = "events.listing.create";
	struct arena *arena = &call->ctx->arena;
	struct listing_fault fault = {0};
	const char *state = text_of(line->value, "state");
	const struct api_method *method = api_find(call->worker->api, create, sizeof(create) - 1);
	struct json_object *params = create_params(call->ctx, line->value);
	struct schema_result result;
	if (state && strcmp(state, "published") != 0 && strcmp(state, "draft") != 0)
		line->reason = "/state: enum [\"published\",\"draft\"]";
	else if (!schema_validate(method->params, params, "", SCHEMA_NORMALIZE, arena, &result))
		line->reason = arena_printf(arena, "%s: %s %s", result.errors[0].path, result.errors[0].rule,
					    result.errors[0].expected ? result.errors[0].expected : "");
	else if (!listing_fits(arena, call_catalogue(call), text_of(params, "type"),
			       json_object_object_get(params, "properties"), &fault))
		line->reason = arena_printf(arena, "%s: %s", fault.path, fault.rule);
}

/* "completed" is what a confirmed booking reads as when it has passed; before that it cannot be. */
static bool booking_state_fits(struct json_object *line, int64_t end)
{
	static const char *const states[] = {"confirmed", "completed", "cancelled"};
	const char *state = text_of(line, "state");
	for (size_t i = 0; state && i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i], state) == 0)
			return strcmp(state, "completed") != 0 || end <= clock_wall();
	return !state && !json_object_object_get(line, "state");
}

static void check_booking(struct rpc_call *call, struct import_line *line)
{
	int64_t shortest = period_shortest(call->worker);
	struct json_object *period = json_object_object_get(line->value, "period");
	struct json_object *units = json_object_object_get(line->value, "units");
	const char *from = text_of(period, "from"), *to = text_of(period, "to");
	const char *listing = text_of(line->value, "listing_id"), *company = text_of(line->value, "company_id");
	const char *user = text_of(line->value, "user_id");
	int64_t start = 0, end = 0;
	if (!json_object_is_type(period, json_type_object) || !from || !to || !clock_parse(from, &start) ||
	    !clock_parse(to, &end))
		line->reason = "/period: from and to must be RFC 3339 times";
	else if (end <= start)
		line->reason = "/period/to: not after from";
	else if (end - start < shortest)
		line->reason = arena_printf(&call->ctx->arena, "/period: shorter than booking_shortest, %lld s",
					    (long long)(shortest / CLOCK_SECOND));
	else if (listing ? !uuid_valid(listing)
			 : !(company && uuid_valid(company) && text_of(line->value, "listing_external_id")))
		line->reason = "/listing_id: neither it nor company_id with listing_external_id";
	else if (!booking_state_fits(line->value, end))
		line->reason = "/state: enum [\"confirmed\",\"completed\",\"cancelled\"], completed when it has ended";
	else if (user && !uuid_valid(user))
		line->reason = "/user_id: format uuid";
	else if (units && (!json_object_is_type(units, json_type_int) || json_object_get_int64(units) < 1 ||
			   json_object_get_int64(units) > 1000))
		line->reason = "/units: 1 to 1000";
}

void bulk_check(struct rpc_call *call, struct import_line *line)
{
	struct json_object *id = json_object_object_get(line->value, "id");
	if (id && !(json_object_is_type(id, json_type_string) && uuid_valid(json_object_get_string(id)))) {
		line->reason = "/id: format uuid";
		return;
	}
	if (!id) {
		char made[UUID_SIZE];
		uuid_make(made);
		json_object_object_add(line->value, "id", json_object_new_string(made));
	}
	if (bulk_is(line, "listing"))
		check_listing(call, line);
	else if (bulk_is(line, "booking"))
		check_booking(call, line);
	else
		line->reason = "/kind: enum [\"listing\",\"booking\"]";
}
