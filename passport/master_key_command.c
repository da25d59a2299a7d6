#include "master_key_command.h"

#include "base/buffer.h"
#include "base/ids.h"
#include "io/postgres.h"
#include "key.h"
#include "passport.h"
#include "totp.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define BATCH 200
#define BATCH_TEXT "200"
#define KEY_LIMIT 256 /* bytes of a row's key */

/* A column that holds what seal() made. */
struct sealed_column {
	const char *table;
	const char *label;
	const char *select; /* a batch of (key, hexadecimal bytes) behind the key $1, NULL for the first */
	const char *update; /* $1: the key, $2: the new bytes */
};

#define SEALED(TABLE, KEY, TYPE, COLUMN, LABEL)                                                       \
	{                                                                                             \
		TABLE, LABEL,                                                                         \
		    "SELECT " KEY ", encode(" COLUMN ", 'hex') FROM " TABLE " WHERE " COLUMN          \
		    " IS NOT NULL AND ($1::" TYPE " IS NULL OR " KEY " > $1::" TYPE ") ORDER BY " KEY \
		    " LIMIT " BATCH_TEXT " FOR UPDATE",                                               \
		    "UPDATE " TABLE " SET " COLUMN " = decode($2, 'hex') WHERE " KEY " = $1::" TYPE,  \
	}

/* All of them: whoever seals something new adds its line. */
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

/* Seals the rows of a batch; their number is pg_count(rows). */
static int reseal_rows(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
		       const struct sealed_column *column, const struct pg_result *rows)
{
	for (size_t row = 0; row < pg_count(rows); row++) {
		const char *fresh = reseal_value(ctx, master, column->label, rows, row);
		if (!fresh)
			return -1;
		pg_queue(ctx, tx, column->update, pg_text(rows, row, 0), fresh);
	}
	return 0;
}

/* One batch behind the key in `last`, which becomes its last one. A context of its own keeps memory small, whatever the
 * table holds. The number of rows, -1 with the error in ctx. */
static int reseal_batch(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
			const struct sealed_column *column, struct buffer *last)
{
	struct context batch;
	int count = -1;
	context_init(&batch, ctx->deadline);
	struct pg_result *rows = pg_query(&batch, tx, column->select, last->length > 0 ? buffer_text(last) : NULL);
	if (rows && reseal_rows(&batch, tx, master, column, rows) == 0)
		count = (int)pg_count(rows);
	if (count > 0) {
		buffer_reset(last);
		buffer_append_text(last, pg_text(rows, (size_t)count - 1, 0));
	}
	if (count < 0)
		context_fail_internal(ctx, "%s: %s", column->table,
				      batch.error.cause[0] ? batch.error.cause : batch.error.message);
	context_done(&batch);
	return count;
}

/* The number of rows sealed anew, -1 with the error in ctx. */
static int reseal_column(struct context *ctx, struct pg_tx *tx, const struct master_key *master,
			 const struct sealed_column *column)
{
	struct buffer last;
	int total = 0, count;
	buffer_init(&last, KEY_LIMIT);
	do {
		count = reseal_batch(ctx, tx, master, column, &last);
		total += count;
	} while (count == BATCH);
	buffer_done(&last);
	return count < 0 ? -1 : total;
}

static int reseal(struct daemon_worker *worker, struct context *ctx, int ret_counts[static ARRAY_SIZE(columns)])
{
	const struct passport *passport = worker->app;
	struct pg_tx *tx = pg_begin(ctx, worker->db);
	if (!tx)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		ret_counts[i] = reseal_column(ctx, tx, &passport->master, &columns[i]);
		if (ret_counts[i] < 0)
			return -1;
	}
	return pg_commit(ctx, tx);
}

int master_key_command(struct daemon_worker *worker, struct context *ctx, int argc, char *const *argv)
{
	int counts[ARRAY_SIZE(columns)];
	if (argc != 1 || strcmp(argv[0], "reseal") != 0) {
		fprintf(stderr, "usage: master-key reseal\n");
		return 2;
	}
	if (reseal(worker, ctx, counts)) {
		fprintf(stderr, "nothing sealed anew: %s\n",
			ctx->error.cause[0] ? ctx->error.cause : ctx->error.message);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		printf("%s: %d sealed anew\n", columns[i].table, counts[i]);
	return 0;
}
