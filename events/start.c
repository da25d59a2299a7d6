#include "start.h"

#include "availability/zone_check.h"
#include "base/fatal.h"
#include "booking/store/due.h"
#include "catalogue/catalogue.h"
#include "co/task.h"
#include "events.h"
#include "letters/letters.h"
#include "pricing/quote.h"
#include "search/housekeeping.h"
#include "telemetry/log.h"

#include <stdlib.h>

#define INTERVAL (3600 * CLOCK_SECOND)
#define DEADLINE (600 * CLOCK_SECOND)

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

/* What the clock demands again and again. */
struct chore {
	const char *name, *failing; /* for logs */
	int (*run)(const struct rpc_call *prototype, struct context *ctx);
	int64_t deadline, interval;
};

/* Ends holds, requests and bookings when their time has come. */
static const struct chore due_bookings = {
    .name = "due bookings",
    .failing = "what is due could not be ended; it is tried again",
    .run = due_run,
    .deadline = 30 * CLOCK_SECOND,
    .interval = 500 * CLOCK_MILLISECOND,
};

static const struct chore due_letters = {
    .name = "due letters",
    .failing = "letters that are due could not be sent; it is tried again",
    .run = letters_tell_due,
    .deadline = 30 * CLOCK_SECOND,
    .interval = 5 * CLOCK_SECOND,
};

/* Does the chore until the daemon stops. */
static void keep_time(struct daemon_worker *worker, const struct chore *chore, struct co_task *const *task)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	const struct rpc_call prototype = {
	    .caller = &nobody,
	    .peer = "",
	    .user_agent = "",
	    .worker = worker,
	    .db = worker->db,
	    .client = worker->client,
	    .app = worker->app,
	};
	bool failed = false;
	do {
		struct context ctx;
		context_init(&ctx, deadline_after(chore->deadline));
		ctx.method = chore->name; /* for logs */
		bool fails = chore->run(&prototype, &ctx) && !co_cancelled();
		if (fails && !failed)
			log_error_of(LOG_WARNING, &ctx, chore->failing);
		failed = fails;
		context_done(&ctx);
	} while (co_task_rest(*task, deadline_after(chore->interval)) != CO_CANCELLED);
}

static void end_bookings(void *argument)
{
	struct daemon_worker *worker = argument;
	struct events *events = worker->app;
	keep_time(worker, &due_bookings, &events->clock);
}

static void send_letters(void *argument)
{
	struct daemon_worker *worker = argument;
	struct events *events = worker->app;
	keep_time(worker, &due_letters, &events->letters);
}

int events_start(struct daemon_worker *worker, struct context *ctx)
{
	struct events *events = must_calloc(1, sizeof(*events));
	worker->app = events;
	events->catalogue = catalogue_new(worker->db);
	if (!worker->http || worker->index != 0)
		return 0;
	events->housekeeper = co_task_start("search housekeeping", keep_house, worker);
	events->clock = co_task_start(due_bookings.name, end_bookings, worker);
	events->letters = co_task_start(due_letters.name, send_letters, worker);
	return events->housekeeper && events->clock && events->letters
		   ? 0
		   : context_fail_internal(ctx, "no coroutine left at start");
}

void events_stop(struct daemon_worker *worker)
{
	struct events *events = worker->app;
	if (!events)
		return;
	co_task_stop(events->letters);
	co_task_stop(events->clock);
	co_task_stop(events->housekeeper);
	catalogue_free(events->catalogue);
	free(events);
	worker->app = NULL;
}
