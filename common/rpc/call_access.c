#include "rpc/call.h"

#include "base/buffer.h"
#include "rpc/client.h"

static int too_little(struct rpc_call *call, enum company_right right)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "company_right", "needs the right %s in the company",
			    company_right_name(right));
}

/* The right as passport has it now: it may be younger than the token, or one of more than a token carries. */
static int ask_passport(struct rpc_call *call, const char *company_id, enum company_right *ret_right)
{
	struct buffer params;
	struct json_object *member = NULL;
	if (call->client == NULL)
		return 0;
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
	struct json_object *answer = rpc_invoke(call->ctx, call->client, &request);
	if (answer == NULL)
		return -1;
	(void)json_object_object_get_ex(answer, "right", &member);
	*ret_right = member != NULL ? company_right_from(json_object_get_string(member)) : RIGHT_NONE;
	return 0;
}

int rpc_require_right(struct rpc_call *call, const char *company_id, enum company_right right)
{
	const struct identity *caller = call->caller;
	enum company_right actual = RIGHT_NONE;
	if (caller->kind == IDENTITY_SERVICE)
		return 0;
	if (caller->kind == IDENTITY_ANONYMOUS)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "missing", "an access token is needed");
	if (company_id == NULL)
		return too_little(call, right);
	if (identity_right(caller, company_id) >= right)
		return 0;
	if (caller->kind == IDENTITY_CLIENT)
		return too_little(call, right);
	if (call->find_right != NULL ? call->find_right(call, company_id, &actual)
				     : ask_passport(call, company_id, &actual))
		return -1;
	return actual >= right ? 0 : too_little(call, right);
}

bool rpc_caller_has_role(const struct rpc_call *call, unsigned roles)
{
	return identity_has_role(call->caller, roles);
}

const char *rpc_caller_id(const struct rpc_call *call)
{
	return call->caller->kind == IDENTITY_USER ? call->caller->id : NULL;
}
