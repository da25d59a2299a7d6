/*
 * Revocations of tokens already issued: for a user or a session, the moment before which its tokens are void.
 *
 * Ownership: the table copies what it is told. One thread.
 * Invariants: an entry is kept as long as a token issued before it could live (TOKEN_LIFETIME_MAX and the skew), then
 * dropped; for one subject the latest moment counts; at most REVOCATIONS_MAX entries, beyond which the oldest are
 * replaced by one rule for all: every token of that age is void (its owner refreshes it). `revision` grows with every
 * change, so who checked at this revision need not check again.
 */
#ifndef EVENTLOOP_RPC_TOKEN_REVOCATION_H
#define EVENTLOOP_RPC_TOKEN_REVOCATION_H

#include "base/macros.h"
#include "rpc/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVOCATIONS_MAX ((size_t)1 << 17)

struct token_revocations;

/* An empty table; freed by the other, which accepts NULL. */
struct token_revocations *token_revocations_new(void);
void token_revocations_free(struct token_revocations *table);

/* Voids tokens of the session (or of the user, when session is NULL or "") issued before `before`, wall microseconds.
 */
void token_revocations_add(struct token_revocations *table, const char *user_id, const char *session, int64_t before);

/* True when a token of this identity, issued then, is void. */
bool token_revocations_has(const struct token_revocations *table, const struct identity *identity,
			   int64_t issued) MUST_CHECK;

/* Changes with every addition; 0 for a new table. */
uint64_t token_revocations_revision(const struct token_revocations *table);

/* Entries kept. */
size_t token_revocations_count(const struct token_revocations *table);

#endif
