#include "start.h"

#include "availability/zone_check.h"
#include "base/fatal.h"
#include "booking/store/due.h"
#include "catalogue/catalogue.h"
#include "co/task.h"
#include "events.h"
#include "pricing/quote.h"
#include "search/housekeeping.h"
#include "telemetry/log.h"

#include <stdlib.h>

#define INTERVAL (3600 * CLOCK_SECOND)
#define DEADLINE (600 * CLOCK_SECOND)
#define DUE_INTERVAL (500 * CLOCK_MILLISECOND)
#define DUE_DEADLINE (30 * CLOCK_SECOND)

/* Once, before anything else that is done in the background. */
static void check_zones(struct daemon_worker *worker)
{
	struct context ctx;
	context_init(&ctx, deadline_after(DEADLINE));
	if (zone_check_run(&ctx, worker->db, clock_wall()) && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "time zones could not be compared with those of PostgreSQL");
	context_done(&ctx);
}

/* Hourly, by one thread of the process; replicas that meet skip each other's rows. Runs until the daemon stops. */
static void keep_house(void *argument)
{
	struct daemon_worker *worker = argument;
	struct events *events = worker->app;
	check_zones(worker);
	do {
		struct context ctx;
		context_init(&ctx, deadline_after(DEADLINE));
		if ((housekeeping_run(&ctx, worker->db) || quote_clean(&ctx, worker->db)) && !co_cancelled())
			log_error_of(LOG_WARNING, &ctx, "search housekeeping failed; again in an hour");
		context_done(&ctx);
	} while (co_task_rest(events->housekeeper, deadline_after(INTERVAL)) != CO_CANCELLED);
}

/* Ends holds, requests and bookings when their time has come. Runs until the daemon stops. */
static void keep_time(void *argument)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	struct daemon_worker *worker = argument;
	struct events *events = worker->app;
	const struct rpc_call prototype = {
	    .caller = &nobody,
	    .peer = "",
	    .user_agent = "",
	    .worker = worker,
	    .db = worker->db,
	    .client = worker->client,
	    .app = events,
	};
	bool failed = false;
	do {
		struct context ctx;
		context_init(&ctx, deadline_after(DUE_DEADLINE));
		ctx.method = "due bookings"; /* for logs */
		bool fails = due_run(&prototype, &ctx) && !co_cancelled();
		if (fails && !failed)
			log_error_of(LOG_WARNING, &ctx, "what is due could not be ended; it is tried again");
		failed = fails;
		context_done(&ctx);
	} while (co_task_rest(events->clock, deadline_after(DUE_INTERVAL)) != CO_CANCELLED);
}

int events_start(struct daemon_worker *worker, struct context *ctx)
{
	struct events *events = must_calloc(1, sizeof(*events));
	worker->app = events;
	events->catalogue = catalogue_new(worker->db);
	if (!worker->http || worker->index != 0)
		return 0;
	events->housekeeper = co_task_start("search housekeeping", keep_house, worker);
	events->clock = co_task_start("due bookings", keep_time, worker);
	return events->housekeeper && events->clock ? 0 : context_fail_internal(ctx, "no coroutine left at start");
}

void events_stop(struct daemon_worker *worker)
{
	struct events *events = worker->app;
	if (!events)
		return;
	co_task_stop(events->clock);
	co_task_stop(events->housekeeper);
	catalogue_free(events->catalogue);
	free(events);
	worker->app = NULL;
}
