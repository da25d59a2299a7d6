#include "auth.h"

#include "access_token.h"
#include "base/text.h"
#include "daemon/daemon.h"
#include "password.h"
#include "service_account.h"
#include "session.h"

static const char SELECT_CREDENTIALS[] = "SELECT id, password_hash FROM user_account WHERE email_folded = $1";

static const char UPGRADE_HASH[] = "UPDATE user_account SET password_hash = $2 WHERE id = $1 AND password_hash = $3";

/* A hash of older parameters is replaced while the password is at hand. Failing to do so is no reason to refuse. */
static int upgrade_hash(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *phc)
{
	if (!password_outdated(phc))
		return 0;
	const char *fresh = password_hash(call->ctx, rpc_param(call, "password"));
	if (!fresh)
		return -1;
	pg_queue(call->ctx, tx, UPGRADE_HASH, user_id, fresh, phc);
	return 0;
}

int auth_login(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	const char *session = NULL, *refresh = NULL;
	bool match = false;
	struct pg_result *user =
	    pg_read(ctx, call->db, SELECT_CREDENTIALS, text_fold(&ctx->arena, rpc_param(call, "email")));
	if (!user)
		return -1;
	const char *phc = pg_count(user) > 0 ? pg_text(user, 0, 1) : NULL;
	if (password_verify(ctx, rpc_param(call, "password"), phc, &match))
		return -1;
	if (!match)
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "credentials", "wrong address or password");
	struct pg_tx *tx = pg_begin(ctx, call->db);
	if (!tx || upgrade_hash(call, tx, pg_text(user, 0, 0), phc) ||
	    session_open(call, tx, pg_text(user, 0, 0), &session, &refresh) || pg_commit(ctx, tx))
		return -1;
	return session_reply(call, session, refresh);
}

int auth_refresh(struct rpc_call *call)
{
	const char *session = NULL, *successor = NULL;
	if (session_rotate(call, rpc_param(call, "refresh_token"), &session, &successor))
		return -1;
	return session_reply(call, session, successor);
}

int auth_logout(struct rpc_call *call)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
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
