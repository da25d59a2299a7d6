/*
 * Sends the queued letters: a dispatcher in worker 0 of each passport process, and a coroutine for each letter under
 * way.
 *
 * Invariants: woken by commits of this process and by a poll each second; a letter that fails is tried again with
 * pauses that double, up to the settings mail_max_attempts and mail_max_age, and is then given up with its reason. One
 * that was refused for good is given up at once. Letters are sent at least once.
 */
#ifndef EVENTLOOP_PASSPORT_LETTERS_MAIL_WORKER_H
#define EVENTLOOP_PASSPORT_LETTERS_MAIL_WORKER_H

#include "base/context.h"
#include "base/macros.h"

struct daemon_worker;
struct mail_worker;

/* Starts sending on this thread. NULL with the faulty setting in ctx. */
struct mail_worker *mail_worker_new(struct context *ctx, struct daemon_worker *daemon) MUST_CHECK;

/* Lets letters under way end for a few seconds, takes the others back, and frees it. Accepts NULL. */
void mail_worker_free(struct mail_worker *worker) MAY_SUSPEND;

/* Letters were committed: has this process's worker look at once. From any thread. */
void mail_worker_wake(void);

#endif
