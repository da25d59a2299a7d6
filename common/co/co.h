/*
 * Stackful coroutines: straight-line code on an event loop.
 *
 * Purpose: a request handler suspends in the middle of a call and goes on when what it waits for is there.
 * Ownership: the loop owns coroutines and their pooled, guarded stacks; a struct co pointer is valid until its function
 * returned.
 * Invariants: cancelling is permanent and takes precedence over a timeout, which takes precedence over a wake; a
 * cancelled coroutine is resumed with CO_CANCELLED at this and every later wait, and runs to its end: it is never freed
 * while suspended, so __attribute__((cleanup)) works in it. errno belongs to the coroutine; other state that libraries
 * keep for a thread (the queue of OpenSSL) must be read before the next wait. Results: after a result other than CO_OK
 * the event may still have happened, too late. Stacks: see loop.h; an overflow dies in a guard page. No frame over 4
 * KiB, no alloca.
 */
#ifndef EVENTLOOP_CO_CO_H
#define EVENTLOOP_CO_CO_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct co;
struct loop;

enum co_result { CO_OK, CO_TIMEOUT, CO_CANCELLED };

/* Starts function(argument) as a coroutine of this thread's loop; it runs first at the next drain, not inside this
 * call. name is static, for people. NULL when max_coroutines are alive or the system has no stack left. */
struct co *co_spawn(const char *name, void (*function)(void *argument), void *argument) MUST_CHECK;

/* The running coroutine, or NULL outside one. */
struct co *co_self(void);

/* Says whose work the running coroutine does: co_dump shows the request's id. ctx must outlive it or be replaced; NULL
 * for none. */
void co_set_context(struct context *ctx);

/* Suspends until co_wake, the deadline (monotonic microseconds) or co_cancel. The one primitive under every wait.
 * Returns CO_CANCELLED at once when cancelled before. waiting_on is static, for people. It may also return CO_OK for a
 * late wake of an earlier wait: check again whether what you wait for is there. */
enum co_result co_park(const char *waiting_on, int64_t deadline) MAY_SUSPEND MUST_CHECK;

/* Makes a waiting coroutine ready; nothing when it is ready already. From callbacks of this thread's loop or from
 * another coroutine. */
void co_wake(struct co *co);

/* Resumes it with CO_CANCELLED at this and every later wait. A second call does nothing. */
void co_cancel(struct co *co);

/* True once the running coroutine was cancelled. */
bool co_cancelled(void);

/* Lets other coroutines run, and once the pass's budget is used up socket events too. */
void co_yield (void) MAY_SUSPEND;

/* Suspends until the deadline. CO_TIMEOUT is the normal end. */
enum co_result co_sleep_until(int64_t deadline) MAY_SUSPEND;

/* Suspends until fd is ready. events: EV_READ and/or EV_WRITE; ret_ready (may be NULL) gets what came. A descriptor
 * that cannot be watched ends the process. */
enum co_result co_wait_fd(int fd, short events, int64_t deadline, short *ret_ready) MAY_SUSPEND MUST_CHECK;

/* Ends the process when a suspend happens between the two: for code that must not be interleaved. They nest. */
void co_forbid_suspend(void);
void co_allow_suspend(void);

/* Writes one line for every live coroutine of this thread, newest first: name, state, waiting on, age, bytes of stack
 * that were ever touched (in pages), request. */
void co_dump(FILE *out);

/* Turns the result of a wait into the context's error (deadline_exceeded, or unavailable with reason "cancelled"); 0
 * for CO_OK, else -1. */
int co_check(struct context *ctx, enum co_result result) MUST_CHECK;

#endif
