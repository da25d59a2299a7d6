/* Results as callers see them, and the server's errors as the context's. */
#include "postgres/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void result_free(void *result)
{
	PQclear(result);
}

struct pg_result *pg_result_keep(struct context *ctx, PGresult *result)
{
	context_defer(ctx, result_free, result);
	return (struct pg_result *)result;
}

static const PGresult *raw(const struct pg_result *result)
{
	return (const PGresult *)result;
}

size_t pg_count(const struct pg_result *result)
{
	if (PQresultStatus(raw(result)) == PGRES_TUPLES_OK)
		return (size_t)PQntuples(raw(result));
	/* PQcmdTuples takes a pointer to non-const for history's sake. */
	return strtoull(PQcmdTuples((PGresult *)result), NULL, 10);
}

const char *pg_text(const struct pg_result *result, size_t row, size_t column)
{
	if (PQgetisnull(raw(result), (int)row, (int)column))
		return NULL;
	return PQgetvalue(raw(result), (int)row, (int)column);
}

size_t pg_length(const struct pg_result *result, size_t row, size_t column)
{
	return (size_t)PQgetlength(raw(result), (int)row, (int)column);
}

int64_t pg_integer(const struct pg_result *result, size_t row, size_t column)
{
	const char *text = pg_text(result, row, column);
	return text ? strtoll(text, NULL, 10) : 0;
}

bool pg_boolean(const struct pg_result *result, size_t row, size_t column)
{
	const char *text = pg_text(result, row, column);
	return text && text[0] == 't';
}

bool pg_violated(const struct context *ctx, const char *constraint)
{
	if (strncmp(ctx->error.sqlstate, "23", 2) != 0)
		return false;
	return !constraint || strcmp(ctx->error.constraint, constraint) == 0;
}

/* A class of SQLSTATEs (PostgreSQL's appendix A) and what it means to a client. The first that fits counts. */
static const struct {
	const char *state; /* or the beginning of it */
	enum error_code code;
	const char *reason;
} meanings[] = {
    {"40P01", ERROR_CONFLICT, "deadlock"},
    {"40001", ERROR_CONFLICT, "serialization"},
    {"57014", ERROR_DEADLINE_EXCEEDED, NULL},	 /* query_canceled */
    {"08P01", ERROR_INTERNAL, NULL},		 /* protocol violation: a number of values that does not fit */
    {"08", ERROR_UNAVAILABLE, "database"},	 /* connection exceptions */
    {"53", ERROR_UNAVAILABLE, "database"},	 /* out of connections, memory, disk */
    {"57P", ERROR_UNAVAILABLE, "database"},	 /* shutting down, starting up */
    {"25006", ERROR_UNAVAILABLE, "database"},	 /* read-only: a standby */
    {"26000", ERROR_UNAVAILABLE, "database"},	 /* the prepared statement is gone */
    {"EL401", ERROR_UNAUTHENTICATED, "revoked"}, /* raised by erased_user_refuse (rpc/erased_user.h) */
    {"", ERROR_INTERNAL, NULL},
};

static void copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ? from : "");
}

/* DETAIL is left out: it holds values of rows. */
static void set_from_server(struct context *ctx, const PGresult *result, const char *state)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	size_t i = 0;
	while (strncmp(state, meanings[i].state, strlen(meanings[i].state)) != 0)
		i++;
	(void)context_fail(ctx, meanings[i].code, meanings[i].reason, NULL);
	error_set_cause(&ctx->error, "%s: %s", state, message ? message : "");
	copy(ctx->error.sqlstate, sizeof(ctx->error.sqlstate), state);
	copy(ctx->error.constraint, sizeof(ctx->error.constraint), PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	if (meanings[i].code == ERROR_UNAVAILABLE)
		ctx->error.retry_after_ms = 1000;
}

int pg_fail_result(struct context *ctx, PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (ctx->error.code == ERROR_NONE && state)
		set_from_server(ctx, result, state);
	else if (ctx->error.code == ERROR_NONE && PQresultStatus(result) == PGRES_FATAL_ERROR)
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
	else if (ctx->error.code == ERROR_NONE)
		(void)context_fail_internal(ctx, "unexpected result: %s", PQresStatus(PQresultStatus(result)));
	PQclear(result);
	return -1;
}

int pg_fail_unavailable(struct context *ctx, const struct pg *pg)
{
	return pg_fail_outcome(ctx, pg, PG_CLOSED);
}

int pg_fail_outcome(struct context *ctx, const struct pg *pg, enum pg_outcome outcome)
{
	if (ctx->error.code != ERROR_NONE)
		return -1;
	/* Lost under a write or a commit: nobody can tell whether it was done. */
	(void)context_fail(ctx, ERROR_UNAVAILABLE, outcome == PG_LOST ? "connection_lost" : "database", NULL);
	ctx->error.retry_after_ms = 1000;
	error_set_cause(&ctx->error, "%s", pg->target.last_error);
	return -1;
}
