/* Shared reads: collected during a pass of the loop, sent at its end in one batch with one Sync. */
#include "co/co.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

#include <assert.h>

#define RETRIES 4 /* of a read that was not run because of somebody else */

bool pg_reads_up(const struct pg *pg)
{
	for (size_t i = 0; i < pg->shared_count; i++) {
		if (pg_connection_up(&pg->connections[i]))
			return true;
	}
	return pg->shared_count == 0; /* a lane misses none */
}

static bool usable(const struct pg_connection *connection)
{
	return pg_connection_up(connection) && connection->use == PG_USE_READS && !connection->cancel &&
	       connection->stalled < PG_STALLED_TICKS;
}

static uint32_t load_of(const struct pg_connection *connection)
{
	return connection->tail - connection->head;
}

/* The least loaded connection whose head is not stuck; a lease is borrowed while all of them are. */
static struct pg_connection *route(struct pg *pg)
{
	struct pg_connection *best = NULL;
	for (size_t i = 0; i < pg->count; i++) {
		struct pg_connection *connection = &pg->connections[i];
		if (usable(connection) && (!best || load_of(connection) < load_of(best)))
			best = connection;
	}
	for (size_t i = pg->shared_count; !best && pg_reads_up(pg) && i < pg->count; i++) {
		if (pg->connections[i].use == PG_USE_READS)
			break; /* one at a time, even if it got stuck as well */
		if (pg->connections[i].use == PG_USE_IDLE && pg_connection_up(&pg->connections[i]))
			best = &pg->connections[i];
	}
	return best;
}

void pg_reads_remove(struct pg *pg, struct pg_request *request)
{
	*(request->previous ? &request->previous->next : &pg->first_read) = request->next;
	*(request->next ? &request->next->previous : &pg->last_read) = request->previous;
	request->queued = false;
}

static void enqueue(struct pg *pg, struct pg_request *request)
{
	request->next = NULL;
	request->previous = pg->last_read;
	*(pg->last_read ? &pg->last_read->next : &pg->first_read) = request;
	pg->last_read = request;
	request->queued = true;
}

void pg_reads_flush(void *argument)
{
	struct pg *pg = argument;
	struct pg_connection *connection = pg->first_read ? route(pg) : NULL;
	int64_t sent = 0;
	if (!connection)
		return;
	connection->use = PG_USE_READS; /* an idle lease is lent until it is empty again */
	pg_connection_send_closes(connection);
	for (struct pg_request *request = pg->first_read; request; request = pg->first_read) {
		pg_reads_remove(pg, request);
		if (connection->batch >= PG_BATCH_LIMIT || (request->alone && connection->batch > 0))
			pg_connection_sync(connection, NULL);
		pg_connection_send(connection, request, request->sql, request->count, request->values);
		if (request->alone)
			pg_connection_sync(connection, NULL);
		sent++;
	}
	if (connection->batch > 0)
		pg_connection_sync(connection, NULL);
	metric_add(pg->reads_total, sent);
}

/* Takes the request of a slot back, as if it had not been sent; its answer here will be dropped. */
static void take_back(struct pg_connection *connection, struct pg_slot *slot)
{
	struct pg_request *request = slot->request;
	if (slot->kind != PG_SLOT_QUERY || !request || request->outcome != PG_PENDING)
		return;
	pg_request_leave(request);
	request->connection = NULL;
	enqueue(connection->pg, request);
}

void pg_reads_rescue(struct pg_connection *connection)
{
	const struct pg_request *head = connection->slots[connection->head & (connection->capacity - 1)].request;
	if (!route(connection->pg)) {
		pg_lease_open(connection->pg);
		return;
	}
	for (uint32_t i = connection->head; i != connection->tail; i++) {
		struct pg_slot *slot = &connection->slots[i & (connection->capacity - 1)];
		if (slot->request != head)
			take_back(connection, slot);
	}
}

void pg_reads_close(struct pg *pg)
{
	for (struct pg_request *request = pg->first_read; request; request = pg->first_read) {
		pg_reads_remove(pg, request);
		pg_request_settle(request, PG_CLOSED, NULL);
		pg_request_finish(request);
	}
}

/* While no connection stands, nobody waits for long. */
static int64_t timeout_of(const struct context *ctx, const struct pg *pg, const struct pg_request *request)
{
	if (!request->queued || pg_reads_up(pg))
		return ctx->deadline;
	return pg_timeout(ctx, pg);
}

static int wait_for_answer(struct context *ctx, struct pg *pg, struct pg_request *request)
{
	for (;;) {
		int64_t limit = timeout_of(ctx, pg, request);
		enum co_result result = request->done ? CO_OK : co_park("postgres", limit);
		if (request->done)
			return 0;
		if (result == CO_OK || (result == CO_TIMEOUT && limit < timeout_of(ctx, pg, request)))
			continue;
		if (request->queued)
			pg_reads_remove(pg, request);
		pg_request_leave(request);
		if (result == CO_TIMEOUT && limit < ctx->deadline)
			return pg_fail_unavailable(ctx, pg);
		return co_check(ctx, result);
	}
}

/* True when the request should be sent once more; it never ran, or its connection broke under it. */
static bool again(struct pg_request *request, unsigned *retries, bool *lost)
{
	switch (request->outcome) {
	case PG_ABORTED:
	case PG_STALE:
		return (*retries)++ < RETRIES;
	case PG_STOPPED: /* somebody else's cancel came late, or the server has a limit of its own: once is enough */
		*retries += RETRIES;
		return *retries < 2 * RETRIES;
	case PG_LOST:
		if (*lost)
			return false;
		*lost = true;
		return true;
	default:
		return false;
	}
}

static int read_once(struct context *ctx, struct pg *pg, struct pg_request *request)
{
	if (pg->closing)
		return pg_fail_unavailable(ctx, pg);
	enqueue(pg, request);
	pg->reads++;
	int result = wait_for_answer(ctx, pg, request);
	pg->reads--;
	return result;
}

static struct pg_result *read_until_answered(struct context *ctx, struct pg *pg, struct pg_request *request)
{
	unsigned retries = 0;
	bool lost = false;
	while (read_once(ctx, pg, request) == 0) {
		if (request->outcome == PG_ANSWERED)
			return pg_result_keep(ctx, request->result);
		if (!again(request, &retries, &lost)) {
			(void)(request->result ? pg_fail_result(ctx, request->result)
					       : pg_fail_outcome(ctx, pg, request->outcome));
			return NULL;
		}
		PQclear(request->result);
		*request = (struct pg_request){.co = request->co,
					       .sql = request->sql,
					       .count = request->count,
					       .values = request->values,
					       .alone = true};
	}
	return NULL;
}

struct pg_result *pg_read_values(struct context *ctx, struct pg *pg, const char *sql, size_t count,
				 const char *const *values)
{
	struct pg_request request = {.co = co_self(), .sql = sql, .count = count, .values = values};
	assert(request.co);
	if (pg->lane)
		return pg_lane_read(ctx, pg, sql, count, values);
	if (pg->reads >= pg->queue_limit) {
		(void)context_fail(ctx, ERROR_OVERLOADED, "database", NULL);
		ctx->error.retry_after_ms = 100;
		return NULL;
	}
	pg_hold(pg);
	struct pg_result *result = read_until_answered(ctx, pg, &request);
	pg_drop(pg);
	return result;
}
