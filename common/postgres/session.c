#include "postgres/session.h"

#include "base/fault.h"
#include "co/co.h"
#include "co/offload.h"
#include "postgres/internal.h"

#include <event2/event.h>
#include <stdlib.h>

#define PAUSE (200 * CLOCK_MILLISECOND)

struct pg_session {
	struct pg_target target;
	PGconn *conn;
};

static void session_close(void *argument)
{
	struct pg_session *session = argument;
	PQfinish(session->conn);
	pg_target_done(&session->target);
}

static void quiet(void *argument, const char *message)
{
	(void)argument;
	(void)message;
}

/* A name that is not known (yet) is a refusal like any other. */
static int resolve(struct context *ctx, struct pg_session *session)
{
	struct pg_target *target = &session->target;
	if (!pg_target_needs_resolving(target) || !offload_default())
		return 0;
	if (pg_resolve(ctx, target->host_name, target->host_address, sizeof(target->host_address)) == 0)
		return 0;
	pg_target_note(target, ctx->error.cause);
	if (ctx->error.code == ERROR_UNAVAILABLE && !co_cancelled())
		error_clear(&ctx->error);
	return -1;
}

/* One attempt. 0, or -1 with or without an error in ctx (none: the server refused, see last_error). */
static int attempt(struct context *ctx, struct pg_session *session, int64_t deadline)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	int result = 0;
	if (resolve(ctx, session) != 0)
		return -1;
	session->conn = pg_target_start(&session->target);
	if (!session->conn || PQstatus(session->conn) == CONNECTION_BAD)
		return -1;
	while (result == 0 && (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)) {
		short what = status == PGRES_POLLING_READING ? EV_READ : EV_WRITE;
		result = co_check(ctx, co_wait_fd(PQsocket(session->conn), what, deadline, NULL));
		if (result == 0)
			status = FAULT("pg.connect") ? PGRES_POLLING_FAILED : PQconnectPoll(session->conn);
	}
	if (result != 0 || status != PGRES_POLLING_OK)
		return -1;
	PQsetNoticeProcessor(session->conn, quiet, NULL);
	return PQsetnonblocking(session->conn, 1);
}

/* 0 after a while; -1 when the time is up or the coroutine was cancelled. */
static int wait_before_next(struct context *ctx, int64_t limit)
{
	if (ctx->error.code != ERROR_NONE)
		return -1;
	if (deadline_left(limit) <= PAUSE)
		return context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
	return co_sleep_until(deadline_after(PAUSE)) == CO_CANCELLED ? co_check(ctx, CO_CANCELLED) : 0;
}

static int connect_within(struct context *ctx, struct pg_session *session, int64_t timeout)
{
	int64_t limit = deadline_earlier(ctx->deadline, deadline_after(timeout));
	while (attempt(ctx, session, limit) != 0) {
		pg_target_note(&session->target, session->conn ? PQerrorMessage(session->conn) : NULL);
		PQfinish(session->conn);
		session->conn = NULL;
		if (wait_before_next(ctx, limit) != 0) {
			error_set_cause(&ctx->error, "%s", session->target.last_error);
			return -1;
		}
	}
	return 0;
}

struct pg_session *pg_session_open(struct context *ctx, const char *url, int64_t timeout)
{
	struct pg_session *session = arena_zalloc(&ctx->arena, sizeof(*session));
	if (pg_target_init(&session->target, url) != 0) {
		(void)context_fail_internal(ctx, "the database url cannot be parsed");
		return NULL;
	}
	context_defer(ctx, session_close, session);
	return connect_within(ctx, session, timeout) == 0 ? session : NULL;
}

/* Waits until the socket can be read, sending what is left to be sent meanwhile. */
static int turn(struct context *ctx, PGconn *conn)
{
	int left = PQflush(conn);
	short what = left > 0 ? EV_READ | EV_WRITE : EV_READ;
	if (left < 0)
		return context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
	if (co_check(ctx, co_wait_fd(PQsocket(conn), what, ctx->deadline, &what)) != 0)
		return -1;
	if ((what & EV_READ) && !PQconsumeInput(conn))
		return context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
	return 0;
}

/* All results up to the end; keeps the first error, else the last result. */
static PGresult *collect(struct context *ctx, PGconn *conn)
{
	PGresult *kept = NULL;
	for (;;) {
		PGresult *next;
		while (PQisBusy(conn)) {
			if (turn(ctx, conn) != 0) {
				error_set_cause(&ctx->error, "%s", PQerrorMessage(conn));
				PQclear(kept);
				return NULL;
			}
		}
		next = PQgetResult(conn);
		if (!next)
			return kept;
		if (kept && pg_outcome_of(kept) != PG_ANSWERED) {
			PQclear(next);
			continue;
		}
		PQclear(kept);
		kept = next;
	}
}

const PGresult *pg_session_run(struct context *ctx, struct pg_session *session, const char *sql, size_t count,
			       const char *const *values)
{
	PGconn *conn = session->conn;
	int sent =
	    count == 0 ? PQsendQuery(conn, sql) : PQsendQueryParams(conn, sql, (int)count, NULL, values, NULL, NULL, 0);
	PGresult *result;
	if (!sent) {
		(void)context_fail(ctx, ERROR_UNAVAILABLE, "database", NULL);
		error_set_cause(&ctx->error, "%s", PQerrorMessage(conn));
		return NULL;
	}
	result = collect(ctx, conn);
	if (!result)
		return NULL;
	if (pg_outcome_of(result) != PG_ANSWERED) {
		(void)pg_fail_result(ctx, result);
		return NULL;
	}
	return (const PGresult *)pg_result_keep(ctx, result);
}

bool pg_session_in_transaction(const struct pg_session *session)
{
	return PQtransactionStatus(session->conn) == PQTRANS_INTRANS;
}
