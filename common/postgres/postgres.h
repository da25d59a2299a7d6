/*
 * PostgreSQL on the loop: pipelined reads on shared connections, writes and transactions on leased ones.
 *
 * Purpose: pg_read and friends read like blocking calls. Every statement is prepared once a connection and named after
 * its text; no session state is used, so a transaction-mode pooler may stand in between.
 *
 * Ownership: a struct pg belongs to one thread. Results belong to the context they were asked with and live until it
 * ends. A transaction that was neither committed nor rolled back when its context ends is rolled back.
 *
 * Invariants: the queue for a connection is bounded (overloaded at once when full); a wait has the context's deadline;
 * when a caller leaves in mid-query, the answer is read and dropped, or the query cancelled; other callers are not
 * affected. Lost connections come back with back-off; what was in flight fails with `unavailable`; reads that had not
 * been answered are retried once. Reads travel in batches that the server runs as one implicit transaction each; when
 * one fails, those behind it are sent again singly, so only its own caller sees the error. A long read does not delay
 * the others: after a quarter of a second they are sent on another shared connection or an idle lease.
 *
 * Lanes: a struct pg of its own for statements whose cost grows with the data, so that they hold up nobody else. It has
 * no shared connections: each statement of pg_read has a lease for as long as it runs, and lease_connections is how
 * many run at once. PostgreSQL itself ends a statement after statement_timeout (deadline_exceeded), also when nobody
 * waits for it any more; one whose caller leaves is cancelled at once. Connections are shared out by the context's
 * `share`: shares take turns, however many statements each has waiting. When the queue is full, a share with fewer
 * waiters than another takes the place of that one's last; otherwise the caller gets `overloaded` (reason "lane") at
 * once.
 *
 * Errors in the context: unavailable (no connection; reason "connection_lost" when it broke under a write or a commit,
 * so that it may or may not have been done), overloaded, deadline_exceeded, conflict with reason "deadlock" or
 * "serialization" (40P01, 40001), else internal with the server's words as cause; sqlstate and constraint are always
 * set from the server's error, so a caller may turn a violation into an error of its own with pg_violated and
 * error_clear.
 */
#ifndef EVENTLOOP_POSTGRES_POSTGRES_H
#define EVENTLOOP_POSTGRES_POSTGRES_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg;
struct pg_result;
struct pg_tx;

struct pg_options {
	const char *url; /* libpq connection string or URI; a single host name is resolved on the offload pool */
	size_t read_connections;   /* shared, pipelined; 0: 1 */
	size_t lease_connections;  /* for writes and transactions, the most there will be; 0: 6 */
	size_t queue_limit;	   /* callers waiting for a lease, statements waiting on a read connection; 0: 1024 */
	const char *lane;	   /* static; makes it a lane of that name, see below. NULL: none */
	int64_t statement_timeout; /* microseconds, of a lane's statements; at least 1000 */
};

/* Starts connecting on this thread's loop; returns at once. NULL only when the url cannot be parsed. */
struct pg *pg_new(const struct pg_options *options);

/* Closes everything; waiting callers get `unavailable`. Accepts NULL. */
void pg_free(struct pg *pg);

/* True when at least one read and one lease connection stand. For /readyz. */
bool pg_ready(const struct pg *pg);

/* Runs one statement that changes nothing on a shared connection. values: text form, NULL for null; borrowed until the
 * call returns. Statements are prepared by the content of sql, the 512 last used of each connection, so texts should be
 * few. Returns NULL with the context's error set. */
struct pg_result *pg_read_values(struct context *ctx, struct pg *pg, const char *sql, size_t count,
				 const char *const *values) MAY_SUSPEND MUST_CHECK;

/* Runs one statement as a transaction of its own on a leased connection. */
struct pg_result *pg_write_values(struct context *ctx, struct pg *pg, const char *sql, size_t count,
				  const char *const *values) MAY_SUSPEND MUST_CHECK;

