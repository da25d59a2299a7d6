#include "base/fault.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_CAPACITY 64

static struct pg_slot *slot_at(const struct pg_connection *connection, uint32_t number)
{
	return &connection->slots[number & (connection->capacity - 1)];
}

static void slots_grow(struct pg_connection *connection)
{
	uint32_t capacity = connection->capacity ? connection->capacity * 2 : FIRST_CAPACITY;
	struct pg_slot *slots = calloc(capacity, sizeof(*slots));
	if (!slots)
		abort();
	for (uint32_t i = connection->head; i != connection->tail; i++)
		slots[i & (capacity - 1)] = *slot_at(connection, i);
	free(connection->slots);
	connection->slots = slots;
	connection->capacity = capacity;
}

static void slot_push(struct pg_connection *connection, enum pg_slot_kind kind, struct pg_request *request,
		      struct pg_statement *statement)
{
	if (connection->tail - connection->head == connection->capacity)
		slots_grow(connection);
	if (statement && kind != PG_SLOT_CLOSE)
		statement->in_flight++;
	*slot_at(connection, connection->tail++) = (struct pg_slot){request, statement, kind};
}

/* What libpq refused to send goes down with the link. */
static void sent(struct pg_connection *connection, int accepted)
{
	if (!accepted)
		pg_link_fail(&connection->link, PQerrorMessage(connection->link.conn));
}

bool pg_connection_empty(const struct pg_connection *connection)
{
	return connection->head == connection->tail;
}

bool pg_connection_up(const struct pg_connection *connection)
{
	return connection->link.state == PG_LINK_UP;
}

static void prepare(struct pg_connection *connection, struct pg_request *request, struct pg_statement *statement)
{
	slot_push(connection, PG_SLOT_PREPARE, request, statement);
	statement->state = PG_STATEMENT_PREPARING;
	if (pg_connection_up(connection))
		sent(connection, PQsendPrepare(connection->link.conn, statement->name, statement->sql, 0, NULL));
}

/* A retry must get an answer of its own, so it does not rely on a preparation that may fail for all who wait for it. */
static void send_unprepared(struct pg_connection *connection, struct pg_request *request)
{
	slot_push(connection, PG_SLOT_QUERY, request, NULL);
	if (pg_connection_up(connection))
		sent(connection, PQsendQueryParams(connection->link.conn, request->sql, (int)request->count, NULL,
						   request->values, NULL, NULL, 0));
}

static void send_prepared(struct pg_connection *connection, struct pg_request *request, struct pg_statement *statement,
			  size_t count, const char *const *values)
{
	if (statement->state == PG_STATEMENT_NEW)
		prepare(connection, request, statement);
	slot_push(connection, PG_SLOT_QUERY, request, statement);
	if (pg_connection_up(connection))
		sent(connection,
		     PQsendQueryPrepared(connection->link.conn, statement->name, (int)count, values, NULL, NULL, 0));
}

void pg_connection_send(struct pg_connection *connection, struct pg_request *request, const char *sql, size_t count,
			const char *const *values)
{
	struct pg_statement *statement = pg_statement_get(connection, sql);
	uint32_t first = connection->tail;
	assert(count <= UINT16_MAX);
	if (request && request->alone && statement->state != PG_STATEMENT_READY)
		send_unprepared(connection, request);
	else
		send_prepared(connection, request, statement, count, values);
	connection->batch++;
	if (request) {
		request->connection = connection;
		request->first_slot = first;
		request->last_slot = connection->tail - 1;
	}
}

void pg_connection_sync(struct pg_connection *connection, struct pg_request *request)
{
	slot_push(connection, PG_SLOT_SYNC, request, NULL);
	connection->batch = 0;
	if (request)
		request->last_slot = connection->tail - 1;
	if (pg_connection_up(connection))
		sent(connection, PQpipelineSync(connection->link.conn));
	pg_link_flush(&connection->link);
	pg_watch_arm(connection->pg);
}

