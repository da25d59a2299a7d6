/*
 * Owners who have erased their accounts: their images belong to nobody any more.
 *
 * The images themselves stay: which of them stand in listings, whose company goes on, only events knows, and nothing in
 * an image says whose it was but the owner's id.
 */
#ifndef EVENTLOOP_IMAGES_ERASED_OWNER_H
#define EVENTLOOP_IMAGES_ERASED_OWNER_H

#include "outbox/background_job.h"

/* The batch of ERASURE_JOB (outbox/erasure.h). */
int erased_owner_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			const char **ret_position) MAY_SUSPEND;

#endif