/* Leases a connection and opens a transaction (READ COMMITTED); BEGIN travels with the first statement. */
struct pg_tx *pg_begin(struct context *ctx, struct pg *pg) MAY_SUSPEND MUST_CHECK;

/* Runs a statement in the transaction. After a failure only pg_rollback (or the end of the context) is possible. */
struct pg_result *pg_query_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count,
				  const char *const *values) MAY_SUSPEND MUST_CHECK;

/* Sends a statement whose result only matters when it fails: it travels with the next statement or the commit, which
 * reports its error. Saves a round trip. Cannot fail by itself; more than 65,536 without a round trip fail the
 * transaction. */
void pg_queue_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count, const char *const *values);

/* Commits; 0 only when the server confirmed. The transaction is gone either way. */
int pg_commit(struct context *ctx, struct pg_tx *tx) MAY_SUSPEND MUST_CHECK;

/* Runs a statement and commits, in one round trip. The result only when the server confirmed both. The transaction is
 * gone either way. */
struct pg_result *pg_query_commit_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count,
					 const char *const *values) MAY_SUSPEND MUST_CHECK;

/* Rolls back; the transaction is gone. Accepts NULL. */
void pg_rollback(struct pg_tx *tx);

/* pg_read(ctx, pg, SQL, "a", "b"): the same with the values spelled out. */
#define PG_VALUES(...)                                                                   \
	(sizeof((const char *const[]){NULL, ##__VA_ARGS__}) / sizeof(const char *) - 1), \
	    (const char *const[]){NULL, ##__VA_ARGS__} + 1
#define pg_read(ctx, pg, sql, ...) pg_read_values((ctx), (pg), (sql), PG_VALUES(__VA_ARGS__))
#define pg_write(ctx, pg, sql, ...) pg_write_values((ctx), (pg), (sql), PG_VALUES(__VA_ARGS__))
#define pg_query(ctx, tx, sql, ...) pg_query_values((ctx), (tx), (sql), PG_VALUES(__VA_ARGS__))
#define pg_query_commit(ctx, tx, sql, ...) pg_query_commit_values((ctx), (tx), (sql), PG_VALUES(__VA_ARGS__))
#define pg_queue(ctx, tx, sql, ...) pg_queue_values((ctx), (tx), (sql), PG_VALUES(__VA_ARGS__))

/* Rows of a result, or rows affected when the statement returns none. */
size_t pg_count(const struct pg_result *result);

/* A column of a row as text, borrowed; NULL for SQL null. */
const char *pg_text(const struct pg_result *result, size_t row, size_t column);

/* Its length in bytes; 0 for null. */
size_t pg_length(const struct pg_result *result, size_t row, size_t column);

/* As a number; 0 for null. */
int64_t pg_integer(const struct pg_result *result, size_t row, size_t column);

/* True for 't'. */
bool pg_boolean(const struct pg_result *result, size_t row, size_t column);

/* True when the context's error is a violation of the named constraint, or of any when constraint is NULL (class 23).
 */
bool pg_violated(const struct context *ctx, const char *constraint);

struct pg_listener;

/* Calls function(payload, argument) on this thread, outside any coroutine, for every NOTIFY on the channel, and with
 * NULL whenever listening (re)started: something may have been missed before. The function must not free the listener.
 * Uses a connection of its own to pg's url and may outlive pg; a fallback poll stays the caller's duty (a pooler in
 * transaction mode does not pass notifications). */
struct pg_listener *pg_listen(struct pg *pg, const char *channel, void (*function)(const char *payload, void *argument),
			      void *argument);

/* Stops listening. Accepts NULL. */
void pg_listener_free(struct pg_listener *listener);

/* The half-open range of two wall times (microseconds, base/clock.h) as PostgreSQL reads a tstzrange, in the arena. */
const char *pg_range_text(struct arena *arena, int64_t from, int64_t to);

struct buffer;

/* Appends the members of a text array as a PostgreSQL array literal: {"a","b"}; NULL members are null. */
void pg_array_text(struct buffer *out, const char *const *values, size_t count);

#endif
