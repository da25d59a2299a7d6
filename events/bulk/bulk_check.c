#include "bulk/bulk_check.h"

#include "api/api.h"
#include "base/buffer.h"
#include "base/ids.h"
#include "bulk/bulk_booking_check.h"
#include "catalogue/catalogue.h"
#include "catalogue/listing_check.h"
#include "events.h"
#include "schema/schema.h"
#include "json/tree.h"

#include <string.h>

#define REASON_MOST 4096

const char *bulk_text(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

bool bulk_is(const struct import_line *line, const char *kind)
{
	const char *given = bulk_text(line->value, "kind");
	return given && strcmp(given, kind) == 0;
}

bool bulk_is_booking(const struct import_line *line)
{
	return bulk_is(line, "booking") || bulk_is(line, "block");
}

bool bulk_fits(struct rpc_call *call, const struct schema *schema, struct json_object *value, struct import_line *line)
{
	struct arena *arena = &call->ctx->arena;
	struct schema_result result;
	if (schema_validate(schema, value, "", SCHEMA_NORMALIZE, arena, &result))
		return true;
	const struct schema_error *first = &result.errors[0];
	line->reason =
	    arena_printf(arena, "%s: %s %s", first->path, first->rule, first->expected ? first->expected : "");
	return false;
}

static void put(void *argument)
{
	json_object_put(argument);
}

/* What the error says of the first parameter that it refuses; NULL when it is about none. */
static const char *refused_field(struct rpc_call *call)
{
	static const char params[] = "/params";
	struct arena *arena = &call->ctx->arena;
	struct json_object *details = NULL, *field = NULL;
	const char *text = call->ctx->error.details;
	struct json_error fault;
	if (!text || !json_tree_parse(text, strlen(text), JSON_DEPTH_MAX, 0, arena, &details, &fault))
		return NULL;
	context_defer(call->ctx, put, details);
	if (!json_tree_pointer(details, "/fields/0", &field))
		return NULL;
	const char *path = bulk_text(field, "path");
	size_t prefix = strncmp(path, params, sizeof(params) - 1) == 0 ? sizeof(params) - 1 : 0;
	struct buffer reason;
	buffer_init_arena(&reason, arena, REASON_MOST);
	buffer_printf(&reason, "%s: %s ", path + prefix, bulk_text(field, "rule"));
	if (json_object_object_get_ex(field, "expected", NULL))
		json_tree_write(json_object_object_get(field, "expected"), &reason);
	return buffer_text(&reason);
}

bool bulk_refused(struct rpc_call *call, struct import_line *line)
{
	struct error *error = &call->ctx->error;
	bool booked = error_is(error, ERROR_CONFLICT, "booked");
	if (!booked && error->code != ERROR_INVALID_PARAMS && error->code != ERROR_PRECONDITION_FAILED)
		return false;
	const char *field = refused_field(call);
	line->reason = booked ? "/period: booked" : field ? field : arena_strdup(&call->ctx->arena, error->message);
	error_clear(error);
	return true;
}

/* Members of a listing's line that events.listing.create does not take. */
static bool is_own_member(const char *name)
{
	static const char *const own[] = {"kind",	  "id",	     "external_id",  "state",
					  "rules",	  "pricing", "includes",     "created_at",
					  "published_at", "version", "rules_version"};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

/* The members of the line that are its own, or the others. */
static struct json_object *part_of(struct context *ctx, struct json_object *line, bool own)
{
	struct json_object *part = json_object_new_object();
	context_defer(ctx, put, part);
	json_object_object_foreach(line, name, value)
	{
		if (is_own_member(name) == own)
			json_object_object_add(part, name, json_object_get(value));
	}
	return part;
}

static void check_listing(struct rpc_call *call, struct import_line *line)
{
	static const char create[] = "events.listing.create";
	struct arena *arena = &call->ctx->arena;
	struct listing_fault fault = {0};
	const struct api *api = call->worker->api;
	struct json_object *params = part_of(call->ctx, line->value, false);
	if (!bulk_fits(call, api_component(api, "ImportedListing"), part_of(call->ctx, line->value, true), line) ||
	    !bulk_fits(call, api_find(api, create, sizeof(create) - 1)->params, params, line))
		return;
	if (!listing_fits(arena, call_catalogue(call), bulk_text(params, "type"),
			  json_object_object_get(params, "properties"), &fault))
		line->reason = arena_printf(arena, "%s: %s", fault.path, fault.rule);
}

/* Members that are null count as absent. */
static void drop_nulls(struct json_object *line)
{
	json_object_object_foreach(line, name, value)
	{
		if (!value)
			json_object_object_del(line, name);
	}
}

static void make_id(struct json_object *line)
{
	char made[UUID_SIZE];
	uuid_make(made);
	json_object_object_add(line, "id", json_object_new_string(made));
}

void bulk_check(struct rpc_call *call, struct import_line *line)
{
	drop_nulls(line->value);
	if (!json_object_object_get(line->value, "id"))
		make_id(line->value);
	if (bulk_is(line, "listing"))
		check_listing(call, line);
	else if (bulk_is_booking(line))
		bulk_booking_check(call, line);
	else
		line->reason = "/kind: enum [\"listing\",\"booking\",\"block\"]";
}
