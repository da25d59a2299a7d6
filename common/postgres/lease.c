/* Leases: a small pool of connections, each somebody's for a statement or a transaction; first come, first served. */
#include "co/co.h"
#include "postgres/internal.h"
#include "telemetry/metrics.h"

bool pg_leases_up(const struct pg *pg)
{
	for (size_t i = pg->shared_count; i < pg->count; i++) {
		if (pg_connection_up(&pg->connections[i]))
			return true;
	}
	return false;
}

void pg_lease_open(struct pg *pg)
{
	struct pg_connection *connection = &pg->connections[pg->shared_count], *end = &pg->connections[pg->count];
	while (connection < end && pg_connection_up(connection))
		connection++;
	if (connection < end && !pg_connection_opened(connection))
		pg_connection_open(connection);
}

/* One more when as many wait as there are: commits that wait for the disk together cost it little more than one. */
static void grow(struct pg *pg)
{
	size_t up = 0;
	for (size_t i = pg->shared_count; i < pg->count; i++)
		up += pg_connection_up(&pg->connections[i]);
	if (up > 0 && pg->waiters >= up)
		pg_lease_open(pg);
}

/* When leases are held for long, one more is opened even for a single waiter. */
bool pg_leases_look(struct pg *pg)
{
	pg->queue_stalled = pg->first_waiter ? pg->queue_stalled + 1 : 0;
	if (pg->queue_stalled >= PG_QUEUE_TICKS)
		pg_lease_open(pg);
	return pg->first_waiter;
}

static void waiter_remove(struct pg *pg, struct pg_waiter *waiter)
{
	*(waiter->previous ? &waiter->previous->next : &pg->first_waiter) = waiter->next;
	*(waiter->next ? &waiter->next->previous : &pg->last_waiter) = waiter->previous;
	pg->waiters--;
}

static void waiter_add(struct pg *pg, struct pg_waiter *waiter)
{
	waiter->previous = pg->last_waiter;
	*(pg->last_waiter ? &pg->last_waiter->next : &pg->first_waiter) = waiter;
	pg->last_waiter = waiter;
	pg->waiters++;
	pg_watch_arm(pg);
}

static void take(struct pg_connection *connection, uint64_t share)
{
	connection->use = PG_USE_LEASED;
	connection->share = share;
	connection->turn = connection->pg->lane ? connection->pg->lane->turn : 0;
	connection->lease++;
	metric_add(connection->pg->leases_in_use, 1);
}

/* Clean and idle: who is next in the queue gets it at once, so that nobody overtakes. */
static void offer(struct pg_connection *connection)
{
	struct pg *pg = connection->pg;
	struct pg_waiter *waiter = pg->lane ? pg_lane_next(pg) : pg->first_waiter;
	connection->use = PG_USE_IDLE;
	connection->settling = 0;
	if (!waiter)
		return;
	waiter_remove(pg, waiter);
	take(connection, waiter->share);
	waiter->connection = connection;
	waiter->lease = connection->lease;
	pg->queue_stalled = 0;
	co_wake(waiter->co);
	grow(pg);
}

/* A cancel may arrive after what it was meant for has ended: then it hits this ROLLBACK, which does no harm. */
static void roll_back(struct pg_connection *connection)
{
	connection->cancelled = false;
	pg_connection_send(connection, NULL, "ROLLBACK", 0, NULL);
	pg_connection_sync(connection, NULL);
}

void pg_lease_settle(struct pg_connection *connection)
{
	if (!pg_connection_up(connection) || !pg_connection_empty(connection))
		return;
	if (connection->use == PG_USE_READS)
		connection->use = PG_USE_SETTLING;
	if (connection->use != PG_USE_SETTLING || connection->cancel)
		return;
	PQclear(connection->first_error);
	connection->first_error = NULL;
	bool clean = !connection->cancelled && PQtransactionStatus(connection->link.conn) == PQTRANS_IDLE;
	if (clean)
		offer(connection);
	else
		roll_back(connection);
}

void pg_lease_release(struct pg_connection *connection, uint32_t lease)
{
	if (connection->use != PG_USE_LEASED || connection->lease != lease)
		return;
	metric_add(connection->pg->leases_in_use, -1);
	connection->tx = NULL;
	connection->use = PG_USE_SETTLING;
	connection->settling = 0;
	/* A BEGIN that was never flushed or never ended by a Sync needs one before the server looks at it. */
	if (connection->batch > 0)
		pg_connection_sync(connection, NULL);
	pg_lease_settle(connection);
	pg_watch_arm(connection->pg);
}

