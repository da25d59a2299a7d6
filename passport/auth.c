#include "auth.h"

#include "access_token.h"
#include "audit.h"
#include "daemon/daemon.h"
#include "service_account.h"
#include "session.h"

int auth_refresh(struct rpc_call *call)
{
	struct session_keys keys;
	if (session_rotate(call, rpc_param(call, "refresh_token"), &keys))
		return -1;
	return session_reply(call, &keys);
}

int auth_logout(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	audit_record(call, tx, &(struct audit_event){.action = "session.ended", .user_id = rpc_caller_id(call)});
	if (session_end(call, tx, call->caller->session, "logout"))
		return -1;
	return rpc_commit_text(call, tx, "{\"ended\":true}");
}

int auth_service_token(struct rpc_call *call)
{
	const char *service = rpc_param(call, "service");
	if (!service_account_accepts(call, service, rpc_param(call, "secret")))
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "credentials", "wrong service or secret");
	const char *token = access_token_make_service(call->worker, call->ctx, service);
	if (!token)
		return -1;
	return rpc_reply_printf(call, "{\"access_token\":\"%s\",\"expires_in\":%lld}", token,
				(long long)access_token_lifetime(call->worker));
}
