#include "rpc/secret.h"

#include "base/fatal.h"
#include "base/ids.h"
#include "postgres/postgres.h"

#include <stdbool.h>
#include <string.h>

#define NAMES_MAX 8

/* Makes the row unless it is there; the value in hexadecimal. */
#define LOAD                                                                                                           \
	"WITH made AS (INSERT INTO daemon_secret (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING value) "   \
	"SELECT encode(value, 'hex') FROM made UNION ALL SELECT encode(value, 'hex') FROM daemon_secret WHERE name = " \
	"$1"

/* What this thread knows; a coroutine never changes thread. */
struct known_secret {
	const char *name; /* NULL: free */
	bool loaded;
	unsigned char bytes[SECRET_SIZE];
};

static _Thread_local struct known_secret known[NAMES_MAX];

static struct known_secret *find(const char *name)
{
	size_t i = 0;
	while (i < NAMES_MAX && known[i].name && strcmp(known[i].name, name) != 0)
		i++;
	if (i == NAMES_MAX)
		fatal("more than %d secrets", NAMES_MAX);
	known[i].name = name;
	return &known[i];
}

void secret_set(const char *name, const unsigned char bytes[SECRET_SIZE])
{
	struct known_secret *secret = find(name);
	secret->loaded = bytes != NULL;
	if (bytes)
		memcpy(secret->bytes, bytes, SECRET_SIZE);
}

/* The row; twice when another replica made it between the snapshot and the insertion. */
static const char *load(struct context *ctx, struct pg *db, const char *name)
{
	for (int i = 0; i < 2; i++) {
		struct pg_result *rows = pg_write(ctx, db, LOAD, name);
		if (!rows)
			return NULL;
		if (pg_count(rows) > 0)
			return pg_text(rows, 0, 0);
	}
	(void)context_fail_internal(ctx, "the secret %s cannot be read", name);
	return NULL;
}

const unsigned char *secret_get(struct context *ctx, struct pg *db, const char *name)
{
	struct known_secret *secret = find(name);
	if (secret->loaded)
		return secret->bytes;
	if (!db) {
		(void)context_fail_internal(ctx, "no database to keep the secret %s in", name);
		return NULL;
	}
	const char *text = load(ctx, db, name);
	if (!text)
		return NULL;
	secret = find(name); /* the table may have changed meanwhile */
	if (strlen(text) != (size_t)2 * SECRET_SIZE || !hex_decode(text, secret->bytes, SECRET_SIZE)) {
		(void)context_fail_internal(ctx, "the secret %s has the wrong length", name);
		return NULL;
	}
	secret->loaded = true;
	return secret->bytes;
}
