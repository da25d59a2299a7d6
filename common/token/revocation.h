/*
 * Revocations of tokens already issued, as this process knows them.
 *
 * Purpose: an ended session voids its tokens for good; a subject (a user, an API key's service account, a service by
 * its name) has an epoch, and its tokens of a lower one are void.
 * Ownership: one table a process, because revocations reach one of its threads only. Texts are copied. Safe from any
 * thread. Invariants: an entry is kept for TOKEN_REVOCATION_KEEP, longer than a token that it voids can live, then
 * dropped; for one subject the highest epoch counts; at most REVOCATIONS_MAX entries, beyond which the oldest are
 * replaced by one rule for all: every token of that age is void (its owner refreshes it). The revision grows with every
 * change, so a token checked at this revision need not be checked again.
 */
#ifndef EVENTLOOP_TOKEN_REVOCATION_H
#define EVENTLOOP_TOKEN_REVOCATION_H

#include "base/clock.h"
#include "base/macros.h"
#include "token/identity.h"
#include "token/token.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVOCATIONS_MAX ((size_t)1 << 17)
/* How long after a revocation a token may be signed whose claims were read before it. */
#define TOKEN_REVOCATION_SLACK (60 * CLOCK_SECOND)
#define TOKEN_REVOCATION_KEEP (TOKEN_LIFETIME_MAX + TOKEN_SKEW + TOKEN_REVOCATION_SLACK)

/* Voids every token of the session. at: when it was revoked, wall microseconds. */
void token_revocation_add_session(const char *session, int64_t at);

/* Voids the tokens of the subject whose epoch is lower. */
void token_revocation_add_subject(const char *subject, int64_t epoch, int64_t at);

/* True when a token that says this is void. */
bool token_revocation_has(const struct identity *identity) MUST_CHECK;

/* Changes with every addition; read it before token_revocation_has. */
uint64_t token_revocation_revision(void);

/* Entries kept. */
size_t token_revocation_count(void);

/* Says that all revocations until now are known. */
void token_revocation_heard(void);

/* Microseconds since token_revocation_heard() was last called; if it never was, since the first call of this function.
 */
int64_t token_revocation_age(void);

/* Forgets all of them (tests). */
void token_revocation_clear(void);

#endif
