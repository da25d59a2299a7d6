/*
 * Access tokens as passport makes them (RFC 9068; docs/identity.md).
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_ACCESS_TOKEN_H
#define EVENTLOOP_PASSPORT_KEYS_ACCESS_TOKEN_H

#include "daemon/daemon.h"

/* Seconds an access token is good for. */
int64_t access_token_lifetime(const struct daemon_worker *worker);

/* Signs a token with the standard claims (iss, aud, iat, exp, jti) and `claims`, the members of a JSON object text
 * without its braces (sub, client_id, sid, ...). NULL with `internal`. */
const char *access_token_make(struct daemon_worker *worker, struct context *ctx, const char *claims) MUST_CHECK;

/* The same for fewer seconds than access_token_lifetime. */
const char *access_token_make_for(struct daemon_worker *worker, struct context *ctx, const char *claims,
				  int64_t seconds) MUST_CHECK;

/* A service token for the daemon named so. */
const char *access_token_make_service(struct daemon_worker *worker, struct context *ctx,
				      const char *service) MUST_CHECK;

/* The service token of passport itself (spec->make_service_token). */
const char *access_token_make_own(struct daemon_worker *worker, struct context *ctx, int64_t *ret_lifetime) MUST_CHECK;

#endif
