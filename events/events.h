/*
 * What one thread of events keeps. Found in call->app.
 */
#ifndef EVENTLOOP_EVENTS_EVENTS_H
#define EVENTLOOP_EVENTS_EVENTS_H

#include "rpc/call.h"

struct catalogue;

struct co;

struct events {
	struct catalogue *catalogue;
	struct co *housekeeper; /* NULL once it has ended */
};

/* The catalogue of the call's thread. */
static inline struct catalogue *call_catalogue(const struct rpc_call *call)
{
	return ((struct events *)call->app)->catalogue;
}

#endif
