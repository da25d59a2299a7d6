/*
 * Access tokens of programs: the methods passport.auth.service_token and passport.auth.client_token.
 */
#ifndef EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_TOKEN_H
#define EVENTLOOP_PASSPORT_PROGRAMS_SERVICE_TOKEN_H

#include "rpc/call.h"

/* passport.auth.service_token: a token for a daemon that knows its secret. */
int auth_service_token(struct rpc_call *call) MAY_SUSPEND;

/* passport.auth.client_token: a token for an integration that knows its company's API key. */
int auth_client_token(struct rpc_call *call) MAY_SUSPEND;

#endif
