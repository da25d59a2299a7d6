/*
 * Users who have erased their accounts (passport.user.erased): the mark that every daemon keeps, and how it prevents
 * later writes for them.
 *
 * Purpose: a mark in the table erased_user refuses whatever is written for them later. (What a daemon stores of them
 * goes in batches of a background job: outbox/erasure.h.)
 * Invariants: a write for a user holds the user's lock shared from its first statement to its end, the erasure holds it
 * exclusively while it sets the mark. So a write that was under way (it waited for a connection, for another's lock)
 * either commits before the mark, and is erased with everything else, or finds the mark and is `unauthenticated`,
 * reason `revoked`.
 * Use: rpc_begin refuses by itself; what writes without it calls erased_user_refuse.
 */
#ifndef EVENTLOOP_RPC_ERASED_USER_H
#define EVENTLOOP_RPC_ERASED_USER_H

#include "base/context.h"
#include "postgres/postgres.h"
#include "token/identity.h"

/* SQL: the user was erased. id: an expression of type uuid. For rows about others than the caller (imports), after
 * ERASED_USER_LOCK. */
#define ERASED_USER(id) "EXISTS (SELECT FROM erased_user e WHERE e.user_id = " id ")"

/* SQL: takes the user's lock shared. id: an expression of type text, the id in lower case. */
#define ERASED_USER_LOCK(id) "erased_user_lock(" id ", false)"

/* Refuses when the user who calls, or whom the caller acts for, was erased; else no erasure can happen until tx ends.
 * Queued: the refusal shows at the next statement. */
void erased_user_refuse(struct context *ctx, struct pg_tx *tx, const struct identity *caller);

/* The same for the erasure of the caller: waits until no write for them is under way. */
void erased_user_refuse_alone(struct context *ctx, struct pg_tx *tx, const struct identity *caller);

/* Waits until no write for the user is under way and lets none begin until tx ends (queued). */
void erased_user_lock(struct context *ctx, struct pg_tx *tx, const char *user_id);

/* Sets the mark (queued), in a transaction that holds the user's lock alone. seq: of the fact; NULL: of the one that
 * was published last in this transaction. */
void erased_user_remember(struct context *ctx, struct pg_tx *tx, const char *user_id, const char *seq);

#endif
