#include "booking/contact.h"

#include "base/clock.h"
#include "client/client.h"
#include "json/tree.h"

#include <string.h>

/* {id, name, email} of the account; NULL when it is not to be had now. */
static struct json_object *find_contact(struct rpc_call *call, const char *user_id)
{
	int64_t whole = call->ctx->deadline;
	struct rpc_request request = {
	    .method = "passport.user.contacts",
	    .params = arena_printf(&call->ctx->arena, "{\"ids\":[\"%s\"]}", user_id),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	call->ctx->deadline = deadline_earlier(whole, deadline_after(CLOCK_SECOND));
	struct json_object *answer = rpc_invoke(call->ctx, call->client, &request);
	call->ctx->deadline = whole;
	error_clear(&call->ctx->error);
	struct json_object *items = json_object_object_get(answer, "items");
	return items && json_object_array_length(items) > 0 ? json_object_array_get_idx(items, 0) : NULL;
}

static struct json_object *customer_of(struct json_object *contact, const char *user_id)
{
	struct json_object *customer = json_object_new_object();
	json_object_object_add(customer, "user_id", json_object_new_string(user_id));
	json_object_object_add(customer, "name", json_object_get(json_object_object_get(contact, "name")));
	json_object_object_add(customer, "email", json_object_get(json_object_object_get(contact, "email")));
	return customer;
}

int contact_reply(struct rpc_call *call, const char *booking, const char *user_id)
{
	struct json_object *contact = find_contact(call, user_id), *tree = NULL;
	if (!contact || !json_tree_build(booking, strlen(booking), 0, &call->ctx->arena, &tree))
		return rpc_reply_text(call, booking, strlen(booking));
	json_object_object_add(tree, "customer", customer_of(contact, user_id));
	return rpc_reply_object(call, tree);
}
