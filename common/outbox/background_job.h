/*
 * Work that follows from a change and grows with the rows it is about: done in batches, after the change.
 *
 * Purpose: a call or a fact changes a bounded number of rows, which all readers see at once, and leaves changes of many
 * rows that follow from it to a job, so that no answer and no other fact waits for them. Ownership: the table
 * background_job of every daemon's database; a worker a thread does what is due, round robin, a batch of each job, each
 * batch in a transaction of its own that also stores the job's progress: a crash loses only the batch under way. A job
 * is identified by kind and key; asked for again while it is pending it begins anew. Invariants: of one job, one batch
 * at a time, whatever the number of daemons (an advisory lock of the transaction). A batch that fails or takes longer
 * than 10 s is tried again later, smaller and with longer pauses, up to ten minutes; a job is never given up, its row
 * and the log say why, and eventloop_background_job_failures_total counts it. The worker rests as long as it worked, so
 * that it takes half a connection at most. Use: a daemon lists its kinds in daemon_spec.background_jobs; a handler
 * calls background_job_queue(call, tx, "company_listings", company_id, NULL) in the transaction of the change.
 */
#ifndef EVENTLOOP_OUTBOX_BACKGROUND_JOB_H
#define EVENTLOOP_OUTBOX_BACKGROUND_JOB_H

#include "rpc/call.h"

#define BACKGROUND_JOB_ROWS 500 /* of a batch, when nothing fails */

struct background_worker;

/* One batch of a job. Texts are borrowed. */
struct background_job {
	const char *key;
	const char *details;  /* "" when there are none */
	const char *position; /* where it goes on, as the batch before said; "" at the beginning */
	int rows;	      /* at most so many in this batch */
};

/* Does a batch, inside tx. *ret_position: where the next one goes on, in the arena of the call's context; NULL when all
 * is done. 0, or -1 with an error: nothing is kept, and it is tried again later. */
typedef int background_batch_function(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
				      const char **ret_position);

struct background_job_kind {
	const char *name; /* "company_listings"; NULL ends a table */
	background_batch_function *batch;
};

/* Sets the kinds of jobs that this process does (static; NULL: none). Call it once, before the first job is queued. */
void background_job_kinds(const struct background_job_kind *kinds);

/* Asks for a job in the transaction (queued). details may be NULL. */
void background_job_queue(struct rpc_call *call, struct pg_tx *tx, const char *kind, const char *key,
			  const char *details);

/* Does the first batch in the transaction, and asks for the rest if there is any. 0, or -1 with an error. */
int background_job_start(struct rpc_call *call, struct pg_tx *tx, const char *kind, const char *key,
			 const char *details) MAY_SUSPEND MUST_CHECK;

/* One statement of a job that consists of statements. $1: the job's key, or its details; $2: the most rows; $3: the
 * last key of the batch before, '' at the beginning. Answers one row: how many rows it took, and the key of the last
 * one. */
struct background_job_step {
	const char *sql;
	bool by_details;
};

/* The batch of such a job: its steps one after the other, until so many rows were taken. */
int background_job_steps(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
			 const struct background_job_step *steps, size_t count,
			 const char **ret_position) MAY_SUSPEND MUST_CHECK;

/* For a step: the value to compare a key of type uuid with, in a form that can use an index. */
#define BACKGROUND_JOB_AFTER_UUID "coalesce(nullif($3, '')::uuid, '00000000-0000-0000-0000-000000000000')"

/* Starts a worker on this thread's loop. prototype: what the calls of its batches have (worker, db, client, app);
 * copied. NULL when no coroutine can be started. */
struct background_worker *background_worker_new(const struct rpc_call *prototype);

/* Cancels the batch under way and frees the worker. Accepts NULL. */
void background_worker_free(struct background_worker *worker) MAY_SUSPEND;

#endif
