#include "programs/api_key.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/ids.h"
#include "companies/membership.h"
#include "programs/service_secret.h"
#include "sessions/revocation.h"
#include "time_param.h"

#include <string.h>

#define MAX_KEYS "50"

static const char COUNT_KEYS[] =
    "SELECT count(*) >= " MAX_KEYS " FROM service_account WHERE company_id = $1 AND state = 'active'";

static const char INSERT_KEY[] =
    "INSERT INTO service_account (id, name, company_id, \"right\", scope, expires_at, created_by) "
    "VALUES ($1, $2, $3, $4, $5, $6::timestamptz, $7)";

static const char LOCK_KEY[] = "SELECT name, state, coalesce(expires_at <= now(), false) FROM service_account "
			       "WHERE id = $1 AND company_id = $2 FOR UPDATE";

static const char DISABLE_KEY[] = "UPDATE service_account SET state = 'disabled', disabled_at = now() WHERE id = $1";

static int read_expiry(struct rpc_call *call, const char **ret)
{
	int64_t wall = INT64_MAX;
	if (time_param(call, "expires_at", ret, &wall))
		return -1;
	return wall > clock_wall() ? 0 : rpc_invalid(call, "/params/expires_at", "after", "\"now\"");
}

/* Locks the company, so that meanwhile it cannot be suspended, the caller cannot lose the right, and the number of keys
 * cannot pass its limit. */
static int lock_company(struct rpc_call *call, struct pg_tx *tx)
{
	struct membership membership;
	if (membership_lock(call, tx, rpc_param(call, "company_id"), NULL, &membership))
		return -1;
	return membership_demand(call, &membership, RIGHT_OWNER);
}

static int check_room(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	struct pg_result *keys = pg_query(call->ctx, tx, COUNT_KEYS, company_id);
	if (!keys)
		return -1;
	if (pg_boolean(keys, 0, 0))
		return rpc_precondition(call, "max_api_keys", "\"maximum\":" MAX_KEYS,
					"a company may have at most " MAX_KEYS " API keys: disable one");
	return 0;
}

static void record(struct rpc_call *call, struct pg_tx *tx, const char *action, const char *id, const char *name)
{
	audit_record(call, tx,
		     &(struct audit_event){.action = action,
					   .company_id = rpc_param(call, "company_id"),
					   .details = service_account_details(call, id, name)});
}

int api_key_create(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id"), *name = rpc_param(call, "name"), *expires = NULL;
	char id[UUID_SIZE];
	uuid_make(id);
	if (read_expiry(call, &expires))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (lock_company(call, tx) || check_room(call, tx, company))
		return -1;
	pg_queue(call->ctx, tx, INSERT_KEY, id, name, company, rpc_param(call, "right"), rpc_param(call, "scope"),
		 expires, rpc_caller_id(call));
	const char *secret = service_secret_make(call, tx, id, API_KEY_PREFIX);
	record(call, tx, "api_key.created", id, name);
	struct pg_result *key = service_account_row(call, tx, id, secret);
	if (!key && pg_violated(call->ctx, "service_account_key_name")) {
		error_clear(&call->ctx->error);
		return rpc_conflict(call, "name_taken", "another API key of the company has this name");
	}
	return key ? rpc_commit_row(call, tx, key, "API key") : -1;
}

/* Locks the key of params.id; NULL with the error in ctx. Row: name, state, whether it has expired. */
static struct pg_result *lock(struct rpc_call *call, struct pg_tx *tx)
{
	struct pg_result *key = pg_query(call->ctx, tx, LOCK_KEY, rpc_param(call, "id"), rpc_param(call, "company_id"));
	if (!key || pg_count(key) > 0)
		return key;
	(void)rpc_not_found(call, "API key");
	return NULL;
}

int api_key_rotate(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *key = lock_company(call, tx) ? NULL : lock(call, tx);
	if (!key)
		return -1;
	if (strcmp(pg_text(key, 0, 1), "active") != 0 || pg_boolean(key, 0, 2))
		return rpc_precondition(call, "active", NULL, "the API key is disabled or has expired");
	record(call, tx, "api_key.rotated", id, pg_text(key, 0, 0));
	service_secret_retire(call, tx, id, rpc_param_integer(call, "overlap_seconds", 0));
	const char *secret = service_secret_make(call, tx, id, API_KEY_PREFIX);
	struct pg_result *row = service_account_row(call, tx, id, secret);
	return row ? rpc_commit_row(call, tx, row, "API key") : -1;
}

int api_key_list(struct rpc_call *call)
{
	return service_account_reply_list(call, rpc_param(call, "company_id"));
}

int api_key_disable(struct rpc_call *call)
{
	const char *id = rpc_param(call, "id");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	/* Administrators end a key of any company, a suspended one too. */
	if (!rpc_caller_has_role(call, ROLE_ADMIN) && lock_company(call, tx))
		return -1;
	struct pg_result *key = lock(call, tx);
	if (!key)
		return -1;
	if (strcmp(pg_text(key, 0, 1), "active") == 0) {
		pg_queue(call->ctx, tx, DISABLE_KEY, id);
		record(call, tx, "api_key.disabled", id, pg_text(key, 0, 0));
		revocation_add_account(call, tx, id);
	}
	struct pg_result *row = service_account_row(call, tx, id, NULL);
	return row ? rpc_commit_row(call, tx, row, "API key") : -1;
}
