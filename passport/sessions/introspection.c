#include "sessions/introspection.h"

#include "daemon/daemon.h"
#include "token/jwt.h"
#include "token/token.h"

#include <string.h>

/* The table of revocations is what every daemon is told of, and it is younger here. */
static const char SELECT_REVOKED[] =
    "SELECT EXISTS (SELECT FROM revocation r WHERE (r.kind = 'session' AND r.id = c ->> 'sid') "
    "OR (r.kind = 'subject' AND r.id = c ->> 'sub' AND r.epoch > coalesce((c ->> 'epoch')::integer, 0))) "
    "OR EXISTS (SELECT FROM session s WHERE s.id::text = c ->> 'sid' AND s.ended_at IS NOT NULL), "
    "(jsonb_build_object('active', true, 'token_type', 'Bearer') || c)::text FROM (SELECT $1::jsonb AS c) token";

static int inactive(struct rpc_call *call)
{
	static const char answer[] = "{\"active\":false}";
	return rpc_reply_text(call, answer, strlen(answer));
}

int auth_introspect(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	const char *token = rpc_param(call, "token");
	struct jwt_token jwt;
	if (!token_verify(ctx, call->worker->verifier, token, strlen(token)) ||
	    jwt_parse(ctx, token, strlen(token), &jwt)) {
		if (ctx->error.code != ERROR_UNAUTHENTICATED)
			return -1;
		error_clear(&ctx->error);
		return inactive(call);
	}
	const char *claims = arena_printf(&ctx->arena, "%.*s", (int)jwt.claims_length, jwt.claims);
	struct pg_result *row = pg_read(ctx, call->db, SELECT_REVOKED, claims);
	if (!row)
		return -1;
	return pg_boolean(row, 0, 0) ? inactive(call) : rpc_reply_text(call, pg_text(row, 0, 1), pg_length(row, 0, 1));
}
