#include "revocation.h"

/* The counter's row is locked from here to the end of the transaction: see the table. */
#define NEXT_SEQ "n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value)"

static const char ADD_SESSION[] =
    "WITH " NEXT_SEQ " INSERT INTO revocation (seq, kind, id) SELECT n.value, 'session', $1 FROM n";

static const char ADD_USER[] = "WITH u AS (UPDATE user_account SET token_epoch = token_epoch + 1 WHERE id = $1 "
			       "RETURNING id, token_epoch), " NEXT_SEQ " INSERT INTO revocation (seq, kind, id, epoch) "
			       "SELECT n.value, 'subject', u.id::text, u.token_epoch FROM n, u";

/* In one order, so that two companies with members in common do not wait for each other. */
static const char LOCK_MEMBERS[] =
    "SELECT 1 FROM user_account WHERE id IN (SELECT user_id FROM company_member WHERE company_id = $1) ORDER BY id "
    "FOR NO KEY UPDATE";

static const char ADD_MEMBERS[] =
    "WITH u AS (UPDATE user_account SET token_epoch = token_epoch + 1 "
    "WHERE id IN (SELECT user_id FROM company_member WHERE company_id = $1) RETURNING id, token_epoch), " NEXT_SEQ
    " INSERT INTO revocation (seq, kind, id, epoch) SELECT n.value, 'subject', u.id::text, u.token_epoch FROM n, u";

void revocation_add_session(struct rpc_call *call, struct pg_tx *tx, const char *session)
{
	pg_queue(call->ctx, tx, ADD_SESSION, session);
}

void revocation_add_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, ADD_USER, user_id);
}

void revocation_add_members(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	pg_queue(call->ctx, tx, LOCK_MEMBERS, company_id);
	pg_queue(call->ctx, tx, ADD_MEMBERS, company_id);
}
