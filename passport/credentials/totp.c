#include "credentials/totp.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/ids.h"
#include "config/config.h"
#include "credentials/credentials.h"
#include "credentials/recovery_code.h"
#include "credentials/totp_code.h"
#include "daemon/daemon.h"
#include "keys/sealing.h"
#include "letters/notice.h"
#include "passport.h"

#include <openssl/crypto.h>
#include <string.h>

static const char SELECT_STATE[] =
    "SELECT jsonb_build_object('enabled', t.confirmed_at IS NOT NULL, 'confirmed_at', api_time(t.confirmed_at), "
    "'recovery_codes', (SELECT count(*) FROM recovery_code r WHERE r.user_id = u.id AND t.confirmed_at IS NOT NULL))"
    "::text FROM user_account u LEFT JOIN totp t ON t.user_id = u.id WHERE u.id = $1";

static const char LOCK_USER[] = "SELECT email FROM user_account WHERE id = $1 FOR NO KEY UPDATE";

/* No row when an app is in use: it stays until it is disabled. */
static const char UPSERT_SECRET[] =
    "INSERT INTO totp AS t (user_id, secret_sealed) VALUES ($1, decode($2, 'hex')) ON CONFLICT (user_id) DO UPDATE "
    "SET secret_sealed = excluded.secret_sealed, created_at = now() WHERE t.confirmed_at IS NULL RETURNING true";

static const char LOCK_ENROLLED[] =
    "SELECT encode(secret_sealed, 'hex') FROM totp WHERE user_id = $1 AND confirmed_at IS NULL FOR UPDATE";

static const char CONFIRM[] = "UPDATE totp SET confirmed_at = now(), last_step = $2 WHERE user_id = $1";

static const char LOCK_CONFIRMED[] = "SELECT FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR UPDATE";

static const char DELETE_CODES[] = "DELETE FROM recovery_code WHERE user_id = $1";
static const char DELETE_TOTP[] = "DELETE FROM totp WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL";

int totp_find(struct rpc_call *call, const char *sealed, const char *code, int64_t after, int64_t *ret_step)
{
	const struct passport *passport = call->app;
	size_t length = 0, size = strlen(sealed) / 2;
	unsigned char *bytes = arena_alloc(&call->ctx->arena, size);
	char *secret = hex_decode(sealed, bytes, size)
			   ? unseal(call->ctx, passport->master, TOTP_SECRET_LABEL, bytes, size, &length)
			   : NULL;
	if (!secret)
		return -1;
	*ret_step = totp_find_step(&call->ctx->arena, secret, length, code, totp_step(clock_wall()), after);
	OPENSSL_cleanse(secret, length);
	return 0;
}

int totp_get(struct rpc_call *call)
{
	struct pg_result *state = pg_read(call->ctx, call->db, SELECT_STATE, rpc_caller_id(call));
	return state ? rpc_reply_row(call, state, "user") : -1;
}

/* The secret sealed, in hexadecimal; NULL with an error. */
static const char *sealed_text(struct rpc_call *call, const unsigned char *secret)
{
	const struct passport *passport = call->app;
	size_t length = 0;
	unsigned char *sealed = seal(call->ctx, passport->master, TOTP_SECRET_LABEL, secret, TOTP_SECRET_SIZE, &length);
	if (!sealed)
		return NULL;
	char *text = arena_alloc(&call->ctx->arena, 2 * length + 1);
	hex_encode(sealed, length, text);
	return text;
}

/* Ends the transaction of a change: audit, letter, answer. change: a word for the letter. */
static int finish(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *action, const char *change,
		  const char *answer)
{
	audit_record(call, tx, &(struct audit_event){.action = action, .user_id = user_id});
	if (notice_queue(call, tx, "second_factor_changed", user_id,
			 arena_printf(&call->ctx->arena, "{\"change\":\"%s\"}", change)))
		return -1;
	return rpc_commit_text(call, tx, answer);
}

int totp_enroll(struct rpc_call *call)
{
	struct arena *arena = &call->ctx->arena;
	unsigned char secret[TOTP_SECRET_SIZE];
	random_bytes(secret, sizeof(secret));
	const char *sealed = sealed_text(call, secret), *text = base32_encode(arena, secret, sizeof(secret));
	OPENSSL_cleanse(secret, sizeof(secret));
	struct pg_tx *tx = sealed ? rpc_begin(call) : NULL;
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *user = pg_query(call->ctx, tx, LOCK_USER, rpc_caller_id(call));
	struct pg_result *row = user ? pg_query(call->ctx, tx, UPSERT_SECRET, rpc_caller_id(call), sealed) : NULL;
	if (!row)
		return -1;
	if (pg_count(user) == 0 || pg_count(row) == 0)
		return rpc_precondition(call, "second_factor_off", NULL,
					"an authenticator app is in use: disable it first");
	const char *uri = totp_uri(arena, config_text(call->worker->config, "totp_issuer"), pg_text(user, 0, 0), text);
	audit_record(call, tx, &(struct audit_event){.action = "totp.enrolled", .user_id = rpc_caller_id(call)});
	return rpc_commit_text(call, tx, arena_printf(arena, "{\"secret\":\"%s\",\"uri\":\"%s\"}", text, uri));
}

int totp_confirm(struct rpc_call *call)
{
	const char *user_id = rpc_caller_id(call);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	int64_t step = 0;
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_USER, user_id);
	if (row)
		row = pg_query(call->ctx, tx, LOCK_ENROLLED, user_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_precondition(call, "enrolled", NULL, "no authenticator app is waiting to be confirmed");
	const char *code = totp_code_digits(&call->ctx->arena, rpc_param(call, "code"));
	if (code && totp_find(call, pg_text(row, 0, 0), code, 0, &step))
		return -1;
	if (step == 0)
		return credentials_wrong(call, CREDENTIAL_CODE);
	pg_queue(call->ctx, tx, CONFIRM, user_id, arena_printf(&call->ctx->arena, "%lld", (long long)step));
	const char *codes = recovery_codes_make(call, tx, user_id);
	return finish(call, tx, user_id, "totp.enabled", "enabled",
		      arena_printf(&call->ctx->arena, "{\"recovery_codes\":%s}", codes));
}

int totp_disable(struct rpc_call *call)
{
	const char *user_id = rpc_param(call, "user_id");
	if (!user_id)
		user_id = rpc_caller_id(call);
	if (strcmp(user_id, rpc_caller_id(call)) != 0 && !rpc_caller_has_role(call, ROLE_ADMIN))
		return rpc_forbidden(call, "only an administrator may do this for somebody else");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_USER, user_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "user");
	pg_queue(call->ctx, tx, DELETE_CODES, user_id);
	row = pg_query(call->ctx, tx, DELETE_TOTP, user_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_precondition(call, "second_factor_on", NULL, "there is no authenticator app");
	return finish(call, tx, user_id, "totp.disabled", "disabled", "{\"enabled\":false}");
}

int totp_recovery_codes(struct rpc_call *call)
{
	const char *user_id = rpc_caller_id(call);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_USER, user_id);
	if (row)
		row = pg_query(call->ctx, tx, LOCK_CONFIRMED, user_id);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_precondition(call, "second_factor_on", NULL, "there is no authenticator app");
	const char *codes = recovery_codes_make(call, tx, user_id);
	return finish(call, tx, user_id, "totp.recovery_codes_made", "recovery_codes",
		      arena_printf(&call->ctx->arena, "{\"recovery_codes\":%s}", codes));
}
