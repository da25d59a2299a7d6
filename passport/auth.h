/*
 * Sessions as clients use them, and the tokens of daemons: the methods passport.auth.* but for those of login.h.
 */
#ifndef EVENTLOOP_PASSPORT_AUTH_H
#define EVENTLOOP_PASSPORT_AUTH_H

#include "rpc/call.h"

/* passport.auth.refresh: rotates a refresh token. */
int auth_refresh(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.logout: ends the session of the access token. */
int auth_logout(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.service_token: a token for a daemon that knows its secret. */
int auth_service_token(struct rpc_call *call) MAY_SUSPEND;

#endif
