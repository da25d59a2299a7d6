/*
 * Deletes what an erased user wrote to hosts (notes of bookings). Bookings stay; the user id in them leads to nobody
 * any more.
 */
#ifndef EVENTLOOP_EVENTS_ERASED_USER_H
#define EVENTLOOP_EVENTS_ERASED_USER_H

#include "outbox/background_job.h"

/* The batch of ERASURE_JOB (outbox/erasure.h). */
int erased_user_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		       const char **ret_position) MAY_SUSPEND;

#endif
