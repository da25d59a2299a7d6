#include "catalogue/listing_check.h"

#include "base/buffer.h"
#include "catalogue/catalogue.h"
#include "client/client.h"
#include "events.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT 8000 /* bytes of 2000 code points */

static bool fault(struct listing_fault *ret, const char *path, const char *rule, const char *expected)
{
	*ret = (struct listing_fault){path, rule, expected};
	return false;
}

bool listing_date_valid(const char *text)
{
	int year = 0, month = 0, day = 0;
	char rest = 0;
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
	    sscanf(text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) != 3)
		return false;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	/* The dashes stand where they belong and nowhere else: "%4d" would take "-202". */
	return strcspn(text, "-") == 4 && strcspn(text + 5, "-") == 2 && strcspn(text + 8, "-") == 2 && year >= 1 &&
	       month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] - (month == 2 && !leap);
}

static bool fits_enum(const struct property *property, struct json_object *value, const char *path,
		      struct listing_fault *ret)
{
	if (!json_object_is_type(value, json_type_string))
		return fault(ret, path, "type", "\"string\"");
	if (!property_term(property, json_object_get_string(value)))
		return fault(ret, path, "enum", NULL);
	return true;
}

static bool fits_multi_enum(struct arena *arena, const struct property *property, struct json_object *value,
			    const char *path, struct listing_fault *ret)
{
	if (!json_object_is_type(value, json_type_array))
		return fault(ret, path, "type", "\"array\"");
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!fits_enum(property, json_object_array_get_idx(value, i), arena_printf(arena, "%s/%zu", path, i),
			       ret))
			return false;
	return true;
}

static bool fits_kind(struct arena *arena, const struct property *property, struct json_object *value, const char *path,
		      struct listing_fault *ret)
{
	bool is_text = json_object_is_type(value, json_type_string);
	switch (property->kind) {
	case PROPERTY_BOOLEAN:
		return json_object_is_type(value, json_type_boolean) || fault(ret, path, "type", "\"boolean\"");
	case PROPERTY_NUMBER:
		return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double) ||
		       fault(ret, path, "type", "\"number\"");
	case PROPERTY_TEXT:
		if (!is_text)
			return fault(ret, path, "type", "\"string\"");
		return json_object_get_string_len(value) <= MAX_TEXT || fault(ret, path, "maxLength", "2000");
	case PROPERTY_ENUM:
		return fits_enum(property, value, path, ret);
	case PROPERTY_MULTI_ENUM:
		return fits_multi_enum(arena, property, value, path, ret);
	case PROPERTY_DATE:
		return (is_text && listing_date_valid(json_object_get_string(value))) ||
		       fault(ret, path, "format", "\"date\"");
	}
	return false;
}

static bool fits_property(struct arena *arena, const struct catalogue *catalogue, const char *type, const char *key,
			  struct json_object *value, struct listing_fault *ret)
{
	const char *path = arena_printf(arena, "/properties/%s", key);
	const struct property *property = catalogue_property(catalogue, key);
	if (!property)
		return fault(ret, path, "exists", NULL);
	if (property->archived)
		return fault(ret, path, "not_archived", NULL);
	if (!property_fits_type(property, type))
		return fault(ret, path, "belongs_to_type", arena_printf(arena, "\"%s\"", type));
	return fits_kind(arena, property, value, path, ret);
}

bool listing_fits(struct arena *arena, const struct catalogue *catalogue, const char *type,
		  struct json_object *properties, struct listing_fault *ret_fault)
{
	const struct listing_type *known = catalogue_type(catalogue, type);
	if (!known)
		return fault(ret_fault, "/type", "exists", NULL);
	if (known->archived)
		return fault(ret_fault, "/type", "not_archived", NULL);
	if (!properties)
		return true;
	json_object_object_foreach(properties, key, value)
	{
		if (!fits_property(arena, catalogue, type, key, value, ret_fault))
			return false;
	}
	return true;
}

/* A key unknown to a snapshot of a second ago may have been made since: look again before refusing. */
static int check_catalogue(struct rpc_call *call, const char *type)
{
	struct listing_fault wrong = {0};
	struct catalogue *catalogue = call_catalogue(call);
	struct arena *arena = &call->ctx->arena;
	struct json_object *properties = rpc_param_json(call, "properties");
	if (catalogue_current(call->ctx, catalogue))
		return -1;
	if (listing_fits(arena, catalogue, type, properties, &wrong))
		return 0;
	if (catalogue_refresh(call->ctx, catalogue))
		return -1;
	if (listing_fits(arena, catalogue, type, properties, &wrong))
		return 0;
	return rpc_invalid(call, arena_printf(arena, "/params%s", wrong.path), wrong.rule, wrong.expected);
}

/* Every image of the call is one that images knows. */
static int check_images(struct rpc_call *call)
{
	struct json_object *images = rpc_param_json(call, "images"), *items = NULL;
	size_t count = images ? json_object_array_length(images) : 0;
	if (count == 0)
		return 0;
	const char *ids = rpc_param(call, "images");
	struct rpc_request request = {
	    .method = "images.image.list",
	    .params = arena_printf(&call->ctx->arena, "{\"ids\":%s}", ids),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	struct json_object *known = rpc_invoke(call->ctx, call->client, &request);
	if (!known)
		return -1;
	if (json_object_object_get_ex(known, "items", &items) && json_object_array_length(items) == count)
		return 0;
	return rpc_invalid(call, "/params/images", "exists", NULL);
}

int listing_check(struct rpc_call *call, const char *type)
{
	if (check_catalogue(call, type) || rpc_check_time_zone(call))
		return -1;
	return check_images(call);
}
