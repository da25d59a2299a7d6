/*
 * Authors who have erased their accounts: their reviews stay, without a name.
 */
#ifndef EVENTLOOP_RATING_REVIEWS_ERASED_AUTHOR_H
#define EVENTLOOP_RATING_REVIEWS_ERASED_AUTHOR_H

#include "outbox/background_job.h"

/* The batch of ERASURE_JOB (outbox/erasure.h). */
int erased_author_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			 const char **ret_position) MAY_SUSPEND;

#endif
