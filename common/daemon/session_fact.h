/*
 * Revocation by fact: passport tells the other daemons which session has ended, and they refuse its access tokens from
 * then on.
 *
 * Use: `{"passport.session.ended", session_ended_fact}` in a daemon's table of fact handlers.
 */
#ifndef EVENTLOOP_DAEMON_SESSION_FACT_H
#define EVENTLOOP_DAEMON_SESSION_FACT_H

#include "rpc/outbox.h"

/* Folds {session_id, user_id, before}: tells the verifier of this thread. */
int session_ended_fact(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact);

#endif
