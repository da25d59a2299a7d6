#include "rpc/call.h"

#include "base/buffer.h"
#include "rpc/client.h"

static int too_little(struct rpc_call *call, enum company_right right)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "company_right", "needs the right %s in the company",
			    company_right_name(right));
}

/* What passport says now of the calling user in the company, {"right", "member"}. NULL with an error. */
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

/* The right as passport has it now: it may be younger than the token, or one of more than a token carries. */
static int ask_right(struct rpc_call *call, const char *company_id, enum company_right *ret_right)
{
	struct json_object *right = NULL, *answer = NULL;
	if (call->client == NULL)
		return 0;
	answer = ask_passport(call, company_id);
	if (answer == NULL)
		return -1;
	(void)json_object_object_get_ex(answer, "right", &right);
	*ret_right = right != NULL ? company_right_from(json_object_get_string(right)) : RIGHT_NONE;
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
				     : ask_right(call, company_id, &actual))
		return -1;
	return actual >= right ? 0 : too_little(call, right);
}

int rpc_caller_is_member(struct rpc_call *call, const char *company_id, bool *ret)
{
	*ret = false;
	if (call->caller->kind != IDENTITY_USER)
		return 0;
	*ret = identity_right(call->caller, company_id) != RIGHT_NONE;
	if (*ret || call->client == NULL)
		return 0;
	struct json_object *answer = ask_passport(call, company_id);
	if (answer == NULL)
		return -1;
	/* A passport from before `member` says it of active ones only. */
	*ret = json_object_get_boolean(json_object_object_get(answer, "member")) ||
	       json_object_object_get(answer, "right") != NULL;
	return 0;
}

bool rpc_caller_has_role(const struct rpc_call *call, unsigned roles)
{
	return identity_has_role(call->caller, roles);
}

const char *rpc_caller_id(const struct rpc_call *call)
{
	return call->caller->kind == IDENTITY_USER ? call->caller->id : NULL;
}

const char *rpc_caller_created_by(const struct rpc_call *call)
{
	return call->caller->created_by[0] != '\0' ? call->caller->created_by : NULL;
}
