/*
 * A plain connection for the use of one coroutine: simple protocol, no pipeline, session state allowed. For migrations.
 *
 * Ownership: the context that opened it closes it. Invariant: at most one statement at a time.
 */
#ifndef EVENTLOOP_POSTGRES_SESSION_H
#define EVENTLOOP_POSTGRES_SESSION_H

#include "base/context.h"
#include "base/macros.h"

#include <libpq-fe.h>
#include <stddef.h>

struct pg_session;

/* Connects, trying again until `timeout` microseconds have passed or ctx's deadline. NULL with unavailable (cause:
 * what libpq said) or deadline_exceeded. */
struct pg_session *pg_session_open(struct context *ctx, const char *url, int64_t timeout) MAY_SUSPEND MUST_CHECK;

/* Runs sql, which may be several statements when count is 0, and returns the last result (freed with ctx). NULL with
 * the error of the first that failed. */
const PGresult *pg_session_run(struct context *ctx, struct pg_session *session, const char *sql, size_t count,
			       const char *const *values) MAY_SUSPEND MUST_CHECK;

/* True inside a transaction block that has not failed. */
bool pg_session_in_transaction(const struct pg_session *session);

#endif
