#include "sessions/auth.h"

#include "audit/audit.h"
#include "sessions/session.h"

int auth_refresh(struct rpc_call *call)
{
	struct session_keys keys;
	struct pg_tx *tx = session_rotate(call, rpc_param(call, "refresh_token"), &keys);
	return tx ? session_commit(call, tx, &keys) : -1;
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
