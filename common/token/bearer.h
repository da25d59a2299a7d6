/*
 * Bearer tokens in HTTP: how one arrives, and how a client is told that it needs another.
 *
 * Purpose: the one reading of Authorization, for every endpoint of every daemon. The scheme is of any case and followed
 * by one or more blanks (RFC 9110 section 11.4); a header that is anything else (another scheme, a token without
 * scheme, several credentials, nothing) counts as a token that is refused with reason `malformed`, never as none: a
 * caller that sends credentials must not be treated as anonymous.
 * Ownership: results are borrowed from the argument or in the context's arena.
 */
#ifndef EVENTLOOP_TOKEN_BEARER_H
#define EVENTLOOP_TOKEN_BEARER_H

#include "base/context.h"

/* The token in the value of Authorization (all its lines, as http_header_list joins them; NULL when there is none).
 * Returns NULL when there is none, "" when it is not "Bearer" and a token, else the rest of the value: whether that is
 * a token is token_verify's to say. Source: RFC 6750 section 2.1. */
const char *bearer_token(const char *authorization);

/* The value of WWW-Authenticate for an HTTP answer of status 401, from the context's error: bare when no credentials
 * came (reason `missing`), else with error="invalid_token" and the message. In ctx's arena. Source: RFC 6750 section 3.
 */
const char *bearer_challenge(struct context *ctx);

#endif
