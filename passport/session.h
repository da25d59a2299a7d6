/*
 * Sessions and their tokens.
 *
 * Purpose: login opens a session; each refresh token is good for one rotation; the access token says who, in which
 * session, with which roles and rights. Invariants: refresh tokens are stored as SHA-256 only. A successor is derived
 * from its predecessor under the master key, so the same one can be answered again within the grace window without
 * being stored. Idle and absolute lifetimes are enforced here; rotation never extends the absolute one. Source: RFC
 * 9068, RFC 9700 section 4.14; DESIGN section 5.
 */
#ifndef EVENTLOOP_PASSPORT_SESSION_H
#define EVENTLOOP_PASSPORT_SESSION_H

#include "rpc/call.h"

/* Opens a session of the user in tx: *ret_session is its id, *ret_refresh its first refresh token. */
int session_open(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char **ret_session,
		 const char **ret_refresh) MAY_SUSPEND MUST_CHECK;

/* Rotates a refresh token: the session and the successor. -1 with unauthenticated: malformed, unknown, reused (the
 * session is ended then), expired. Commits for itself. */
int session_rotate(struct rpc_call *call, const char *refresh, const char **ret_session,
		   const char **ret_successor) MAY_SUSPEND MUST_CHECK;

/* Answers the tokens of a session: a fresh access token, the refresh token and the user. */
int session_reply(struct rpc_call *call, const char *session, const char *refresh) MAY_SUSPEND;

/* The functions that end sessions void their access tokens too, everywhere, once tx is committed by rpc_commit,
 * rpc_commit_row or rpc_commit_text. Call them after what locks other rows: they take the lock that orders revocations.
 * reason: a word for the row ("logout"). */

/* Ends a session in tx; one that has ended already is left as it is. */
int session_end(struct rpc_call *call, struct pg_tx *tx, const char *session,
		const char *reason) MAY_SUSPEND MUST_CHECK;

/* Ends the sessions of a user in tx, but for except_session (NULL: none is spared). */
int session_end_all(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *except_session,
		    const char *reason) MAY_SUSPEND MUST_CHECK;

/* Ends in tx the sessions in which an administrator acts as somebody else. */
int session_end_by_actor(struct rpc_call *call, struct pg_tx *tx, const char *actor_id,
			 const char *reason) MAY_SUSPEND MUST_CHECK;

#endif
