#include "co/co.h"
#include "postgres/internal.h"

#include <string.h>

static enum pg_outcome outcome_of_error(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
	if (!state || strncmp(state, "57P", 3) == 0)
		return PG_LOST; /* libpq's own complaint, or the server is going down */
	if (strcmp(state, "26000") == 0)
		return PG_STALE;
	if (strcmp(state, "0A000") == 0 && function && strcmp(function, "RevalidateCachedQuery") == 0)
		return PG_STALE; /* "cached plan must not change result type": the table was altered */
	if (strcmp(state, "57014") == 0)
		return PG_STOPPED;
	return PG_FAILED;
}

enum pg_outcome pg_outcome_of(const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		return PG_ANSWERED;
	case PGRES_PIPELINE_ABORTED:
		return PG_ABORTED;
	case PGRES_FATAL_ERROR:
		return outcome_of_error(result);
	default:
		return PG_FAILED;
	}
}

/* True when the outcome is final. PG_ABORTED is not: if the connection is lost before the first error arrives, the
 * outcome becomes PG_LOST. */
static bool decided(const struct pg_request *request, const PGresult *result)
{
	switch (request->outcome) {
	case PG_PENDING:
	case PG_ABORTED:
		return false;
	case PG_ANSWERED:
		return request->final && !result;
	default:
		return true;
	}
}

void pg_request_settle(struct pg_request *request, enum pg_outcome outcome, PGresult *result)
{
	if (decided(request, result)) {
		PQclear(result);
		return;
	}
	PQclear(request->result);
	request->result = result;
	request->outcome = outcome;
}

void pg_request_finish(struct pg_request *request)
{
	request->done = true;
	co_wake(request->co);
}

void pg_request_leave(struct pg_request *request)
{
	struct pg_connection *connection = request->connection;
	for (uint32_t i = request->first_slot; connection && i != request->last_slot + 1; i++) {
		struct pg_slot *slot = &connection->slots[i & (connection->capacity - 1)];
		if ((int32_t)(i - connection->head) >= 0 && slot->request == request)
			slot->request = NULL;
	}
	PQclear(request->result);
	request->result = NULL;
}

int pg_request_wait(struct context *ctx, struct pg_request *request)
{
	enum co_result result = CO_OK;
	while (!request->done && result == CO_OK)
		result = co_park("postgres", ctx->deadline);
	if (request->done)
		return 0;
	pg_request_leave(request);
	return co_check(ctx, result);
}
