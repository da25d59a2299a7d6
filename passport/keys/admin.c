#include "keys/admin.h"

#include "audit/audit.h"
#include "daemon/daemon.h"
#include "keys/key.h"
#include "keys/stage.h"
#include "passport.h"
#include "telemetry/log.h"

static const char SELECT_KEYS[] =
    "SELECT jsonb_build_object('items', coalesce(jsonb_agg(" KEY_JSON " ORDER BY k.created_at, k.kid), '[]'))::text "
    "FROM signing_key k";

static const char COUNT_KEYS[] =
    "SELECT coalesce(bool_or(state = 'published'), false), count(*) >= " KEYS_MAX " FROM signing_key";

static const char REMOVE_ALL[] = "DELETE FROM signing_key";

int key_list(struct rpc_call *call)
{
	struct pg_result *keys = pg_read(call->ctx, call->db, SELECT_KEYS);
	return keys ? rpc_reply_row(call, keys, "key") : -1;
}

/* One rotation at a time: a second published key would have to wait for the first anyway. */
static int check_room(struct rpc_call *call, struct pg_tx *tx)
{
	struct pg_result *keys = pg_query(call->ctx, tx, COUNT_KEYS);
	if (!keys)
		return -1;
	if (pg_boolean(keys, 0, 0))
		return rpc_conflict(call, "rotation_under_way", "a new key is published already and will sign soon");
	if (pg_boolean(keys, 0, 1))
		return rpc_precondition(call, "max_keys", "\"maximum\":" KEYS_MAX,
					"wait until retired keys have left the key set");
	return 0;
}

/* With `immediate` old keys may be known to others, so all are destroyed, which voids every token they signed.
 */
static int make_room(struct rpc_call *call, struct pg_tx *tx, bool immediate)
{
	if (!immediate)
		return check_room(call, tx);
	pg_queue(call->ctx, tx, REMOVE_ALL);
	return 0;
}

int key_rotate(struct rpc_call *call)
{
	const struct passport *passport = call->app;
	struct context *ctx = call->ctx;
	bool immediate = rpc_param_boolean(call, "immediate", false);
	struct key_policy policy;
	key_policy_read(call->worker->config, &policy);
	const char *algorithm = rpc_param(call, "algorithm") ? rpc_param(call, "algorithm") : policy.algorithm;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (key_stage_lock(ctx, tx) || make_room(call, tx, immediate))
		return -1;
	struct pg_result *key =
	    key_stage_make(ctx, tx, passport->master, algorithm, immediate ? 0 : policy.publish_delay);
	if (!key)
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "key.rotated", .details = pg_text(key, 0, 0)});
	if (rpc_commit_row(call, tx, key, "key"))
		return -1;
	/* This worker publishes the new key (and signs with it, if immediate) before it answers; others reload on
	 * NOTIFY a moment later, as this one does when the reload fails. */
	if (key_ring_reload(ctx, passport->keys))
		log_error_of(LOG_WARNING, ctx, "signing keys not reloaded after a rotation");
	return 0;
}
