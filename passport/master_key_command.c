#include "master_key_command.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "credentials/totp.h"
#include "keys/key.h"
#include "keys/sealing.h"
#include "passport.h"
#include "postgres/postgres.h"
#include "telemetry/log.h"

#include <openssl/crypto.h>
#include <string.h>

#define PAGE 500 /* rows a transaction: writers of one of them wait for milliseconds */
#define PAGE_TEXT "500"
#define KEY_LIMIT 256 /* bytes of a row's key */

/* A column that holds what seal() made. */
struct sealed_column {
	const char *table;
	const char *label;
	const char *select; /* a page of (key, hexadecimal bytes) behind the key $1, NULL for the first */
	const char *update; /* $1: the key, $2: the new bytes */
};

#define SEALED(TABLE, KEY, TYPE, COLUMN, LABEL)                                                       \
	{                                                                                             \
		TABLE, LABEL,                                                                         \
		    "SELECT " KEY ", encode(" COLUMN ", 'hex') FROM " TABLE " WHERE " COLUMN          \
		    " IS NOT NULL AND ($1::" TYPE " IS NULL OR " KEY " > $1::" TYPE ") ORDER BY " KEY \
		    " LIMIT " PAGE_TEXT " FOR UPDATE",                                                \
		    "UPDATE " TABLE " SET " COLUMN " = decode($2, 'hex') WHERE " KEY " = $1::" TYPE,  \
	}

/* All of them: a new sealed column needs a line here. */
static const struct sealed_column columns[] = {
    SEALED("signing_key", "kid", "text", "private_sealed", KEY_PRIVATE_LABEL),
    SEALED("totp", "user_id", "uuid", "secret_sealed", TOTP_SECRET_LABEL),
};

/* Opens the value and seals it again; NULL with the error in ctx. */
static const char *reseal_value(struct context *ctx, const struct master_key *master, const char *label,
				const struct pg_result *rows, size_t row)
{
	size_t length = 0, fresh_length = 0, sealed_length = pg_length(rows, row, 1) / 2;
	unsigned char *sealed = arena_alloc(&ctx->arena, sealed_length);
	if (!hex_decode(pg_text(rows, row, 1), sealed, sealed_length)) {
		context_fail_internal(ctx, "a sealed value is no hexadecimal text");
		return NULL;
	}
	char *plain = unseal(ctx, master, label, sealed, sealed_length, &length);
	if (!plain)
		return NULL;
	unsigned char *fresh = seal(ctx, master, label, plain, length, &fresh_length);
	OPENSSL_cleanse(plain, length);
	if (!fresh)
		return NULL;
	char *text = arena_alloc(&ctx->arena, 2 * fresh_length + 1);
	hex_encode(fresh, fresh_length, text);
	return text;
}

/* The error of a row, with its key, so that it can be found. */
static int fail_at(struct context *ctx, const char *key)
{
	const char *cause = arena_strdup(&ctx->arena, ctx->error.cause);
	error_clear(&ctx->error);
	return context_fail_internal(ctx, "%s: %s", key, cause);
}

/* Seals the rows of a page; their number is pg_count(rows). */
static int reseal_rows(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
		       const struct sealed_column *column, const struct pg_result *rows)
{
	for (size_t row = 0; row < pg_count(rows); row++) {
		const char *key = pg_text(rows, row, 0), *fresh = reseal_value(ctx, master, column->label, rows, row);
		if (!fresh)
			return fail_at(ctx, key);
		pg_queue(ctx, tx, column->update, key, fresh);
	}
	return 0;
}

/* A transaction over one page behind `key`, NULL for the first; its rows once they are committed, NULL with the error
 * in ctx. */
static struct pg_result *reseal_behind(struct context *ctx, struct pg *db, const struct master_key *master,
				       const struct sealed_column *column, const char *key)
{
	struct pg_tx *tx = pg_begin(ctx, db);
	struct pg_result *rows = tx ? pg_query(ctx, tx, column->select, key) : NULL;
	if (!rows || reseal_rows(ctx, tx, master, column, rows) || pg_commit(ctx, tx))
		return NULL;
	return rows;
}

/* One page behind the key in `last`, which becomes its last one. A context of its own keeps memory small, whatever the
 * table holds. The number of rows, -1 with the error in ctx. */
static int reseal_page(struct context *ctx, struct pg *db, const struct master_key *master,
		       const struct sealed_column *column, struct buffer *last)
{
	struct context page;
	context_init(&page, ctx->deadline);
	const struct pg_result *rows =
	    reseal_behind(&page, db, master, column, last->length > 0 ? buffer_text(last) : NULL);
	int count = rows ? (int)pg_count(rows) : -1;
	if (count > 0) {
		buffer_reset(last);
		buffer_append_text(last, pg_text(rows, (size_t)count - 1, 0));
	}
	if (count < 0)
		context_fail_internal(ctx, "%s: %s", column->table,
				      page.error.cause[0] ? page.error.cause : page.error.message);
	context_done(&page);
	return count;
}

/* -1 with the error in ctx. *ret_total: the number of rows sealed anew, also after an error. */
static int reseal_column(struct context *ctx, struct pg *db, const struct master_key *master,
			 const struct sealed_column *column, int *ret_total)
{
	*ret_total = 0;
	struct buffer last;
	buffer_init(&last, KEY_LIMIT);
	int count;
	do {
		count = reseal_page(ctx, db, master, column, &last);
		*ret_total += count > 0 ? count : 0;
	} while (count == PAGE);
	buffer_done(&last);
	return count < 0 ? -1 : 0;
}

static int reseal(struct daemon_worker *worker, struct context *ctx)
{
	const struct passport *passport = worker->app;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int total, status = reseal_column(ctx, worker->db, passport->master, &columns[i], &total);
		log_event(LOG_INFO, NULL, "sealed anew", LOG_STRING("table", columns[i].table),
			  LOG_NUMBER("count", total));
		if (status)
			return -1;
	}
	return 0;
}

int master_key_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	if (argc != 1 || strcmp(argv[0], "reseal") != 0) {
		log_event(LOG_ERROR, NULL, "usage: master-key reseal");
		return 2;
	}
	if (reseal(worker, ctx) == 0)
		return 0;
	log_error_of(LOG_ERROR, ctx, "not all sealed anew: keep both keys and run it again");
	return 1;
}
