/*
 * Introspection (RFC 7662): what an access token says, and whether it is good now.
 *
 * Invariants: the members are the claims of the token itself, as they are signed, so that the two cannot disagree; of a
 * token that is not good, nothing is said but that.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_INTROSPECTION_H
#define EVENTLOOP_PASSPORT_SESSIONS_INTROSPECTION_H

#include "rpc/call.h"

/* passport.auth.introspect. */
int auth_introspect(struct rpc_call *call) MAY_SUSPEND;

#endif
