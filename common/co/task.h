/*
 * Background work of a module: a coroutine that works, rests, is woken when there is something to do, and ends with its
 * module.
 *
 * Use: function loops `do work(); while (co_task_rest(task, deadline) != CO_CANCELLED);`. It first runs after
 * co_task_start has returned, so it finds the task where the module has put it.
 * Ownership: the module owns the task and stops it before what the function uses is gone.
 * Invariants: a wake during the work is not lost: the next rest ends at once; several wakes count as one. Everything on
 * one thread.
 */
#ifndef EVENTLOOP_CO_TASK_H
#define EVENTLOOP_CO_TASK_H

#include "co/co.h"

struct co_task;

/* Starts function(argument). name is static, for people. NULL when there is no coroutine left. */
struct co_task *co_task_start(const char *name, void (*function)(void *argument), void *argument) MUST_CHECK;

/* By the function: rests until it is woken (CO_OK), the deadline (monotonic microseconds; CO_TIMEOUT), or the stop
 * (CO_CANCELLED, at this and every later wait). */
enum co_result co_task_rest(struct co_task *task, int64_t deadline) MAY_SUSPEND MUST_CHECK;

/* Ends the rest, this one or the next. From callbacks of the loop too. Accepts NULL. */
void co_task_wake(struct co_task *task);

/* Cancels what the function waits for, waits until it has returned, and frees the task. Accepts NULL. */
void co_task_stop(struct co_task *task) MAY_SUSPEND;

#endif
