#include "postgres/migrate.h"

#include "base/ids.h"
#include "co/co.h"
#include "postgres/postgres.h"
#include "postgres/session.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CHECKSUM_SIZE 65		    /* SHA-256 in hexadecimal and NUL */
#define CONNECT_TIMEOUT (15 * CLOCK_SECOND) /* a server that is being started beside us */
#define LOCK_PAUSE (50 * CLOCK_MILLISECOND)
#define LOCK_PAUSE_CHANCE 65536 /* plus up to this many microseconds, by chance */

/* Advisory locks are by database, so one number does for all daemons. */
#define LOCK "SELECT pg_try_advisory_lock(7311542086)"
#define TABLE                                                                                         \
	"CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, checksum text NOT NULL," \
	" applied_at timestamptz NOT NULL DEFAULT now())"
#define APPLIED "SELECT checksum FROM schema_migration WHERE name = $1"
#define RECORD "INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)"

static void checksum(const struct embedded_file *file, char text[static CHECKSUM_SIZE])
{
	unsigned int length = 0;
	unsigned char digest[EVP_MAX_MD_SIZE];
	if (EVP_Digest(file->start, (size_t)(file->end - file->start), digest, &length, EVP_sha256(), NULL) != 1)
		abort();
	hex_encode(digest, length, text);
}

/* Asking again instead of waiting inside the server: a waiting statement would hold a snapshot, which blocks what a
 * migration may have to do, and could outlive this process. */
static int take_lock(struct context *ctx, struct pg_session *session)
{
	for (;;) {
		const PGresult *result = pg_session_run(ctx, session, LOCK, 0, NULL);
		if (!result)
			return -1;
		if (PQgetvalue(result, 0, 0)[0] == 't')
			return 0;
		uint16_t chance;
		random_bytes(&chance, sizeof(chance));
		if (deadline_left(ctx->deadline) <= LOCK_PAUSE + LOCK_PAUSE_CHANCE) {
			(void)context_fail(ctx, ERROR_DEADLINE_EXCEEDED, NULL, NULL);
			error_set_cause(&ctx->error, "another process holds the migration lock");
			return -1;
		}
		if (co_sleep_until(deadline_after(LOCK_PAUSE + chance)) == CO_CANCELLED)
			return co_check(ctx, CO_CANCELLED);
	}
}

static int run(struct context *ctx, struct pg_session *session, const char *sql)
{
	return pg_session_run(ctx, session, sql, 0, NULL) ? 0 : -1;
}

static int record(struct context *ctx, struct pg_session *session, const struct embedded_file *file)
{
	char sum[CHECKSUM_SIZE];
	const char *const values[] = {file->name, sum};
	if (!pg_session_in_transaction(session))
		return context_fail_internal(ctx, "the file ends the transaction it runs in");
	checksum(file, sum);
	return pg_session_run(ctx, session, RECORD, 2, values) ? 0 : -1;
}

static int apply(struct context *ctx, struct pg_session *session, const struct embedded_file *file)
{
	if (run(ctx, session, "BEGIN") == 0 && run(ctx, session, file->start) == 0 && record(ctx, session, file) == 0 &&
	    run(ctx, session, "COMMIT") == 0)
		return 0;
	return -1;
}

static int fail_changed(struct context *ctx, const struct embedded_file *file)
{
	(void)context_fail(ctx, ERROR_PRECONDITION_FAILED, "migration_changed", NULL);
	error_set_cause(&ctx->error, "the file was changed after it was applied");
	(void)file;
	return -1;
}

/* 1 when applied now, 0 when it was before, -1 on error. */
static int apply_if_missing(struct context *ctx, struct pg_session *session, const struct embedded_file *file)
{
	const char *const values[] = {file->name};
	const PGresult *result = pg_session_run(ctx, session, APPLIED, 1, values);
	if (!result)
		return -1;
	if (PQntuples(result) == 0)
		return apply(ctx, session, file) == 0 ? 1 : -1;
	char sum[CHECKSUM_SIZE];
	checksum(file, sum);
	return strcmp(PQgetvalue(result, 0, 0), sum) == 0 ? 0 : fail_changed(ctx, file);
}

/* Puts the file's name before what went wrong. */
static void name_file(struct context *ctx, const struct embedded_file *file)
{
	char cause[sizeof(ctx->error.cause)];
	memcpy(cause, ctx->error.cause, sizeof(cause));
	ctx->error.cause[0] = '\0';
	error_set_cause(&ctx->error, "%s: %s", file->name, cause);
}

static int apply_all(struct context *ctx, struct pg_session *session, const struct embedded_file *const *sets)
{
	int applied = 0;
	for (; *sets; sets++) {
		for (const struct embedded_file *file = *sets; file->name; file++) {
			int result = apply_if_missing(ctx, session, file);
			if (result < 0) {
				name_file(ctx, file);
				return -1;
			}
			applied += result;
		}
	}
	return applied;
}

int migrate_run(struct context *ctx, const char *url, const struct embedded_file *const *sets)
{
	int applied = -1;
	struct context own;
	/* A context of its own, so that the session, and with it the lock, ends here and not with the caller. */
	context_init(&own, ctx->deadline);
	struct pg_session *session = pg_session_open(&own, url, CONNECT_TIMEOUT);
	if (session && take_lock(&own, session) == 0 && run(&own, session, TABLE) == 0)
		applied = apply_all(&own, session, sets);
	if (applied < 0 && ctx->error.code == ERROR_NONE)
		ctx->error = own.error;
	context_done(&own);
	return applied;
}

static const char *applied_checksum(const struct pg_result *rows, const char *name)
{
	for (size_t i = 0; i < pg_count(rows); i++) {
		if (strcmp(pg_text(rows, i, 0), name) == 0)
			return pg_text(rows, i, 1);
	}
	return "";
}

static int fail_missing(struct context *ctx, const struct embedded_file *file)
{
	(void)context_fail(ctx, ERROR_PRECONDITION_FAILED, "migration_missing", "the schema lacks %s", file->name);
	error_set_cause(&ctx->error, "%s is not applied, or was changed afterwards", file->name);
	return -1;
}

int migrate_check(struct context *ctx, struct pg *pg, const struct embedded_file *const *sets)
{
	const struct pg_result *rows = pg_read(ctx, pg, "SELECT name, checksum FROM schema_migration");
	bool virgin = !rows && strcmp(ctx->error.sqlstate, "42P01") == 0;
	if (!rows && !virgin)
		return -1;
	if (virgin)
		error_clear(&ctx->error);
	for (; *sets; sets++) {
		for (const struct embedded_file *file = *sets; file->name; file++) {
			char sum[CHECKSUM_SIZE];
			checksum(file, sum);
			if (virgin || strcmp(applied_checksum(rows, file->name), sum) != 0)
				return fail_missing(ctx, file);
		}
	}
	return 0;
}
