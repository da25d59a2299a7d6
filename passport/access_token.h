/*
 * Access tokens as passport makes them (RFC 9068; DESIGN section 5).
 */
#ifndef EVENTLOOP_PASSPORT_ACCESS_TOKEN_H
#define EVENTLOOP_PASSPORT_ACCESS_TOKEN_H

#include "rpc/call.h"

/* Seconds an access token is good for. */
int64_t access_token_lifetime(const struct rpc_call *call);

/* Signs a token with the standard claims (iss, aud, iat, exp, jti) and `claims`, the members of a JSON object text without
 * its braces (sub, client_id, sid, ...). NULL with `internal`. */
const char *access_token_make(struct rpc_call *call, const char *claims) MUST_CHECK;

#endif
