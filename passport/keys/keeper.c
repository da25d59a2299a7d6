#include "keys/keeper.h"

#include "base/fatal.h"
#include "co/task.h"
#include "daemon/daemon.h"
#include "keys/key.h"
#include "keys/stage.h"
#include "passport.h"
#include "postgres/postgres.h"
#include "telemetry/log.h"

#include <stdlib.h>

#define WORK_DEADLINE (10 * CLOCK_SECOND)
#define RETRY_INTERVAL CLOCK_SECOND
/* A step at the exact moment may find the server's clock a little behind. */
#define STEP_MARGIN (5 * CLOCK_MILLISECOND)

struct key_keeper {
	struct daemon_worker *worker;
	struct key_policy policy;
	struct pg_listener *listener; /* NULL when it could not be made: the interval remains */
	struct co_task *task;
};

/* Steps and loads; *ret_wait: until the next time. */
static int work(struct context *ctx, struct key_keeper *keeper, int64_t *ret_wait)
{
	const struct passport *passport = keeper->worker->app;
	struct pg *db = keeper->worker->db;
	int64_t wait = 0;
	if (key_stage_next(ctx, db, &keeper->policy, &wait))
		return -1;
	if (wait == 0 && keeper->worker->index == 0 && key_stage_advance(ctx, db, passport->master, &keeper->policy))
		return -1;
	if (key_ring_reload(ctx, passport->keys))
		return -1;
	/* What is due is another replica's or the first worker's step, or our own, which has just notified us. */
	if (wait == 0)
		wait = RETRY_INTERVAL;
	*ret_wait = wait < keeper->policy.reload_interval ? wait + STEP_MARGIN : keeper->policy.reload_interval;
	return 0;
}

static int64_t work_once(struct key_keeper *keeper)
{
	int64_t wait = RETRY_INTERVAL;
	struct context ctx;
	context_init(&ctx, deadline_after(WORK_DEADLINE));
	co_set_context(&ctx);
	if (work(&ctx, keeper, &wait) && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "signing keys not looked after");
	co_set_context(NULL);
	context_done(&ctx);
	return wait;
}

static void keep(void *argument)
{
	struct key_keeper *keeper = argument;
	int64_t wait;
	do
		wait = work_once(keeper);
	while (co_task_rest(keeper->task, deadline_after(wait)) != CO_CANCELLED);
}

/* Outside any coroutine. */
static void notified(const char *payload, void *argument)
{
	struct key_keeper *keeper = argument;
	(void)payload;
	co_task_wake(keeper->task);
}

struct key_keeper *key_keeper_new(struct daemon_worker *worker)
{
	struct key_keeper *keeper = must_calloc(1, sizeof(*keeper));
	keeper->worker = worker;
	key_policy_read(worker->config, &keeper->policy);
	keeper->task = co_task_start("signing keys", keep, keeper);
	if (!keeper->task) {
		free(keeper);
		return NULL;
	}
	keeper->listener = pg_listen(worker->db, KEY_CHANNEL, notified, keeper);
	return keeper;
}

void key_keeper_free(struct key_keeper *keeper)
{
	if (!keeper)
		return;
	pg_listener_free(keeper->listener);
	co_task_stop(keeper->task);
	free(keeper);
}
