#include "revocation.h"

/* The counter's row is locked from here to the end of the transaction: see the table. */
#define NEXT_SEQ "n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value)"

static const char ADD_SESSION[] =
    "WITH " NEXT_SEQ " INSERT INTO revocation (seq, kind, id) SELECT n.value, 'session', $1 FROM n";

static const char ADD_USER[] = "WITH u AS (UPDATE user_account SET token_epoch = token_epoch + 1 WHERE id = $1 "
			       "RETURNING id, token_epoch), " NEXT_SEQ " INSERT INTO revocation (seq, kind, id, epoch) "
			       "SELECT n.value, 'subject', u.id::text, u.token_epoch FROM n, u";

void revocation_add_session(struct rpc_call *call, struct pg_tx *tx, const char *session)
{
	pg_queue(call->ctx, tx, ADD_SESSION, session);
}

void revocation_add_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, ADD_USER, user_id);
}
