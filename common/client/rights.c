#include "client/rights.h"

#include "base/buffer.h"
#include "client/client.h"

/* {"right", "member"}; NULL with an error. */
static struct json_object *ask_passport(struct rpc_call *call, const char *company_id)
{
	struct buffer params;
	buffer_init_arena(&params, &call->ctx->arena, 1024);
	buffer_append_text(&params, "{\"user_id\":");
	buffer_append_json_string(&params, call->caller->id);
	buffer_append_text(&params, ",\"company_id\":");
	buffer_append_json_string(&params, company_id);
	buffer_append_char(&params, '}');
	struct rpc_request request = {.method = "passport.member.right",
				      .params = buffer_text(&params),
				      .as = RPC_AS_SERVICE,
				      .idempotent = true};
	return rpc_invoke(call->ctx, call->client, &request);
}

int client_find_right(struct rpc_call *call, const char *company_id, enum company_right *ret_right)
{
	struct json_object *right = NULL, *answer = ask_passport(call, company_id);
	if (!answer)
		return -1;
	(void)json_object_object_get_ex(answer, "right", &right);
	*ret_right = right ? company_right_from(json_object_get_string(right)) : RIGHT_NONE;
	return 0;
}

int client_find_member(struct rpc_call *call, const char *company_id, bool *ret)
{
	struct json_object *answer = ask_passport(call, company_id);
	if (!answer)
		return -1;
	/* A passport from before `member` says it of active ones only. */
	*ret = json_object_get_boolean(json_object_object_get(answer, "member")) ||
	       json_object_object_get(answer, "right");
	return 0;
}
