#include "store/sweep.h"

#include "base/buffer.h"
#include "base/fatal.h"
#include "co/offload.h"
#include "co/task.h"
#include "store/store.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX 3
#define BATCH 500		       /* files looked up by one statement */
#define TIMEOUT (30 * CLOCK_SECOND)    /* for one batch, or the removal of one file */
#define ARRAY_MAX ((size_t)128 * 1024) /* of the names of a batch */

static const char WITHOUT_ROW[] = "SELECT asked.sha256 FROM unnest($1::text[]) AS asked(sha256) "
				  "WHERE NOT EXISTS (SELECT FROM image i WHERE i.sha256 = asked.sha256)";

static const char HAS_ROW[] = "SELECT EXISTS (SELECT FROM image WHERE sha256 = $1)";

struct sweep {
	struct images *images;
	struct co_task *runner;
	struct metric *removed;
};

/* Files of one folder, or one file, on the offload pool. Owns all it needs. */
struct job {
	char *directory;
	unsigned folder;
	char name[STORE_NAME_SIZE];
	struct store_names names;
	int error_number; /* 0: done */
};

static void job_free(void *argument)
{
	struct job *job = argument;
	store_names_done(&job->names);
	free(job->directory);
	free(job);
}

static struct job *job_new(const struct sweep *sweep)
{
	struct job *job = must_calloc(1, sizeof(*job));
	job->directory = must_strdup(sweep->images->store->directory);
	return job;
}

static void list_work(void *argument)
{
	struct job *job = argument;
	const struct store store = {.directory = job->directory};
	job->error_number = store_list(&store, job->folder, SWEEP_AGE, &job->names) ? 0 : errno;
}

static void remove_work(void *argument)
{
	struct job *job = argument;
	const struct store store = {.directory = job->directory};
	job->error_number = store_remove(&store, job->name) ? 0 : errno;
}

/* Runs the job; the error of the context when it could not be done. */
static int run_job(struct context *ctx, struct job *job, void (*work)(void *argument))
{
	if (offload_run(ctx, offload_default(), work, job, job_free))
		return -1;
	if (job->error_number == 0)
		return 0;
	(void)context_fail_internal(ctx, "image store: %s", strerror(job->error_number));
	job_free(job);
	return -1;
}

static int remove_file(struct context *ctx, struct sweep *sweep, const char *name)
{
	struct job *job = job_new(sweep);
	(void)snprintf(job->name, sizeof(job->name), "%s", name);
	if (run_job(ctx, job, remove_work))
		return -1;
	job_free(job);
	metric_add(sweep->removed, 1);
	return 0;
}

/* Bytes without a row: looked at once more while nobody can add one. */
static int remove_orphan(struct context *ctx, struct sweep *sweep, const char *sha256)
{
	struct pg_tx *tx = pg_begin(ctx, sweep->images->worker->db);
	if (!tx)
		return -1;
	pg_queue(ctx, tx, STORE_LOCK, sha256);
	struct pg_result *row = pg_query(ctx, tx, HAS_ROW, sha256);
	if (!row || (!pg_boolean(row, 0, 0) && remove_file(ctx, sweep, sha256)))
		return -1;
	pg_rollback(tx);
	return 0;
}

/* The hashes among the names from *at on, at most BATCH, as an array of PostgreSQL; what is no hash was being written
 * or received when its daemon died and is removed. NULL with an error. */
static const char *next_batch(struct context *ctx, struct sweep *sweep, const struct store_names *names, size_t *at)
{
	size_t count = 0;
	const char *hashes[BATCH];
	for (; *at < names->count && count < BATCH; (*at)++) {
		const char *name = names->names[*at];
		if (strlen(name) == SHA256_TEXT_SIZE - 1)
			hashes[count++] = name;
		else if (remove_file(ctx, sweep, name))
			return NULL;
	}
	struct buffer array;
	buffer_init_arena(&array, &ctx->arena, ARRAY_MAX);
	pg_array_text(&array, hashes, count);
	return buffer_text(&array);
}

static int sweep_batch(struct sweep *sweep, const struct store_names *names, size_t *at)
{
	struct context ctx;
	context_init(&ctx, deadline_after(TIMEOUT));
	const char *batch = next_batch(&ctx, sweep, names, at);
	struct pg_result *orphans = batch ? pg_read(&ctx, sweep->images->worker->db, WITHOUT_ROW, batch) : NULL;
	int status = orphans ? 0 : -1;
	for (size_t row = 0; status == 0 && row < pg_count(orphans); row++)
		status = remove_orphan(&ctx, sweep, pg_text(orphans, row, 0));
	if (status && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "the store cannot be swept");
	context_done(&ctx);
	return status;
}

static int sweep_folder(struct sweep *sweep, unsigned folder)
{
	struct job *job = job_new(sweep);
	job->folder = folder;
	struct context ctx;
	context_init(&ctx, deadline_after(TIMEOUT));
	int status = run_job(&ctx, job, list_work);
	if (status && !co_cancelled())
		log_error_of(LOG_WARNING, &ctx, "the store cannot be swept");
	context_done(&ctx);
	if (status)
		return -1;
	for (size_t at = 0; status == 0 && at < job->names.count;)
		status = sweep_batch(sweep, &job->names, &at);
	job_free(job);
	return status;
}

/* A folder that fails does not stop the others; when several fail, the cause is not the folders, so it gives up. */
static void sweep_all(struct sweep *sweep)
{
	unsigned failures = 0;
	for (unsigned folder = 0; folder <= STORE_FOLDERS && failures < FAILURES_MAX && !co_cancelled(); folder++)
		failures += sweep_folder(sweep, folder) != 0;
}

static void run(void *argument)
{
	struct sweep *sweep = argument;
	int64_t interval = config_integer(sweep->images->worker->config, "sweep_interval");
	do {
		int64_t before = metric_value(sweep->removed);
		sweep_all(sweep);
		int64_t removed = metric_value(sweep->removed) - before;
		if (removed > 0)
			log_event(LOG_INFO, NULL, "files without an image removed", LOG_NUMBER("count", removed));
	} while (co_task_rest(sweep->runner, deadline_after(interval)) != CO_CANCELLED);
}

struct sweep *sweep_new(struct images *images)
{
	struct sweep *sweep = must_calloc(1, sizeof(*sweep));
	sweep->images = images;
	sweep->removed = metric_single(METRIC_COUNTER, "eventloop_images_orphans_removed_total",
				       "Files of the store that belonged to no image.");
	sweep->runner = co_task_start("sweep", run, sweep);
	if (sweep->runner)
		return sweep;
	free(sweep);
	return NULL;
}

void sweep_free(struct sweep *sweep)
{
	if (!sweep)
		return;
	co_task_stop(sweep->runner);
	free(sweep);
}