void pg_connection_send_closes(struct pg_connection *connection)
{
	struct pg_statement *statement = connection->statements.closing;
	if (!statement || !pg_connection_up(connection))
		return;
	connection->statements.closing = NULL;
	while (statement) {
		struct pg_statement *next = statement->chain;
		char sql[sizeof(statement->name) + sizeof("DEALLOCATE ")] = "DEALLOCATE ";
		for (size_t i = 0; i < sizeof(statement->name); i++)
			sql[sizeof("DEALLOCATE ") - 1 + i] = statement->name[i];
		slot_push(connection, PG_SLOT_CLOSE, NULL, statement);
		sent(connection, PQsendQueryParams(connection->link.conn, sql, 0, NULL, NULL, NULL, NULL, 0));
		statement = next;
	}
	pg_connection_sync(connection, NULL);
}

static void statement_answered(struct pg_connection *connection, const struct pg_slot *slot, enum pg_outcome outcome)
{
	struct pg_statement *statement = slot->statement;
	if (slot->kind == PG_SLOT_CLOSE && outcome != PG_ABORTED) {
		free(statement);
		return;
	}
	if (slot->kind == PG_SLOT_CLOSE) {
		statement->chain = connection->statements.closing;
		connection->statements.closing = statement;
		return;
	}
	if (!statement)
		return;
	if (slot->kind == PG_SLOT_PREPARE && statement->state == PG_STATEMENT_PREPARING)
		statement->state = outcome == PG_ANSWERED ? PG_STATEMENT_READY : PG_STATEMENT_NEW;
	if (slot->kind == PG_SLOT_QUERY && outcome == PG_STALE)
		pg_statement_drop(connection, statement);
	pg_statement_release(connection, statement);
}

static void slot_complete(struct pg_connection *connection)
{
	struct pg_slot slot = *slot_at(connection, connection->head++);
	PGresult *result = connection->current;
	enum pg_outcome outcome = pg_outcome_of(result);
	connection->current = NULL;
	connection->completed++;
	if (outcome == PG_LOST)
		pg_link_fail(&connection->link, PQresultErrorMessage(result));
	statement_answered(connection, &slot, outcome);
	if (slot.request && (slot.kind == PG_SLOT_QUERY || outcome != PG_ANSWERED)) {
		pg_request_settle(slot.request, outcome, result);
		result = NULL;
	} else if (!slot.request && connection->use == PG_USE_LEASED && outcome != PG_ANSWERED &&
		   outcome != PG_ABORTED && slot.kind != PG_SLOT_CLOSE && !connection->first_error) {
		connection->first_error = result;
		result = NULL;
	}
	PQclear(result);
	if (slot.request && slot.kind == PG_SLOT_QUERY && !slot.request->held)
		pg_request_finish(slot.request);
}

/* A Sync may bring an error before itself: what the implicit commit said, e.g. of a deferred constraint. */
static bool sync_take(struct pg_connection *connection, PGresult *result)
{
	struct pg_request *request = slot_at(connection, connection->head)->request;
	bool in_step = result || connection->sync_error;
	connection->sync_error = false;
	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
		connection->head++;
		connection->completed++;
		if (request)
			pg_request_finish(request);
	} else if (result) {
		connection->sync_error = true;
		if (request) {
			pg_request_settle(request, pg_outcome_of(result), result);
			return in_step;
		}
	}
	PQclear(result);
	return in_step;
}

/* Hands a result, or the NULL that ends a statement's results, to the head slot. False: the protocol is out of step. */
static bool connection_take(struct pg_connection *connection, PGresult *result)
{
	if (slot_at(connection, connection->head)->kind == PG_SLOT_SYNC)
		return sync_take(connection, result);
	if (result) {
		bool in_step = PQresultStatus(result) != PGRES_PIPELINE_SYNC;
		PQclear(connection->current);
		connection->current = result;
		return in_step;
	}
	if (!connection->current)
		return false;
	slot_complete(connection);
	return true;
}

