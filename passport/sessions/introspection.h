/*
 * Introspection (RFC 7662): the claims of an access token, and whether it is valid now.
 *
 * Invariants: the members are the claims of the token itself, as they are signed, so that the two cannot disagree; for
 * an invalid token only that is said.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_INTROSPECTION_H
#define EVENTLOOP_PASSPORT_SESSIONS_INTROSPECTION_H

#include "rpc/call.h"

/* passport.auth.introspect. */
int auth_introspect(struct rpc_call *call) MAY_SUSPEND;

#endif
