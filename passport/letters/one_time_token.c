#include "letters/one_time_token.h"

#include "secret_text.h"

static const char UPSERT_TOKEN[] =
    "INSERT INTO one_time_token AS t (purpose, subject, hash, data, expires_at) VALUES ($1, $2, decode($3, 'hex'), "
    "coalesce($4::jsonb, '{}'), now() + $5::bigint * interval '1 microsecond') "
    "ON CONFLICT (purpose, subject) DO UPDATE "
    "SET hash = excluded.hash, data = excluded.data, expires_at = excluded.expires_at, tries = 0";

static const char TAKE_TOKEN[] = "DELETE FROM one_time_token WHERE hash = decode($1, 'hex') AND purpose = $2 AND "
				 "expires_at > now() RETURNING subject, data::text";

static const char LOCK_USER[] = "SELECT FROM user_account WHERE id = (SELECT subject::uuid FROM one_time_token "
				"WHERE hash = decode($1, 'hex') AND purpose = $2) FOR NO KEY UPDATE";

static const char TRY_TOKEN[] =
    "UPDATE one_time_token SET tries = tries + 1 WHERE hash = decode($1, 'hex') AND purpose = $2 "
    "AND expires_at > now() AND tries < " ONE_TIME_TOKEN_TRIES " RETURNING subject, data::text";

static const char RETURN_TRY[] =
    "UPDATE one_time_token SET tries = greatest(tries - 1, 0) WHERE hash = decode($1, 'hex') AND purpose = $2";

const char *one_time_token_make(struct context *ctx, struct pg_tx *tx, const struct one_time_token *token)
{
	const char *text = secret_make(ctx);
	char hash[SECRET_HASH_SIZE];
	secret_hash(text, hash);
	if (!pg_query(ctx, tx, UPSERT_TOKEN, token->purpose, token->subject, hash, token->data,
		      arena_printf(&ctx->arena, "%lld", (long long)token->lifetime)))
		return NULL;
	return text;
}

int one_time_token_refuse(struct rpc_call *call)
{
	return rpc_precondition(call, "token", NULL, "the token is not valid, was used before or has expired");
}

static int find(struct rpc_call *call, struct pg_tx *tx, const char *sql, const char *purpose, const char *text,
		struct one_time_token *ret)
{
	char hash[SECRET_HASH_SIZE];
	secret_hash(text, hash);
	struct pg_result *row = pg_query(call->ctx, tx, sql, hash, purpose);
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return one_time_token_refuse(call);
	*ret = (struct one_time_token){.purpose = purpose, .subject = pg_text(row, 0, 0), .data = pg_text(row, 0, 1)};
	return 0;
}

int one_time_token_take(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
			struct one_time_token *ret)
{
	return find(call, tx, TAKE_TOKEN, purpose, text, ret);
}

int one_time_token_take_of_user(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
				struct one_time_token *ret)
{
	char hash[SECRET_HASH_SIZE];
	secret_hash(text, hash);
	pg_queue(call->ctx, tx, LOCK_USER, hash, purpose);
	return one_time_token_take(call, tx, purpose, text, ret);
}

int one_time_token_try(struct rpc_call *call, struct pg_tx *tx, const char *purpose, const char *text,
		       struct one_time_token *ret)
{
	return find(call, tx, TRY_TOKEN, purpose, text, ret);
}

int one_time_token_fail(struct rpc_call *call, const char *purpose, const char *text)
{
	const struct error failed = call->ctx->error;
	if (failed.code != ERROR_OVERLOADED)
		return -1;
	error_clear(&call->ctx->error);
	char hash[SECRET_HASH_SIZE];
	secret_hash(text, hash);
	if (!pg_write(call->ctx, call->db, RETURN_TRY, hash, purpose))
		error_clear(&call->ctx->error);
	call->ctx->error = failed;
	return -1;
}
