#include "reviews/reviewed_booking.h"

#include "client/client.h"

#include <string.h>

struct json_object *reviewed_booking_ask(struct rpc_call *call, const char *booking_id)
{
	struct rpc_request request = {
	    .method = "events.booking.for_review",
	    .params = arena_printf(&call->ctx->arena, "{\"id\":\"%s\"}", booking_id),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	return rpc_invoke(call->ctx, call->client, &request);
}

static bool is_true(struct json_object *booking, const char *name)
{
	return json_object_get_boolean(json_object_object_get(booking, name));
}

static const char *text_of(struct json_object *booking, const char *name)
{
	return json_object_get_string(json_object_object_get(booking, name));
}

static int own_company(struct rpc_call *call)
{
	return rpc_precondition(call, "own_company", NULL, "members of a company do not review its listings");
}

static int too_short(struct rpc_call *call, struct json_object *booking)
{
	const char *seconds = text_of(booking, "minimum_seconds");
	return rpc_precondition(call, "min_duration",
				arena_printf(&call->ctx->arena, "\"minimum_seconds\":%s", seconds),
				"a booking shorter than %s seconds cannot be reviewed", seconds);
}

int reviewed_booking_read(struct rpc_call *call, struct reviewed_booking *ret)
{
	bool member = false;
	struct json_object *booking = reviewed_booking_ask(call, rpc_param(call, "booking_id"));
	if (!booking)
		return -1;
	const char *user = text_of(booking, "user_id");
	if (!user || strcmp(user, rpc_caller_id(call)) != 0)
		return rpc_not_found(call, "booking");
	if (!is_true(booking, "took_place"))
		return rpc_precondition(call, "booking_completed", NULL,
					"a booking can be reviewed when its period has passed");
	if (is_true(booking, "too_short"))
		return too_short(call, booking);
	if (is_true(booking, "by_member"))
		return own_company(call);
	if (rpc_caller_is_member(call, text_of(booking, "company_id"), &member))
		return -1;
	ret->listing_id = text_of(booking, "listing_id");
	return member ? own_company(call) : 0;
}
