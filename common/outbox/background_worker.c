/* The worker: takes what is due, a batch at a time. */
#include "base/buffer.h"
#include "base/fatal.h"
#include "co/task.h"
#include "outbox/background_job_internal.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_TIMEOUT (10 * CLOCK_SECOND)
#define LOOK_INTERVAL (250 * CLOCK_MILLISECOND)
#define PAUSE_MAX (250 * CLOCK_MILLISECOND) /* between batches */
#define MEASURE_INTERVAL (5 * CLOCK_SECOND)
#define KINDS_SIZE 4096
#define HALVINGS 8 /* of a batch that fails again and again */

#define DUE "SELECT EXISTS (SELECT FROM background_job WHERE next_attempt_at <= now() AND kind = ANY ($1::text[]))"

/* The longest due job that no worker holds. The inner LIMIT keeps the outer condition from being evaluated for every
 * row. */
#define LOCK                                                                                                 \
	"SELECT kind, key FROM (SELECT kind, key FROM background_job "                                       \
	"WHERE next_attempt_at <= now() AND kind = ANY ($1::text[]) ORDER BY next_attempt_at LIMIT 32) due " \
	"WHERE pg_try_advisory_xact_lock(hashtextextended('background_job ' || kind || ' ' || key, 0)) LIMIT 1"

/* Reads the job again: its last worker may have changed it between the snapshot of LOCK and the lock. */
#define TAKE                                                                                      \
	"SELECT details, position, generation, attempts FROM background_job WHERE kind = $1 AND " \
	"key = $2 AND next_attempt_at <= clock_timestamp()"

/* Nothing happens to a job that was asked for again meanwhile: it begins anew. */
#define GO_ON                                                                                                      \
	"UPDATE background_job SET position = $4, attempts = 0, reason = '', next_attempt_at = clock_timestamp() " \
	"WHERE kind = $1 AND key = $2 AND generation = $3::bigint"
#define DONE "DELETE FROM background_job WHERE kind = $1 AND key = $2 AND generation = $3::bigint"

/* A second, doubled up to ten minutes. */
#define PUT_OFF                                                                                              \
	"UPDATE background_job SET attempts = attempts + 1, reason = left($4, 500), next_attempt_at = "      \
	"clock_timestamp() + least(600, 2 ^ least(attempts, 20)) * interval '1 second' WHERE kind = $1 AND " \
	"key = $2 AND generation = $3::bigint"

#define MEASURE                                                   \
	"SELECT k.name, count(j.kind), coalesce((extract(epoch "  \
	"FROM now() - min(j.created_at)) * 1000000)::bigint, 0) " \
	"FROM unnest($1::text[]) k(name) LEFT JOIN background_job j ON j.kind = k.name GROUP BY k.name"

struct kind_metrics {
	const char *name;
	struct metric *pending, *age, *failures;
};

struct background_worker {
	struct rpc_call prototype;
	struct co_task *task;
	struct buffer kinds; /* an array literal */
	size_t kind_count;
	struct kind_metrics *metrics;
	int64_t measured; /* monotonic */
};

/* A job as it was taken. Texts in the arena of the context. */
struct taken {
	const char *kind;
	const char *generation;
	struct background_job job;
	int64_t attempts;
};

enum look { LOOK_NOTHING, LOOK_DONE, LOOK_FAILED };

static struct metric *failures_of(const struct background_worker *worker, const char *kind)
{
	for (size_t i = 0; i < worker->kind_count; i++) {
		if (strcmp(worker->metrics[i].name, kind) == 0)
			return worker->metrics[i].failures;
	}
	return NULL;
}

static bool take(struct context *ctx, const struct background_worker *worker, struct pg_tx *tx, struct taken *ret)
{
	struct pg_result *lock = pg_query(ctx, tx, LOCK, buffer_text(&worker->kinds));
	if (!lock || pg_count(lock) == 0)
		return false;
	const char *kind = pg_text(lock, 0, 0), *key = pg_text(lock, 0, 1);
	struct pg_result *row = pg_query(ctx, tx, TAKE, kind, key);
	if (!row || pg_count(row) == 0)
		return false;
	int64_t attempts = pg_integer(row, 0, 3);
	int rows = BACKGROUND_JOB_ROWS >> (attempts < HALVINGS ? attempts : HALVINGS);
	*ret = (struct taken){
	    .kind = kind,
	    .generation = pg_text(row, 0, 2),
	    .attempts = attempts,
	    .job = {.key = key,
		    .details = pg_text(row, 0, 0),
		    .position = pg_text(row, 0, 1),
		    .rows = rows > 0 ? rows : 1},
	};
	return true;
}

/* The batch and what it says of the job, in one transaction. */
static int work(struct rpc_call *call, struct pg_tx *tx, const struct taken *taken)
{
	const char *position = NULL;
	if (background_job_find(taken->kind)(call, tx, &taken->job, &position))
		return -1;
	if (position)
		pg_queue(call->ctx, tx, GO_ON, taken->kind, taken->job.key, taken->generation, position);
	else
		pg_queue(call->ctx, tx, DONE, taken->kind, taken->job.key, taken->generation);
	if (rpc_commit(call, tx))
		return -1;
	if (!position)
		log_event(LOG_INFO, call->ctx, "a background job is done", LOG_STRING("job", taken->kind));
	return 0;
}

