/*
 * Removes erased users as owners of their images.
 *
 * The images stay: only events knows which of them are in listings of companies that go on, and only the owner's id
 * tells whose an image was.
 */
#ifndef EVENTLOOP_IMAGES_ERASED_OWNER_H
#define EVENTLOOP_IMAGES_ERASED_OWNER_H

#include "outbox/background_job.h"

/* The batch of ERASURE_JOB (outbox/erasure.h). */
int erased_owner_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			const char **ret_position) MAY_SUSPEND;

#endif
