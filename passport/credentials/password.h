/*
 * Passwords: Argon2id (RFC 9106) on the offload pool.
 *
 * Purpose: hash and verify without blocking the loop; as many at once as the pool has threads, the rest queues, and a
 * full queue is `overloaded`. Invariants: 19 MiB, 2 passes, 1 lane, 16 bytes salt, 32 bytes tag, as a PHC string.
 * Verifying against no hash (an unknown account) does the same work as against one. The parameters read from a stored
 * hash are bounded before they are used.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>

/* The PHC string of the password, in ctx's arena; NULL with overloaded or deadline_exceeded. */
const char *password_hash(struct context *ctx, const char *password) MAY_SUSPEND MUST_CHECK;

/* Compares. phc NULL: hashes all the same and does not match. 0 with *ret_match, or -1 with overloaded and so on. */
int password_verify(struct context *ctx, const char *password, const char *phc, bool *ret_match) MAY_SUSPEND MUST_CHECK;

/* True when the hash was made with other parameters than password_hash uses now: hash again at the next login. */
bool password_outdated(const char *phc);

#endif
