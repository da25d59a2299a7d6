#include "erased_user.h"

#include "outbox/erasure.h"

static const struct background_job_step steps[] = {
    {"WITH batch AS (SELECT b.id FROM booking b WHERE b.user_id = $1 "
     "AND (b.note <> '' OR b.reason <> '' OR b.override IS NOT NULL) "
     "AND b.id > " BACKGROUND_JOB_AFTER_UUID
     " ORDER BY b.id LIMIT $2::bigint), silent AS (UPDATE booking SET note = '', reason = '', "
     "override = override - 'reason' || jsonb_build_object('reason', ''), "
     "version = version + 1 "
     "WHERE id IN (SELECT id FROM batch)) SELECT count(*), max(id::text) FROM batch",
     false},
    {"WITH gone AS (DELETE FROM quote WHERE id IN (SELECT q.id FROM quote q WHERE q.user_id = $1 "
     "AND q.id > " BACKGROUND_JOB_AFTER_UUID " ORDER BY q.id LIMIT $2::bigint) RETURNING id) "
     "SELECT count(*), max(id::text) FROM gone",
     false},
    {"WITH batch AS (SELECT s.id FROM booking_series s WHERE s.user_id = $1 AND s.wish ? 'note' "
     "AND s.id > " BACKGROUND_JOB_AFTER_UUID
     " ORDER BY s.id LIMIT $2::bigint), silent AS (UPDATE booking_series SET wish = wish - 'note' "
     "WHERE id IN (SELECT id FROM batch)) SELECT count(*), max(id::text) FROM batch",
     false},
    ERASURE_OF_ANSWERS,
};

int erased_user_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		       const char **ret_position)
{
	return background_job_steps(call, tx, job, steps, ARRAY_SIZE(steps), ret_position);
}
