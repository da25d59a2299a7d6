/*
 * What one thread of events keeps. Found in call->app.
 */
#ifndef EVENTLOOP_EVENTS_EVENTS_H
#define EVENTLOOP_EVENTS_EVENTS_H

#include "rpc/call.h"

struct catalogue;

struct co_task;

struct events {
	struct catalogue *catalogue;
	struct co_task *housekeeper; /* of the first thread */
	struct co_task *clock;	     /* likewise: ends what is due */
	struct co_task *letters;     /* likewise: sends letters that are due */
};

/* The catalogue of the call's thread. */
static inline struct catalogue *call_catalogue(const struct rpc_call *call)
{
	return ((struct events *)call->app)->catalogue;
}

#endif