/* In a context of its own: that of the batch has had its time. */
static void put_off(const struct background_worker *worker, const struct taken *taken, const struct context *failed)
{
	const char *said = failed->error.message[0] ? failed->error.message : failed->error.cause;
	struct context ctx;
	context_init(&ctx, deadline_after(BATCH_TIMEOUT));
	metric_add(failures_of(worker, taken->kind), 1);
	const char *reason =
	    arena_printf(&ctx.arena, "%s%s%s", error_word(failed->error.code), said[0] ? ": " : "", said);
	/* If this fails, the job stays due and is tried when the database is back. */
	(void)(pg_write(&ctx, worker->prototype.db, PUT_OFF, taken->kind, taken->job.key, taken->generation, reason) !=
	       NULL);
	context_done(&ctx);
}

static enum look one_batch(struct background_worker *worker)
{
	struct rpc_call call = worker->prototype;
	struct taken taken = {0};
	enum look look = LOOK_NOTHING;
	struct context ctx;
	context_init(&ctx, deadline_after(BATCH_TIMEOUT));
	call.ctx = &ctx;
	struct pg_result *due = pg_read(&ctx, call.db, DUE, buffer_text(&worker->kinds));
	struct pg_tx *tx = due && pg_boolean(due, 0, 0) ? pg_begin(&ctx, call.db) : NULL;
	if (tx && take(&ctx, worker, tx, &taken)) {
		ctx.method = taken.kind; /* for logs */
		look = work(&call, tx, &taken) ? LOOK_FAILED : LOOK_DONE;
	}
	if (look == LOOK_FAILED && !co_cancelled()) {
		if (taken.attempts == 0)
			log_error_of(LOG_WARNING, &ctx, "a batch of a background job failed; it is tried again");
		put_off(worker, &taken, &ctx);
	}
	context_done(&ctx);
	return look;
}

static void measure(struct background_worker *worker)
{
	int64_t now = clock_monotonic();
	if (now - worker->measured < MEASURE_INTERVAL)
		return;
	worker->measured = now;
	struct context ctx;
	context_init(&ctx, deadline_after(MEASURE_INTERVAL));
	struct pg_result *rows = pg_read(&ctx, worker->prototype.db, MEASURE, buffer_text(&worker->kinds));
	for (size_t row = 0; rows && row < pg_count(rows); row++) {
		for (size_t i = 0; i < worker->kind_count; i++) {
			if (strcmp(worker->metrics[i].name, pg_text(rows, row, 0)) != 0)
				continue;
			metric_set(worker->metrics[i].pending, pg_integer(rows, row, 1));
			metric_set(worker->metrics[i].age, pg_integer(rows, row, 2));
		}
	}
	context_done(&ctx);
}

static void run(void *argument)
{
	struct background_worker *worker = argument;
	int64_t pause;
	do {
		int64_t began = clock_monotonic();
		enum look look = one_batch(worker);
		measure(worker);
		pause = clock_monotonic() - began;
		pause = look == LOOK_DONE && pause < PAUSE_MAX ? pause : LOOK_INTERVAL;
	} while (co_task_rest(worker->task, deadline_after(pause)) != CO_CANCELLED);
}

static void init_kinds(struct background_worker *worker)
{
	struct metric_family *pending =
	    metric_register(METRIC_GAUGE, "eventloop_background_jobs", "Background jobs not yet done.", "kind");
	struct metric_family *age = metric_register(METRIC_GAUGE_SECONDS, "eventloop_background_job_age_seconds",
						    "Age of the oldest background job not yet done.", "kind");
	struct metric_family *failures = metric_register(METRIC_COUNTER, "eventloop_background_job_failures_total",
							 "Batches of background jobs that failed.", "kind");
	const struct background_job_kind *kinds = background_job_all();
	while (kinds[worker->kind_count].name)
		worker->kind_count++;
	worker->metrics = must_calloc(worker->kind_count + 1, sizeof(*worker->metrics));
	const char **names;
	names = must_calloc(worker->kind_count + 1, sizeof(*names));
	for (size_t i = 0; i < worker->kind_count; i++) {
		names[i] = kinds[i].name;
		worker->metrics[i] = (struct kind_metrics){.name = names[i],
							   .pending = metric_series(pending, &names[i]),
							   .age = metric_series(age, &names[i]),
							   .failures = metric_series(failures, &names[i])};
	}
	buffer_init(&worker->kinds, KINDS_SIZE);
	pg_array_text(&worker->kinds, names, worker->kind_count);
	free(names);
}

static void free_parts(struct background_worker *worker)
{
	buffer_done(&worker->kinds);
	free(worker->metrics);
	free(worker);
}

struct background_worker *background_worker_new(const struct rpc_call *prototype)
{
	static const struct identity nobody = {.kind = IDENTITY_ANONYMOUS};
	struct background_worker *worker = must_calloc(1, sizeof(*worker));
	worker->prototype = *prototype;
	worker->prototype.caller = &nobody;
	worker->prototype.peer = "";
	worker->prototype.user_agent = "";
	worker->measured = clock_monotonic() - MEASURE_INTERVAL;
	init_kinds(worker);
	worker->task = co_task_start("background jobs", run, worker);
	if (worker->task)
		return worker;
	free_parts(worker);
	return NULL;
}

void background_worker_free(struct background_worker *worker)
{
	if (!worker)
		return;
	co_task_stop(worker->task);
	free_parts(worker);
}
