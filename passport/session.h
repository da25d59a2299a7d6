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

/* Ends a session in tx and tells the other daemons. */
int session_end(struct rpc_call *call, struct pg_tx *tx, const char *session,
		const char *reason) MAY_SUSPEND MUST_CHECK;

#endif
