/* Rotation of refresh tokens. */
#include "sessions/session.h"

#include "audit/audit.h"
#include "base/base64url.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "keys/sealing.h"
#include "passport.h"
#include "secret_text.h"

#include <openssl/crypto.h>
#include <string.h>

/* Both rows are locked, so that of two callers with one token the second sees what the first did. */
static const char LOCK_REFRESH[] =
    "SELECT s.id, t.used_at IS NOT NULL, coalesce(t.used_at > now() - interval '10 seconds', false), "
    "s.ended_at IS NOT NULL, s.idle_expires_at <= now() OR s.expires_at <= now(), s.user_id "
    "FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.hash = decode($1, 'hex') FOR UPDATE OF t, s";

static const char USE_REFRESH[] =
    "WITH used AS (UPDATE refresh_token SET used_at = now() WHERE hash = decode($1, 'hex')), "
    "seen AS (UPDATE session SET last_seen_at = now(), idle_expires_at = now() + $4::bigint * interval '1 microsecond' "
    "WHERE id = $3) INSERT INTO refresh_token (hash, session_id) VALUES (decode($2, 'hex'), $3)";

static const char SELECT_SUCCESSOR[] = "SELECT FROM refresh_token WHERE hash = decode($1, 'hex') AND session_id = $2";

struct refresh {
	const char *token;
	const char *session, *user_id;
	bool used, in_grace, ended, expired;
};

static const char *derive_successor(struct rpc_call *call, const struct master_key *key, const char *refresh)
{
	unsigned char bytes[SECRET_BYTES];
	master_key_derive(key, "refresh_token.successor", refresh, strlen(refresh), bytes);
	return base64url_encode(&call->ctx->arena, bytes, sizeof(bytes));
}

/* A used token outside the grace window means theft or a bug, so the session ends. */
static int refuse_reuse(struct rpc_call *call, struct pg_tx *tx, const struct refresh *refresh)
{
	audit_record(call, tx,
		     &(struct audit_event){
			 .action = "session.refresh_reused",
			 .user_id = refresh->user_id,
			 .details = arena_printf(&call->ctx->arena, "{\"session_id\":\"%s\"}", refresh->session)});
	if (session_end(call, tx, refresh->session, "refresh_reused") || rpc_commit(call, tx))
		return -1;
	return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "reused", "this refresh token was used before");
}

/* The first use: the token makes way for its successor. */
static const char *use(struct rpc_call *call, struct pg_tx *tx, const struct refresh *refresh, const char *hash)
{
	const struct passport *passport = call->app;
	const char *successor = derive_successor(call, passport->master, refresh->token);
	long long idle = (long long)config_integer(call->worker->config, "session_idle");
	char successor_hash[SECRET_HASH_SIZE];
	secret_hash(successor, successor_hash);
	pg_queue(call->ctx, tx, USE_REFRESH, hash, successor_hash, refresh->session,
		 arena_printf(&call->ctx->arena, "%lld", idle));
	return successor;
}

/* The successor under that key when it is the one that was given away; NULL without an error when it is not. */
static const char *find_successor(struct rpc_call *call, struct pg_tx *tx, const struct refresh *refresh,
				  const struct master_key *key)
{
	const char *successor = derive_successor(call, key, refresh->token);
	char hash[SECRET_HASH_SIZE];
	secret_hash(successor, hash);
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_SUCCESSOR, hash, refresh->session);
	return row && pg_count(row) > 0 ? successor : NULL;
}

/* A use within the grace window gets the successor again: the one that is in the table, which was made under the other
 * key while the master key is being changed. */
static const char *repeat(struct rpc_call *call, struct pg_tx *tx, const struct refresh *refresh)
{
	const struct passport *passport = call->app;
	struct master_key previous = {0};
	const char *successor = find_successor(call, tx, refresh, passport->master);
	if (!successor && call->ctx->error.code == ERROR_NONE && master_key_previous(passport->master, &previous))
		successor = find_successor(call, tx, refresh, &previous);
	OPENSSL_cleanse(&previous, sizeof(previous));
	if (!successor) /* an error that is set already stays */
		(void)context_fail(call->ctx, ERROR_UNAUTHENTICATED, "reused", "this refresh token was used before");
	return successor;
}

static const char *rotate(struct rpc_call *call, struct pg_tx *tx, const struct refresh *refresh, const char *hash)
{
	int refused = 0;
	if (refresh->ended)
		refused = context_fail(call->ctx, ERROR_UNAUTHENTICATED, "revoked", "the session has ended");
	else if (refresh->expired)
		refused = context_fail(call->ctx, ERROR_UNAUTHENTICATED, "expired", "the session has expired");
	else if (refresh->used && !refresh->in_grace)
		refused = refuse_reuse(call, tx, refresh);
	if (refused)
		return NULL;
	return refresh->used ? repeat(call, tx, refresh) : use(call, tx, refresh, hash);
}

/* Looks at the token in tx and lets it make way. */
static int rotate_in(struct rpc_call *call, struct pg_tx *tx, const char *token, struct session_keys *ret)
{
	struct context *ctx = call->ctx;
	char hash[SECRET_HASH_SIZE];
	secret_hash(token, hash);
	struct pg_result *row = pg_query(ctx, tx, LOCK_REFRESH, hash);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return context_fail(ctx, ERROR_UNAUTHENTICATED, "unknown", "not a refresh token");
	const struct refresh refresh = {.token = token,
					.session = pg_text(row, 0, 0),
					.used = pg_boolean(row, 0, 1),
					.in_grace = pg_boolean(row, 0, 2),
					.ended = pg_boolean(row, 0, 3),
					.expired = pg_boolean(row, 0, 4),
					.user_id = pg_text(row, 0, 5)};
	const char *successor = rotate(call, tx, &refresh, hash);
	if (!successor)
		return -1;
	*ret = (struct session_keys){.session = refresh.session, .refresh = successor};
	return 0;
}

struct pg_tx *session_rotate(struct rpc_call *call, const char *token, struct session_keys *ret)
{
	if (strlen(token) != SECRET_LENGTH) {
		(void)context_fail(call->ctx, ERROR_UNAUTHENTICATED, "malformed", "not a refresh token");
		return NULL;
	}
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	return tx && rotate_in(call, tx, token, ret) == 0 ? tx : NULL;
}
