/*
 * Revocations of tokens already issued: for a user or a session, the moment before which its tokens are void.
 *
 * Ownership: one table a process, because a fact about a session reaches one of its threads only. Texts are copied.
 * Safe from any thread. Invariants: an entry is kept as long as a token issued before it could live (TOKEN_LIFETIME_MAX
 * and the skew), then dropped; for one subject the latest moment counts; at most REVOCATIONS_MAX entries, beyond which
 * the oldest are replaced by one rule for all: every token of that age is void (its owner refreshes it). The revision
 * grows with every change, so who checked at this revision need not check again.
 */
#ifndef EVENTLOOP_RPC_TOKEN_REVOCATION_H
#define EVENTLOOP_RPC_TOKEN_REVOCATION_H

#include "base/macros.h"
#include "rpc/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVOCATIONS_MAX ((size_t)1 << 17)

/* Voids tokens of the session (or of the user, when session is NULL or "") issued before `before`, wall microseconds.
 */
void token_revocation_add(const char *user_id, const char *session, int64_t before);

/* True when a token of this identity, issued then, is void. */
bool token_revocation_has(const struct identity *identity, int64_t issued) MUST_CHECK;

/* Changes with every addition; read it before token_revocation_has. */
uint64_t token_revocation_revision(void);

/* Entries kept. */
size_t token_revocation_count(void);

/* Forgets all of them (tests). */
void token_revocation_clear(void);

#endif
