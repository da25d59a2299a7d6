/* Asking for jobs, and what a batch is made of. */
#include "outbox/background_job.h"

#include "outbox/background_job_internal.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE                                                                                                   \
	"INSERT INTO background_job AS j (kind, key, details, position) VALUES ($1, $2, coalesce($3, ''), $4) " \
	"ON CONFLICT (kind, key) DO UPDATE SET details = excluded.details, position = excluded.position, "      \
	"generation = j.generation + 1, attempts = 0, next_attempt_at = excluded.next_attempt_at, reason = ''"

static const struct background_job_kind *known; /* set once at start */

void background_job_kinds(const struct background_job_kind *kinds)
{
	known = kinds;
}

const struct background_job_kind *background_job_all(void)
{
	static const struct background_job_kind none[] = {{NULL, NULL}};
	return known ? known : none;
}

background_batch_function *background_job_find(const char *kind)
{
	for (const struct background_job_kind *one = background_job_all(); one->name; one++) {
		if (strcmp(one->name, kind) == 0)
			return one->batch;
	}
	return NULL;
}

void background_job_queue(struct rpc_call *call, struct pg_tx *tx, const char *kind, const char *key,
			  const char *details)
{
	pg_queue(call->ctx, tx, QUEUE, kind, key, details, "");
}

int background_job_start(struct rpc_call *call, struct pg_tx *tx, const char *kind, const char *key,
			 const char *details)
{
	struct background_job job = {
	    .key = key, .details = details ? details : "", .position = "", .rows = BACKGROUND_JOB_ROWS};
	background_batch_function *batch = background_job_find(kind);
	const char *position = NULL;
	if (!batch)
		return context_fail_internal(call->ctx, "there is no background job %s", kind);
	if (batch(call, tx, &job, &position))
		return -1;
	if (position)
		pg_queue(call->ctx, tx, QUEUE, kind, key, details, position);
	return 0;
}

/* A position is the number of the step and the last key: "2 01932b5c-7a10-7000-8000-000000000030". */
int background_job_steps(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			 const struct background_job_step *steps, size_t count, const char **ret_position)
{
	struct context *ctx = call->ctx;
	char *rest = NULL;
	size_t at = strtoul(job->position, &rest, 10);
	const char *after = *rest == ' ' ? rest + 1 : "";
	int64_t left = job->rows;
	*ret_position = NULL;
	while (at < count && left > 0) {
		const char *most = arena_printf(&ctx->arena, "%lld", (long long)left);
		const char *whose = steps[at].by_details ? job->details : job->key;
		struct pg_result *taken = pg_query(ctx, tx, steps[at].sql, whose, most, after);
		if (!taken)
			return -1;
		bool more = pg_integer(taken, 0, 0) >= left;
		left -= pg_integer(taken, 0, 0);
		after = more && pg_text(taken, 0, 1) ? pg_text(taken, 0, 1) : "";
		at += !more;
	}
	if (at < count)
		*ret_position = arena_printf(&ctx->arena, "%zu %s", at, after);
	return 0;
}
