/*
 * The client side of the long poll for revocations: every process but passport's asks passport for those it does not
 * know yet, and gets an answer as soon as there are some (passport.revocation.watch).
 *
 * Ownership: one a process, on its first thread; it borrows that thread's client. Invariants: one question is always
 * outstanding; while passport cannot be reached, it is asked again after 0.1 s, doubling to 2 s, and then for
 * everything since the last answer, so that nothing is missed. What is heard goes to token/revocation.h.
 */
#ifndef EVENTLOOP_DAEMON_REVOCATION_WATCH_H
#define EVENTLOOP_DAEMON_REVOCATION_WATCH_H

#include "base/macros.h"

struct rpc_client;
struct revocation_watch;

/* Starts asking, in the background. NULL when no coroutine is left. */
struct revocation_watch *revocation_watch_new(struct rpc_client *client);

/* Cancels the long poll and frees it. In a coroutine. Accepts NULL. */
void revocation_watch_free(struct revocation_watch *watch) MAY_SUSPEND;

#endif
