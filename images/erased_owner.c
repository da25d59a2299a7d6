#include "erased_owner.h"

#include "outbox/erasure.h"

/* Rows without an owner are not found again, so no key to go on from is needed. */
static const struct background_job_step steps[] = {
    {"WITH batch AS (SELECT i.id FROM image i WHERE i.owner_id = $1 AND $3::text IS NOT NULL LIMIT $2::bigint), "
     "free AS (UPDATE image SET owner_id = NULL WHERE id IN (SELECT id FROM batch)) SELECT count(*), '' FROM batch",
     false},
    {"WITH gone AS (DELETE FROM image_usage WHERE owner_id = $1 AND $2::bigint > 0 AND $3::text IS NOT NULL) "
     "SELECT 0, ''",
     false},
    ERASURE_OF_ANSWERS,
};

int erased_owner_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			const char **ret_position)
{
	return background_job_steps(call, tx, job, steps, ARRAY_SIZE(steps), ret_position);
}
