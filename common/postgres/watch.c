/*
 * The watch: while anything is in flight, a look every 50 ms at what does not move. Counting looks instead of reading
 * the clock for each statement keeps the hot path free of it, and a loop that was held up does not count twice.
 */
#include "postgres/internal.h"

#include <event2/event.h>

static bool head_abandoned(const struct pg_connection *connection)
{
	const struct pg_slot *slot = &connection->slots[connection->head & (connection->capacity - 1)];
	return slot->kind != PG_SLOT_SYNC && !slot->request;
}

static void look_at_head(struct pg_connection *connection)
{
	if (connection->completed != connection->watched) {
		connection->watched = connection->completed;
		connection->stalled = 0;
		connection->cancelled = connection->cancelled && connection->use != PG_USE_READS;
		return;
	}
	connection->stalled++;
	if (connection->use != PG_USE_READS)
		return;
	if (connection->stalled >= PG_STALLED_TICKS)
		pg_reads_rescue(connection);
	if (!head_abandoned(connection))
		return;
	if (connection->stalled >= PG_DRAIN_TICKS)
		pg_link_fail(&connection->link, "a cancelled statement did not end");
	else if (connection->stalled >= PG_ABANDONED_TICKS && !connection->cancelled)
		pg_cancel_start(connection);
}

/* True when it has to be looked at again. */
static bool look(struct pg_connection *connection)
{
	if (!pg_connection_up(connection))
		return false;
	if (connection->use == PG_USE_SETTLING && ++connection->settling >= PG_DRAIN_TICKS)
		pg_link_fail(&connection->link, "a connection did not come to rest");
	if (pg_connection_empty(connection)) {
		connection->stalled = 0;
		return connection->use == PG_USE_SETTLING;
	}
	look_at_head(connection);
	return true;
}

void pg_watch_arm(struct pg *pg)
{
	const struct timeval tick = {.tv_usec = PG_TICK};
	if (pg->watching)
		return;
	pg->watching = true;
	(void)event_add(pg->watch, &tick);
}

void pg_watch_tick(int fd, short what, void *argument)
{
	struct pg *pg = argument;
	bool again = pg_leases_look(pg);
	(void)fd;
	(void)what;
	for (size_t i = 0; i < pg->count; i++)
		again = look(&pg->connections[i]) || again;
	pg->watching = false;
	if (again)
		pg_watch_arm(pg);
}
