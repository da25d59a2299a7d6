#include "reviews/erased_author.h"

#include "outbox/erasure.h"

static const struct background_job_step steps[] = {
    {"WITH batch AS (SELECT r.id FROM review r WHERE r.author_id = $1 AND r.id > " BACKGROUND_JOB_AFTER_UUID
     " ORDER BY r.id LIMIT $2::bigint), nameless AS (UPDATE review SET author_name = '' WHERE id IN "
     "(SELECT id FROM batch) AND author_name <> '') SELECT count(*), max(id::text) FROM batch",
     false},
    ERASURE_OF_ANSWERS,
};

int erased_author_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			 const char **ret_position)
{
	return background_job_steps(call, tx, job, steps, ARRAY_SIZE(steps), ret_position);
}
