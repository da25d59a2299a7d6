#include "rpc/call.h"

static int too_little(struct rpc_call *call, enum company_right right)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "company_right", "needs the right %s in the company",
			    company_right_name(right));
}

int rpc_require_right(struct rpc_call *call, const char *company_id, enum company_right right)
{
	const struct identity *caller = call->caller;
	enum company_right actual = RIGHT_NONE;
	if (caller->kind == IDENTITY_SERVICE)
		return 0;
	if (caller->kind == IDENTITY_ANONYMOUS)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "missing", "an access token is needed");
	if (!company_id)
		return too_little(call, right);
	if (identity_right(caller, company_id) >= right)
		return 0;
	if (caller->kind == IDENTITY_CLIENT)
		return too_little(call, right);
	if (call->find_right && call->find_right(call, company_id, &actual))
		return -1;
	return actual >= right ? 0 : too_little(call, right);
}

int rpc_has_right(struct rpc_call *call, const char *company_id, enum company_right right)
{
	if (rpc_require_right(call, company_id, right) == 0)
		return 1;
	if (call->ctx->error.code != ERROR_FORBIDDEN)
		return -1;
	error_clear(&call->ctx->error);
	return 0;
}

int rpc_hide(struct rpc_call *call, const char *noun)
{
	if (call->ctx->error.code != ERROR_FORBIDDEN)
		return -1;
	error_clear(&call->ctx->error);
	return rpc_not_found(call, noun);
}

int rpc_caller_is_member(struct rpc_call *call, const char *company_id, bool *ret)
{
	*ret = false;
	if (call->caller->kind != IDENTITY_USER)
		return 0;
	*ret = identity_right(call->caller, company_id) != RIGHT_NONE;
	return *ret || !call->find_member ? 0 : call->find_member(call, company_id, ret);
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