static struct pg_connection *take_idle(struct pg *pg, uint64_t share)
{
	for (size_t i = pg->shared_count; i < pg->count; i++) {
		struct pg_connection *connection = &pg->connections[i];
		if (connection->use == PG_USE_IDLE && pg_connection_up(connection)) {
			take(connection, share);
			return connection;
		}
	}
	return NULL;
}

static bool granted(const struct pg_waiter *waiter)
{
	const struct pg_connection *connection = waiter->connection;
	return connection && connection->use == PG_USE_LEASED && connection->lease == waiter->lease;
}

static int64_t timeout_of(const struct context *ctx, const struct pg *pg)
{
	if (pg_leases_up(pg))
		return ctx->deadline;
	return pg_timeout(ctx, pg);
}

static struct pg_connection *wait_in_queue(struct context *ctx, struct pg *pg, uint64_t share)
{
	struct pg_waiter waiter = {.co = co_self(), .share = share, .turn = pg->lane ? pg_lane_turn(pg, share) : 0};
	waiter_add(pg, &waiter);
	grow(pg);
	for (;;) {
		int64_t limit = timeout_of(ctx, pg);
		enum co_result result = co_park("postgres lease", limit);
		if (granted(&waiter))
			return waiter.connection;
		if (pg->closing || waiter.shed) { /* no longer in the queue */
			(void)(pg->closing ? pg_fail_unavailable(ctx, pg) : pg_lane_refuse(ctx, pg));
			return NULL;
		}
		if (waiter.connection) { /* granted and lost before this coroutine ran */
			waiter.connection = NULL;
			waiter.next = NULL;
			waiter_add(pg, &waiter);
		}
		if (result == CO_OK || (result == CO_TIMEOUT && limit < timeout_of(ctx, pg)))
			continue;
		waiter_remove(pg, &waiter);
		(void)(result == CO_TIMEOUT && limit < ctx->deadline ? pg_fail_unavailable(ctx, pg)
								     : co_check(ctx, result));
		return NULL;
	}
}

/* In a lane a share with fewer waiters takes the place of one with more. */
static bool make_room(struct pg *pg, uint64_t share)
{
	struct pg_waiter *greediest = pg->lane ? pg_lane_greediest(pg, share) : NULL;
	if (!greediest)
		return false;
	waiter_remove(pg, greediest);
	greediest->shed = true;
	co_wake(greediest->co);
	return true;
}

static int enter_queue(struct context *ctx, struct pg *pg, uint64_t share)
{
	if (pg->closing)
		return pg_fail_unavailable(ctx, pg);
	if (pg->waiters < pg->queue_limit || make_room(pg, share))
		return 0;
	if (pg->lane)
		return pg_lane_refuse(ctx, pg);
	(void)context_fail(ctx, ERROR_OVERLOADED, "database", NULL);
	ctx->error.retry_after_ms = 100;
	return -1;
}

static struct pg_connection *acquire_slowly(struct context *ctx, struct pg *pg, uint64_t share)
{
	int64_t started = clock_monotonic();
	if (enter_queue(ctx, pg, share) != 0)
		return NULL;
	struct pg_connection *connection = wait_in_queue(ctx, pg, share);
	metric_observe(pg->wait_seconds, clock_monotonic() - started);
	return connection;
}

struct pg_connection *pg_lease_acquire(struct context *ctx, struct pg *pg)
{
	uint64_t share = pg->lane ? pg_lane_share(ctx) : 0;
	struct pg_connection *connection = pg->first_waiter ? NULL : take_idle(pg, share);
	if (connection)
		metric_observe(pg->wait_seconds, 0);
	else
		connection = acquire_slowly(ctx, pg, share);
	if (connection)
		pg_connection_send_closes(connection);
	return connection;
}

void pg_leases_close(struct pg *pg)
{
	for (struct pg_waiter *waiter = pg->first_waiter; waiter; waiter = pg->first_waiter) {
		waiter_remove(pg, waiter);
		co_wake(waiter->co);
	}
}
