/*
 * Forgetting a user who has erased the account (passport.user.erased): the mark (rpc/erased_user.h) at once, then what
 * the daemon stores, in batches of a background job.
 *
 * Use: a daemon lists {"passport.user.erased", erasure_fact} among its facts and {ERASURE_JOB, ...}, which forgets what
 * it stores, among its background jobs.
 */
#ifndef EVENTLOOP_OUTBOX_ERASURE_H
#define EVENTLOOP_OUTBOX_ERASURE_H

#include "outbox/background_job.h"
#include "outbox/outbox.h"

/* The kind of the job; its key is the user's id. */
#define ERASURE_JOB "erased_user"

/* Step of an erasure that every daemon has: deletes the answers kept under the user's idempotency keys, which may hold
 * the user's text. */
#define ERASURE_OF_ANSWERS                                                                                        \
	{                                                                                                         \
		"WITH batch AS (SELECT k.key FROM idempotency_key k WHERE k.caller = $1 AND k.key > $3 ORDER BY " \
		"k.key LIMIT $2::bigint), gone AS (DELETE FROM idempotency_key WHERE caller = $1 AND key IN "     \
		"(SELECT key FROM batch)) SELECT count(*), max(key) FROM batch",                                  \
		    false                                                                                         \
	}

/* Handles passport.user.erased: sets the mark, and begins to forget. */
int erasure_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact) MAY_SUSPEND;

#endif
