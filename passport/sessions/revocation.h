/*
 * Revocation of access tokens already issued (docs/identity.md).
 *
 * Purpose: a revocation is written in the transaction of its cause; after the commit every daemon is told
 * (revocation_feed.h). The process that commits refuses such tokens before it answers the call: so end the transaction
 * with rpc_commit or its like. Each entry takes a number, under a lock that other revocations wait for until tx ends:
 * call these after tx has locked everything else.
 * Invariants: an ended session's tokens are void for good. A user's epoch grows with every change of roles, rights,
 * state or password; tokens carry the epoch that was read together with their other claims, so one with outdated claims
 * is void, whenever it was signed. The session lives on: refreshing it gives a good token.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_REVOCATION_H
#define EVENTLOOP_PASSPORT_SESSIONS_REVOCATION_H

#include "rpc/call.h"

/* Voids the session's tokens from the commit of tx on (queued). */
void revocation_add_session(struct rpc_call *call, struct pg_tx *tx, const char *session);

/* Raises the user's epoch: voids the tokens issued until tx commits (queued). */
void revocation_add_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

/* The same for all members of the company, and for its API keys (queued). */
void revocation_add_company(struct rpc_call *call, struct pg_tx *tx, const char *company_id);

/* Voids the tokens of a service account, a daemon's or an API key (queued). */
void revocation_add_account(struct rpc_call *call, struct pg_tx *tx, const char *account_id);

/* Locks the API keys of the company until the end of tx (queued): before the first revocation of tx, when
 * revocation_add_keys comes after others. */
void revocation_lock_keys(struct rpc_call *call, struct pg_tx *tx, const char *company_id);

/* Voids the tokens of all API keys of the company (queued). */
void revocation_add_keys(struct rpc_call *call, struct pg_tx *tx, const char *company_id);

#endif
