#include "programs/service_account_admin.h"

#include "audit/audit.h"
#include "base/ids.h"
#include "programs/service_account.h"
#include "programs/service_secret.h"
#include "sessions/revocation.h"

#include <string.h>

static const char INSERT_ACCOUNT[] = "INSERT INTO service_account (id, name, scope, description, created_by) "
				     "VALUES ($1, $2, coalesce($3, ''), coalesce($4, ''), $5)";

static const char LOCK_ACCOUNT[] = "SELECT name, state FROM service_account WHERE id = $1 AND company_id IS NULL FOR "
				   "UPDATE";

static const char DISABLE_ACCOUNT[] =
    "UPDATE service_account SET state = 'disabled', disabled_at = now() WHERE id = $1";

static bool is_daemon(const char *name)
{
	static const char *const daemons[] = {"passport", "events", "rating", "images", "gateway"};
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (strcmp(daemons[i], name) == 0)
			return true;
	return false;
}

int service_account_create(struct rpc_call *call)
{
	const char *name = rpc_param(call, "name");
	char id[UUID_SIZE];
	uuid_make(id);
	if (is_daemon(name) || service_account_is_set(call, name))
		return rpc_conflict(call, "name_reserved", "a daemon of this installation has this name");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	pg_queue(call->ctx, tx, INSERT_ACCOUNT, id, name, rpc_param(call, "scope"), rpc_param(call, "description"),
		 rpc_caller_id(call));
	const char *secret = service_secret_make(call, tx, id, SERVICE_SECRET_PREFIX);
	audit_record(call, tx,
		     &(struct audit_event){.action = "service_account.created",
					   .details = service_account_details(call, id, name)});
	struct pg_result *account = service_account_row(call, tx, id, secret);
	if (!account && pg_violated(call->ctx, "service_account_daemon_name")) {
		error_clear(&call->ctx->error);
		return rpc_conflict(call, "name_taken", "a service account has or had this name");
	}
	return account ? rpc_commit_row(call, tx, account, "service account") : -1;
}

/* Locks the account of params.id; NULL with the error in ctx. Row: name, state. */
static struct pg_result *lock(struct rpc_call *call, struct pg_tx *tx)
{
	struct pg_result *account = pg_query(call->ctx, tx, LOCK_ACCOUNT, rpc_param(call, "id"));
	if (!account || pg_count(account) > 0)
		return account;
	(void)rpc_not_found(call, "service account");
	return NULL;
}

int service_account_rotate(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *account = lock(call, tx);
	if (!account)
		return -1;
	if (strcmp(pg_text(account, 0, 1), "active") != 0)
		return rpc_precondition(call, "active", NULL, "the service account is disabled");
	audit_record(call, tx,
		     &(struct audit_event){.action = "service_account.rotated",
					   .details = service_account_details(call, id, pg_text(account, 0, 0))});
	service_secret_retire(call, tx, id, rpc_param_integer(call, "overlap_seconds", 0));
	const char *secret = service_secret_make(call, tx, id, SERVICE_SECRET_PREFIX);
	struct pg_result *row = service_account_row(call, tx, id, secret);
	return row ? rpc_commit_row(call, tx, row, "service account") : -1;
}

int service_account_list(struct rpc_call *call)
{
	return service_account_reply_list(call, NULL);
}

int service_account_disable(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *account = lock(call, tx);
	if (!account)
		return -1;
	if (strcmp(pg_text(account, 0, 1), "active") == 0) {
		pg_queue(call->ctx, tx, DISABLE_ACCOUNT, id);
		audit_record(
		    call, tx,
		    &(struct audit_event){.action = "service_account.disabled",
					  .details = service_account_details(call, id, pg_text(account, 0, 0))});
		revocation_add_account(call, tx, id);
	}
	struct pg_result *row = service_account_row(call, tx, id, NULL);
	return row ? rpc_commit_row(call, tx, row, "service account") : -1;
}
