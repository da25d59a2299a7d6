/*
 * Sessions as clients use them: the methods passport.auth.*, except those of sessions/login.h and
 * programs/service_token.h.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_AUTH_H
#define EVENTLOOP_PASSPORT_SESSIONS_AUTH_H

#include "rpc/call.h"

/* passport.auth.refresh: rotates a refresh token. */
int auth_refresh(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.logout: ends the session of the access token. */
int auth_logout(struct rpc_call *call) MAY_SUSPEND;

#endif
