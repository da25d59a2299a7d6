/*
 * Sessions and their tokens.
 *
 * Purpose: login opens a session; each refresh token is good for one rotation; the access token says who, in which
 * session, with which roles and rights. Invariants: refresh tokens are stored as SHA-256 only. A successor is derived
 * from its predecessor under the master key, so the same one can be answered again within the grace window without
 * being stored. Idle and absolute lifetimes are enforced here; rotation never extends the absolute one. Source: RFC
 * 9068, RFC 9700 section 4.14; docs/identity.md.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_SESSION_H
#define EVENTLOOP_PASSPORT_SESSIONS_SESSION_H

#include "rpc/call.h"

/* What a session is opened with. */
struct session_start {
	const char *user_id;
	const char *methods;  /* how the user proved who they are, as an array: "{pwd,otp}" (RFC 8176) */
	const char *actor_id; /* the administrator who acts as the user: the session lasts an hour; else NULL */
};

/* A session and its new refresh token (NULL: the client keeps the one that it has). */
struct session_keys {
	const char *session, *refresh;
};

/* Opens a session in tx (queued). Returns texts in the context. The caller has locked the user and found it active. */
struct session_keys session_open(struct rpc_call *call, struct pg_tx *tx, const struct session_start *start);

/* Rotates a refresh token. Returns a transaction to be committed by the caller; then *ret, the session and the
 * successor, is valid. NULL with unauthenticated: malformed, unknown, reused (the session has been ended then),
 * revoked, expired. */
struct pg_tx *session_rotate(struct rpc_call *call, const char *token, struct session_keys *ret) MAY_SUSPEND MUST_CHECK;

/* Commits tx, with its last round trip, and answers the tokens of a session: a fresh access token, the refresh token if
 * there is a new one, and the user. -1 with unauthenticated when the session is no longer valid; tx is committed
 * nevertheless. */
int session_commit(struct rpc_call *call, struct pg_tx *tx, const struct session_keys *keys) MAY_SUSPEND;

/* The functions that end sessions void their access tokens too, everywhere, once tx is committed by rpc_commit,
 * rpc_commit_row or rpc_commit_text. Call them after what locks other rows: they take the lock that orders revocations.
 * reason: a word for the row ("logout"). */

/* Ends a session in tx; one that has ended already is left as it is. */
int session_end(struct rpc_call *call, struct pg_tx *tx, const char *session,
		const char *reason) MAY_SUSPEND MUST_CHECK;

/* Locks in tx the open sessions of the user, and those in which the user acts as somebody else (queued): for callers
 * that take the lock of revocations before they end them. */
void session_lock_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id);

/* Ends the sessions of a user in tx, except except_session (NULL: all), and all in which the user, as an administrator,
 * acts as somebody else, since an intruder may have opened them. */
int session_end_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *except_session,
		    const char *reason) MAY_SUSPEND MUST_CHECK;

/* Ends in tx the sessions in which an administrator acts as somebody else. */
int session_end_by_actor(struct rpc_call *call, struct pg_tx *tx, const char *actor_id,
			 const char *reason) MAY_SUSPEND MUST_CHECK;

#endif
