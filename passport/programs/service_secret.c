#include "programs/service_secret.h"

#include "base/buffer.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "secret_text.h"
#include "sessions/revocation.h"

#include <string.h>

#define HINT_LENGTH 4
#define DETAILS_MAX 4096

static const char INSERT_SECRET[] = "INSERT INTO service_secret (hash, account_id, hint, created_by) "
				    "VALUES (decode($1, 'hex'), $2, $3, $4)";

/* Runs before the new one is there. */
static const char RETIRE_SECRETS[] =
    "WITH newest AS (SELECT hash FROM service_secret WHERE account_id = $1 AND (expires_at IS NULL OR expires_at > "
    "now()) ORDER BY created_at DESC, hash LIMIT 1), "
    "older AS (DELETE FROM service_secret WHERE account_id = $1 AND ($2::bigint = 0 OR hash NOT IN (SELECT hash FROM "
    "newest))) UPDATE service_secret SET expires_at = least(expires_at, now() + $2::bigint * interval '1 second') "
    "WHERE $2::bigint > 0 AND hash IN (SELECT hash FROM newest)";

static const char SELECT_ACCOUNT[] =
    "SELECT (" SERVICE_ACCOUNT_JSON " || CASE WHEN $2::text IS NULL THEN '{}' ELSE "
    "jsonb_build_object('secret', $2::text) END)::text FROM service_account a WHERE a.id = $1";

static const char SELECT_ACCOUNTS[] =
    "SELECT (" SERVICE_ACCOUNT_JSON ")::text, a.created_at::text, a.id FROM service_account a "
    "WHERE a.company_id IS NOT DISTINCT FROM $1::uuid "
    "AND ($2::timestamptz IS NULL OR (a.created_at, a.id) > ($2::timestamptz, $3::uuid)) "
    "ORDER BY a.created_at, a.id " PAGE_LIMIT("$4");

const char *service_secret_make(struct rpc_call *call, struct pg_tx *tx, const char *account_id, const char *prefix)
{
	const char *secret = arena_printf(&call->ctx->arena, "%s%s", prefix, secret_make(call->ctx));
	char hash[SECRET_HASH_SIZE];
	secret_hash(secret, hash);
	pg_queue(call->ctx, tx, INSERT_SECRET, hash, account_id, secret + strlen(secret) - HINT_LENGTH,
		 rpc_caller_id(call));
	return secret;
}

void service_secret_retire(struct rpc_call *call, struct pg_tx *tx, const char *account_id, int64_t overlap)
{
	pg_queue(call->ctx, tx, RETIRE_SECRETS, account_id,
		 arena_printf(&call->ctx->arena, "%lld", (long long)overlap));
	if (overlap == 0)
		revocation_add_account(call, tx, account_id);
}

struct pg_result *service_account_row(struct rpc_call *call, struct pg_tx *tx, const char *account_id,
				      const char *secret)
{
	return pg_query(call->ctx, tx, SELECT_ACCOUNT, account_id, secret);
}

int service_account_reply_list(struct rpc_call *call, const char *company_id)
{
	const char *after[2], *scope = company_id ? company_id : "";
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, SELECT_ACCOUNTS, company_id, after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}

const char *service_account_details(struct rpc_call *call, const char *id, const char *name)
{
	struct buffer details;
	buffer_init_arena(&details, &call->ctx->arena, DETAILS_MAX);
	buffer_append_text(&details, "{\"id\":");
	buffer_append_json_string(&details, id);
	buffer_append_text(&details, ",\"name\":");
	buffer_append_json_string(&details, name);
	buffer_append_char(&details, '}');
	return buffer_text(&details);
}
