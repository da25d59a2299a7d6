/* Writes and transactions, each on a connection of its own for the time being. */
#include "co/co.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

#include <assert.h>
#include <string.h>

#define RETRIES 2 /* of a write whose prepared statement was gone: it has not run */

/* Sets the context's error from the request's result; for an aborted request, from the first failed statement of its
 * batch. */
static int fail_request(struct context *ctx, struct pg *pg, struct pg_request *request,
			struct pg_connection *connection)
{
	PGresult *error = request->result;
	if (request->outcome == PG_ABORTED && connection && connection->first_error) {
		PQclear(error);
		error = connection->first_error;
		connection->first_error = NULL;
	}
	request->result = NULL;
	if (request->outcome == PG_LOST) {
		PQclear(error);
		return pg_fail_outcome(ctx, pg, PG_LOST);
	}
	if (!error)
		return pg_fail_outcome(ctx, pg, request->outcome);
	(void)pg_fail_result(ctx, error);
	pg_lane_explain(ctx, pg);
	return -1;
}

static void run(struct pg_connection *connection, struct pg_request *request)
{
	request->co = co_self();
	request->held = true;
	assert(request->co);
	pg_connection_send(connection, request, request->sql, request->count, request->values);
	pg_connection_sync(connection, request);
	metric_add(connection->pg->writes_total, 1);
}

static struct pg_result *write_on(struct context *ctx, struct pg_connection *connection,
				  const struct pg_request *wanted)
{
	struct pg *pg = connection->pg;
	uint32_t lease = connection->lease;
	struct pg_result *result = NULL;
	for (int i = 0; i <= RETRIES; i++) {
		struct pg_request request = *wanted;
		pg_lane_limit(connection);
		run(connection, &request);
		if (pg_request_wait(ctx, &request) != 0) {
			pg_cancel_start(connection);
			break;
		}
		if (request.outcome == PG_ANSWERED) {
			result = pg_result_keep(ctx, request.result);
			break;
		}
		if (request.outcome != PG_STALE || i == RETRIES || connection->lease != lease) {
			(void)fail_request(ctx, pg, &request, NULL);
			break;
		}
		PQclear(request.result);
	}
	pg_lease_release(connection, lease);
	return result;
}

struct pg_result *pg_write_values(struct context *ctx, struct pg *pg, const char *sql, size_t count,
				  const char *const *values)
{
	const struct pg_request wanted = {.sql = sql, .count = count, .values = values};
	struct pg_result *result = NULL;
	pg_hold(pg);
	struct pg_connection *connection = pg_lease_acquire(ctx, pg);
	if (connection)
		result = write_on(ctx, connection, &wanted);
	pg_drop(pg);
	return result;
}

void pg_tx_lost(struct pg_tx *tx)
{
	tx->connection = NULL;
	tx->failed = true;
}

static void tx_release(struct pg_tx *tx)
{
	struct pg_connection *connection = tx->connection;
	tx->connection = NULL;
	tx->failed = true;
	if (connection)
		pg_lease_release(connection, connection->lease);
}

static void tx_end(void *argument)
{
	struct pg_tx *tx = argument;
	tx_release(tx);
	pg_drop(tx->pg);
}

struct pg_tx *pg_begin(struct context *ctx, struct pg *pg)
{
	pg_hold(pg);
	struct pg_connection *connection = pg_lease_acquire(ctx, pg);
	if (!connection) {
		pg_drop(pg);
		return NULL;
	}
	struct pg_tx *tx;
	tx = arena_zalloc(&ctx->arena, sizeof(*tx));
	tx->ctx = ctx;
	tx->pg = pg;
	tx->connection = connection;
	connection->tx = tx;
	context_defer(ctx, tx_end, tx);
	return tx;
}

/* The connection, with BEGIN on its way; NULL with an error when the transaction cannot go on. */
static struct pg_connection *tx_connection(struct context *ctx, struct pg_tx *tx)
{
	if (!tx->connection) {
		(void)pg_fail_unavailable(ctx, tx->pg);
		return NULL;
	}
	if (tx->failed) {
		(void)context_fail_internal(ctx, "statement in a transaction that has failed");
		return NULL;
	}
	if (!tx->begun) {
		pg_connection_send(tx->connection, NULL, "BEGIN", 0, NULL);
		pg_lane_limit(tx->connection);
	}
	tx->begun = true;
	return tx->connection;
}

