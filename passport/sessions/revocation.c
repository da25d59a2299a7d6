#include "sessions/revocation.h"

#include "sessions/revocation_feed.h"

/* The counter's row is locked from here to the end of the transaction: see the table. The notification goes out with
 * the commit. */
#define NEXT_SEQ "n AS (UPDATE revocation_counter SET value = value + 1 RETURNING value)"
#define NOTIFY " RETURNING pg_notify('" REVOCATION_CHANNEL "', '')"

/* Subjects are locked before the counter, as everything else is. Each has a number of its own: daemons are told some
 * thousands at a time, whatever the size of a company. raise: gives subject and token_epoch. */
#define ADD_SUBJECTS(raise)                                                                                    \
	"WITH u AS (" raise "), n AS (UPDATE revocation_counter SET value = value + (SELECT count(*) FROM u) " \
	"WHERE EXISTS (SELECT FROM u) RETURNING value) INSERT INTO revocation (seq, kind, id, epoch) "         \
	"SELECT n.value + 1 - row_number() OVER (), 'subject', u.subject, u.token_epoch FROM n, u" NOTIFY

#define ADD_USERS(which)                                                                     \
	ADD_SUBJECTS("UPDATE user_account SET token_epoch = token_epoch + 1 WHERE id " which \
		     " RETURNING id::text AS subject, token_epoch")

/* A daemon's tokens are known by its name, an API key's by its id. */
#define ADD_ACCOUNTS(which)                                                                             \
	ADD_SUBJECTS("UPDATE service_account SET token_epoch = token_epoch + 1 WHERE " which            \
		     " RETURNING CASE WHEN company_id IS NULL THEN name ELSE id::text END AS subject, " \
		     "token_epoch")

static const char ADD_SESSION[] =
    "WITH " NEXT_SEQ " INSERT INTO revocation (seq, kind, id) SELECT n.value, 'session', $1 FROM n" NOTIFY;

static const char ADD_USER[] = ADD_USERS("= $1");
static const char ADD_MEMBERS[] = ADD_USERS("IN (SELECT user_id FROM company_member WHERE company_id = $1)");
static const char ADD_ACCOUNT[] = ADD_ACCOUNTS("id = $1");
static const char ADD_KEYS[] = ADD_ACCOUNTS("company_id = $1");

/* In one order, so that two companies with members in common do not wait for each other. */
static const char LOCK_MEMBERS[] =
    "SELECT 1 FROM user_account WHERE id IN (SELECT user_id FROM company_member WHERE company_id = $1) ORDER BY id "
    "FOR NO KEY UPDATE";

/* Every change of a key locks its row before the counter, too. */
static const char LOCK_KEYS[] = "SELECT 1 FROM service_account WHERE company_id = $1 ORDER BY id FOR NO KEY UPDATE";

/* When that fails the feed's next look finds them. */
static void apply(struct rpc_call *call, void *unused)
{
	(void)unused;
	if (revocation_feed_look(call->ctx, call->db) != 0)
		error_clear(&call->ctx->error);
}

static void add(struct rpc_call *call, struct pg_tx *tx, const char *statement, const char *id)
{
	pg_queue(call->ctx, tx, statement, id);
	rpc_after_commit(call, apply, NULL);
}

void revocation_add_session(struct rpc_call *call, struct pg_tx *tx, const char *session)
{
	add(call, tx, ADD_SESSION, session);
}

void revocation_add_user(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	add(call, tx, ADD_USER, user_id);
}

void revocation_add_company(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	pg_queue(call->ctx, tx, LOCK_MEMBERS, company_id);
	revocation_lock_keys(call, tx, company_id);
	add(call, tx, ADD_MEMBERS, company_id);
	revocation_add_keys(call, tx, company_id);
}

void revocation_add_account(struct rpc_call *call, struct pg_tx *tx, const char *account_id)
{
	add(call, tx, ADD_ACCOUNT, account_id);
}

void revocation_lock_keys(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	pg_queue(call->ctx, tx, LOCK_KEYS, company_id);
}

void revocation_add_keys(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	add(call, tx, ADD_KEYS, company_id);
}
