/*
 * Who calls from outside, by the token of the request.
 *
 * Invariants: the token of a daemon's service account is refused at the gateway, so that a leaked secret is of no use
 * there. Programs of companies use tokens of API keys, which are of another kind.
 */
#ifndef EVENTLOOP_GATEWAY_OUTSIDE_H
#define EVENTLOOP_GATEWAY_OUTSIDE_H

#include "base/context.h"
#include "base/macros.h"
#include "token/identity.h"

#include <stddef.h>

struct token_verifier;

/* Verifies the compact token as token_verify does. NULL with its error, or with `forbidden` (reason "access") for a
 * service's. */
const struct identity *outside_identity(struct context *ctx, struct token_verifier *verifier, const char *token,
					size_t length) MAY_SUSPEND MUST_CHECK;

#endif