/* One round trip. 0 when answered; else the transaction has failed and ctx says why. */
static int tx_round(struct context *ctx, struct pg_tx *tx, struct pg_request *request)
{
	struct pg_connection *connection = tx_connection(ctx, tx);
	if (!connection)
		return -1;
	run(connection, request);
	if (pg_request_wait(ctx, request) != 0) {
		tx->failed = true;
		pg_cancel_start(connection);
		return -1;
	}
	if (request->outcome == PG_ANSWERED)
		return 0;
	tx->failed = true;
	return fail_request(ctx, tx->pg, request, tx->connection);
}

struct pg_result *pg_query_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count,
				  const char *const *values)
{
	struct pg_request request = {.sql = sql, .count = count, .values = values};
	return tx_round(ctx, tx, &request) == 0 ? pg_result_keep(ctx, request.result) : NULL;
}

void pg_queue_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count, const char *const *values)
{
	(void)ctx;
	if (!tx->connection || tx->failed)
		return; /* the next query or the commit reports it */
	if (tx->connection->batch >= PG_QUEUE_LIMIT) {
		tx->failed = true;
		return;
	}
	(void)tx_connection(ctx, tx);
	pg_connection_send(tx->connection, NULL, sql, count, values);
}

/* Frees the answer to COMMIT; -1 when it was a refusal. */
static int committed(struct context *ctx, struct pg_request *request)
{
	int result = 0;
	if (strcmp(PQcmdStatus(request->result), "COMMIT") != 0)
		result = context_fail_internal(ctx, "the server rolled back instead of committing");
	PQclear(request->result);
	request->result = NULL;
	return result;
}

static int commit(struct context *ctx, struct pg_tx *tx)
{
	struct pg_request request = {.sql = "COMMIT", .final = true};
	if (tx->connection && !tx->failed && !tx->begun)
		return 0;
	if (tx_round(ctx, tx, &request) != 0)
		return -1;
	return committed(ctx, &request);
}

int pg_commit(struct context *ctx, struct pg_tx *tx)
{
	int result = commit(ctx, tx);
	tx_release(tx);
	return result;
}

/* The request whose error explains the failure, when not both were answered. An aborted statement does not: the COMMIT
 * was not run either, and also gets the loss of the connection, if that was the reason. */
static struct pg_request *refused_of(struct pg_request *query, struct pg_request *commit_request)
{
	bool itself = query->result && query->outcome != PG_ANSWERED && query->outcome != PG_ABORTED;
	return itself ? query : commit_request;
}

/* The statement's answer is kept until that of the COMMIT behind it, in the same batch, has come. */
static struct pg_result *query_commit(struct context *ctx, struct pg_tx *tx, struct pg_request *query)
{
	struct pg_connection *connection = tx_connection(ctx, tx);
	struct pg_request commit_request = {.sql = "COMMIT", .final = true};
	if (!connection)
		return NULL;
	query->co = co_self();
	query->held = true;
	pg_connection_send(connection, query, query->sql, query->count, query->values);
	run(connection, &commit_request);
	if (pg_request_wait(ctx, &commit_request) != 0) {
		pg_request_leave(query);
		tx->failed = true;
		pg_cancel_start(connection);
		return NULL;
	}
	if (query->outcome != PG_ANSWERED || commit_request.outcome != PG_ANSWERED) {
		struct pg_request *refused = refused_of(query, &commit_request);
		(void)fail_request(ctx, tx->pg, refused, tx->connection);
		PQclear(refused == query ? commit_request.result : query->result);
		return NULL;
	}
	if (committed(ctx, &commit_request) != 0) {
		PQclear(query->result);
		return NULL;
	}
	return pg_result_keep(ctx, query->result);
}

struct pg_result *pg_query_commit_values(struct context *ctx, struct pg_tx *tx, const char *sql, size_t count,
					 const char *const *values)
{
	struct pg_request request = {.sql = sql, .count = count, .values = values};
	struct pg_result *result = query_commit(ctx, tx, &request);
	tx_release(tx);
	return result;
}

void pg_rollback(struct pg_tx *tx)
{
	if (tx)
		tx_release(tx);
}
