/*
 * Ends the calls of a caller who has gone.
 *
 * Purpose: whoever serves a request of one or many calls makes a struct rpc_hangup, zeroed, gives it to them beside the
 * request (rpc_meta.hangup), and tells it when the caller has gone. Calls that may end half way, those of methods that
 * change nothing, stand in it while they run: each of their coroutines is cancelled then, and what they wait for is
 * given up (a statement is cancelled in the database, a call to another daemon there). All others run to their end:
 * whoever logs out and closes the page has logged out.
 * Ownership: on the stack or in the record of the request; every call has left before it goes. Threads: one.
 */
#ifndef EVENTLOOP_RPC_HANGUP_H
#define EVENTLOOP_RPC_HANGUP_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>

struct co;

/* A call that may be ended; on its coroutine's stack. */
struct rpc_hangup_call {
	struct co *co; /* NULL: it is in none */
	struct rpc_hangup_call **place, *next;
};

struct rpc_hangup {
	bool gone;
	struct rpc_hangup_call *calls;
};

/* The caller has gone. hangup: a struct rpc_hangup, so that this fits callbacks. By none of its calls. */
void rpc_hangup_tell(void *hangup);

/* The running coroutine is at work on a call that may be ended, until rpc_hangup_leave. hangup: NULL when nobody can
 * tell. 0; or -1 with unavailable, reason "cancelled", when the caller has gone already: there is nothing to leave. */
int rpc_hangup_enter(struct context *ctx, struct rpc_hangup *hangup, struct rpc_hangup_call *call) MUST_CHECK;

/* The call is over. Nothing when it was never in. */
void rpc_hangup_leave(struct rpc_hangup_call *call);

/* True when the context's error says that the caller has gone, or the program stops. */
bool rpc_hangup_caused(const struct context *ctx);

#endif
