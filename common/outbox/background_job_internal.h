/*
 * What the files of background jobs share: asking for them (background_job.c), doing them (background_worker.c).
 */
#ifndef EVENTLOOP_OUTBOX_BACKGROUND_JOB_INTERNAL_H
#define EVENTLOOP_OUTBOX_BACKGROUND_JOB_INTERNAL_H

#include "outbox/background_job.h"

/* The kinds of this process, ended by a NULL name. Never NULL. */
const struct background_job_kind *background_job_all(void);

/* What does a batch of that kind; NULL when there is none. */
background_batch_function *background_job_find(const char *kind);

#endif
