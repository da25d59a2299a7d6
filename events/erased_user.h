/*
 * What events forgets of a user who has erased their account: what they wrote to hosts. Bookings stay; the id in them
 * leads to nobody any more.
 */
#ifndef EVENTLOOP_EVENTS_ERASED_USER_H
#define EVENTLOOP_EVENTS_ERASED_USER_H

#include "outbox/background_job.h"

/* The batch of ERASURE_JOB (outbox/erasure.h). */
int erased_user_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		       const char **ret_position) MAY_SUSPEND;

#endif
