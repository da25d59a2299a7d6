/*
 * Ends the calls of a caller who has gone.
 *
 * Purpose: the server of a request makes a zeroed struct rpc_hangup, passes it with the request (rpc_meta.hangup), and
 * tells it when the caller has hung up. Calls of methods that change nothing are registered in it while they run: their
 * coroutines are then cancelled, and with them what they wait for (a statement is cancelled in the database, a call to
 * another daemon there). All others run to their end: a user who logs out and closes the page is logged out.
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

/* Registers the running coroutine's call, which may be cancelled until rpc_hangup_leave. hangup: NULL when hang-ups are
 * not detected. 0; or -1 with unavailable, reason "cancelled", when the caller has gone already: there is nothing to
 * leave. */
int rpc_hangup_enter(struct context *ctx, struct rpc_hangup *hangup, struct rpc_hangup_call *call) MUST_CHECK;

/* The call is over. Nothing when it was never in. */
void rpc_hangup_leave(struct rpc_hangup_call *call);

/* True when the context's error says that the caller has gone, or the program stops. */
bool rpc_hangup_caused(const struct context *ctx);

#endif
