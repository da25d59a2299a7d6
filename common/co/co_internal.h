/*
 * What co.c, loop.c and wait.c share: the coroutine's record and the loop's.
 */
#ifndef EVENTLOOP_CO_CO_INTERNAL_H
#define EVENTLOOP_CO_CO_INTERNAL_H

#include "co/co.h"
#include "co/heap.h"
#include "co/hooks.h"
#include "co/loop.h"
#include "co/stack.h"

#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>

enum co_state { CO_POOLED, CO_READY, CO_RUNNING, CO_WAITING, CO_DONE };

struct co {
	sigjmp_buf place; /* where it goes on */
	struct co_stack stack;
	struct co_side side;
	struct loop *loop;
	enum co_state state;
	enum co_result result; /* of the wait it is in */
	bool cancelled;
	int saved_errno;
	struct heap_entry timer;
	const char *name;
	const char *waiting_on;
	int64_t born; /* monotonic microseconds */
	void (*function)(void *argument);
	void *argument;
	struct context *ctx;
	struct co *next;	  /* in the ready list or the pool */
	struct co *newer, *older; /* among the living */
};

struct loop_hook {
	struct loop *loop;
	void (*function)(void *argument);
	void *argument;
	struct loop_hook *next;
};

struct posted {
	void (*function)(void *argument);
	void *argument;
	struct posted *next;
};

struct loop {
	struct event_base *base;
	struct loop_options options;
	struct loop_stats stats;
	bool stop;
	/* coroutines */
	sigjmp_buf place; /* of the scheduler */
	struct co_side side;
	struct co *running, *ready_first, *ready_last, *pool, *newest;
	struct event *drain;
	unsigned forbidden; /* depth of co_forbid_suspend */
	/* deadlines */
	struct heap deadlines;
	struct event *timer;
	int64_t timer_at; /* what the timer is set to; 0: not set */
	/* end of a pass */
	struct loop_hook *hooks;
	/* from other threads */
	pthread_mutex_t lock;
	struct posted *posted_first, *posted_last;
	int wakeup_fd;
	struct event *wakeup;
};

/* Puts a coroutine that waits, or is new, at the end of the ready list. */
void loop_make_ready(struct loop *loop, struct co *co);

/* Runs a ready coroutine until it parks or ends. */
void co_resume(struct co *co);

/* Sets the timer for the earliest deadline, when it is not set early enough. */
void loop_arm_timer(struct loop *loop);

/* Unmaps the pooled stacks. */
void co_pool_free(struct loop *loop);

/* co_park that a cancel does not end: for a parent that must await what it started. */
void co_park_uncancellable(const char *waiting_on) MAY_SUSPEND;

#endif
