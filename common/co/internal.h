/*
 * What the files of this folder share: the coroutine's record and the loop's.
 *
 * Ownership: the loop owns every record; between two uses it stays in the pool with its stack.
 * Invariants: only loop.c touches the ready list and the deadlines' timer, only co.c a coroutine's state.
 */
#ifndef EVENTLOOP_CO_INTERNAL_H
#define EVENTLOOP_CO_INTERNAL_H

#include "co/co.h"
#include "co/heap.h"
#include "co/loop.h"
#include "co/stack.h"
#include "co/switch.h"

#include <event2/event.h>
#include <pthread.h>

enum co_state { CO_READY, CO_RUNNING, CO_WAITING, CO_DONE };

struct co {
	struct fiber fiber;
	struct co_stack stack;
	struct loop *loop;
	enum co_state state;
	enum co_result result; /* of the wait it is in, unless it is cancelled */
	bool cancelled;
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
	struct fiber fiber; /* of the thread itself */
	struct co *running, *ready_first, *ready_last, *newest;
	unsigned forbidden; /* depth of co_forbid_suspend */
	/* stacks at rest */
	struct co *pool;
	size_t pool_low; /* fewest pooled since the last trim: so many were not needed */
	struct event *trim;
	bool trim_set;
	/* deadlines */
	struct heap deadlines;
	struct event *timer;
	int64_t timer_at; /* what the timer is set to; DEADLINE_NEVER: not set */
	/* end of a pass */
	struct loop_hook *hooks, *hook_next;
	/* from other threads */
	pthread_mutex_t lock;
	struct posted *posted_first, *posted_last;
	int wakeup_fd;
	struct event *wakeup;
	size_t owed; /* posts that other threads are bound to make */
	struct event *dump;
};

/* Puts the coroutine at the end of the ready list. */
void loop_append_ready(struct loop *loop, struct co *co);

/* Sets the timer for the earliest deadline, when it is not set early enough. */
void loop_arm_timer(struct loop *loop);

/* Counts a loop_post that another thread will make later: loop_free waits for it. Taken back where it arrives. */
void loop_owe(struct loop *loop);
void loop_paid(struct loop *loop);

/* Runs a ready coroutine until it suspends or ends. */
void co_resume(struct co *co);

/* Ends a wait by its deadline. */
void co_expire(struct co *co);

/* Unmaps the stacks that were not needed since the last call, but `keep`; returns how many are pooled still. */
size_t co_pool_trim(struct loop *loop, size_t keep);

/* co_park that neither a cancel before nor a deadline ends: for a parent that must await what it started. May return
 * early, so the caller asks again. */
void co_park_uncancellable(const char *waiting_on) MAY_SUSPEND;

#endif