static void connection_input(struct pg_link *link)
{
	struct pg_connection *connection = (struct pg_connection *)link;
	bool readable = !FAULT("pg.lost") && PQconsumeInput(link->conn);
	bool in_step = true;
	while (in_step && !pg_connection_empty(connection) && !PQisBusy(link->conn))
		in_step = connection_take(connection, PQgetResult(link->conn));
	(void)PQisBusy(link->conn); /* parses what the server says unasked: parameters, a farewell */
	if (!readable || !in_step || PQstatus(link->conn) == CONNECTION_BAD)
		pg_link_fail(link, PQerrorMessage(link->conn));
	else if (!connection->shared && pg_connection_empty(connection))
		pg_lease_settle(connection);
}

static void connection_up(struct pg_link *link)
{
	struct pg_connection *connection = (struct pg_connection *)link;
	struct pg *pg = connection->pg;
	if (!PQenterPipelineMode(link->conn)) {
		pg_link_fail(link, "cannot enter pipeline mode");
		return;
	}
	if (connection->was_up)
		metric_add(pg->reconnects, 1);
	connection->was_up = true;
	connection->use = connection->shared ? PG_USE_READS : PG_USE_SETTLING;
	if (!connection->shared)
		pg_lease_settle(connection);
	if (pg_reads_up(pg) && pg_leases_up(pg))
		pg->down_since = 0;
}

void pg_connection_reset(struct pg_connection *connection, enum pg_outcome outcome)
{
	while (!pg_connection_empty(connection)) {
		struct pg_slot slot = *slot_at(connection, connection->head++);
		if (slot.kind == PG_SLOT_CLOSE)
			free(slot.statement);
		else if (slot.statement)
			pg_statement_release(connection, slot.statement);
		if (!slot.request || slot.kind != (slot.request->held ? PG_SLOT_SYNC : PG_SLOT_QUERY))
			continue;
		pg_request_settle(slot.request, outcome, NULL);
		pg_request_finish(slot.request);
	}
	pg_statements_clear(connection);
	PQclear(connection->current);
	PQclear(connection->first_error);
	connection->current = NULL;
	connection->first_error = NULL;
	connection->batch = 0;
	connection->cancelled = connection->sync_error = false;
	connection->stalled = connection->settling = 0;
}

/* A lease ends with its connection. */
static void connection_lose(struct pg_connection *connection, enum pg_outcome outcome)
{
	pg_connection_reset(connection, outcome);
	if (connection->use == PG_USE_LEASED)
		metric_add(connection->pg->leases_in_use, -1);
	connection->use = PG_USE_DOWN;
	connection->lease++;
	if (connection->tx)
		pg_tx_lost(connection->tx);
	connection->tx = NULL;
}

static void connection_down(struct pg_link *link, bool was_up)
{
	struct pg_connection *connection = (struct pg_connection *)link;
	struct pg *pg = connection->pg;
	if (was_up)
		connection_lose(connection, PG_LOST);
	if (pg->down_since == 0 && (!pg_reads_up(pg) || !pg_leases_up(pg)))
		pg->down_since = clock_monotonic();
}

void pg_connection_init(struct pg_connection *connection, struct pg *pg, bool shared)
{
	*connection = (struct pg_connection){
	    .pg = pg,
	    .shared = shared,
	    .link = {.target = &pg->target,
		     .up = connection_up,
		     .input_ready = connection_input,
		     .down = connection_down},
	};
	slots_grow(connection);
}

void pg_connection_open(struct pg_connection *connection)
{
	pg_link_open(&connection->link);
}

bool pg_connection_opened(const struct pg_connection *connection)
{
	return connection->link.state != PG_LINK_CLOSED;
}

void pg_connection_close(struct pg_connection *connection)
{
	connection_lose(connection, PG_CLOSED);
	pg_link_close(&connection->link);
}

void pg_connection_free(struct pg_connection *connection)
{
	free(connection->slots);
}
