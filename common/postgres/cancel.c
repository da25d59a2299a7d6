/*
 * Cancelling a running statement. libpq's PQcancel opens a connection of its own and blocks, so it runs on a thread; a
 * coroutine waits for it. Until it has ended the connection is not reused: a late cancel would hit the wrong statement.
 */
#include "co/co.h"
#include "co/offload.h"
#include "postgres/internal.h"

#include <stdlib.h>

#define CANCEL_LIMIT (2 * CLOCK_SECOND)
#define POOL_QUEUE 64

struct pg_cancel {
	struct pg_connection *connection;
	PGcancel *handle;
};

static void cancel_work(void *handle)
{
	char error[256];
	(void)PQcancel(handle, error, sizeof(error)); /* when it fails the drain limit closes the connection */
}

static void cancel_handle_free(void *handle)
{
	PQfreeCancel(handle);
}

static struct offload_pool *pool_of(struct pg *pg)
{
	if (offload_default())
		return offload_default();
	if (!pg->pool)
		pg->pool = offload_pool_new(1, POOL_QUEUE);
	return pg->pool;
}

static void cancel_run(void *argument)
{
	struct pg_cancel *cancel = argument;
	struct pg_connection *connection = cancel->connection;
	struct pg *pg = connection->pg;
	struct offload_pool *pool = pool_of(pg);
	struct context ctx;
	context_init(&ctx, deadline_after(CANCEL_LIMIT));
	if (offload_run(&ctx, pool, cancel_work, cancel->handle, cancel_handle_free) == 0)
		PQfreeCancel(cancel->handle);
	else
		pg_link_fail(&connection->link, "a statement could not be cancelled");
	context_done(&ctx);
	connection->cancel = NULL;
	free(cancel);
	if (!connection->shared)
		pg_lease_settle(connection);
	pg_drop(pg);
}

void pg_cancel_start(struct pg_connection *connection)
{
	struct pg_cancel *cancel;
	if (connection->cancel || !pg_connection_up(connection) || pg_connection_empty(connection))
		return;
	cancel = malloc(sizeof(*cancel));
	if (!cancel)
		abort();
	*cancel = (struct pg_cancel){connection, PQgetCancel(connection->link.conn)};
	if (!cancel->handle || !co_spawn("postgres cancel", cancel_run, cancel)) {
		PQfreeCancel(cancel->handle);
		free(cancel);
		pg_link_fail(&connection->link, "a statement could not be cancelled");
		return;
	}
	connection->cancel = cancel;
	connection->cancelled = true;
	pg_hold(connection->pg);
}
