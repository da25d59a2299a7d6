#include "availability/type_rules.h"

#include "availability/closed.h"
#include "availability/rules_check.h"
#include "base/clock.h"
#include "projection/projection.h"
#include "version.h"

#define BATCH 200 /* of listings: a booking of one of them waits for the batch */

#define TYPE_RULES_JSON "jsonb_build_object('key', t.key, 'version', t.version, 'unit', t.unit, 'rules', t.rules)"

static const char SELECT_RULES[] = "SELECT " TYPE_RULES_JSON "::text FROM listing_type t WHERE t.key = $1";

/* $3: the members to set. The type's own rules then, read as those of a listing that sets none. */
static const char UPDATE_RULES[] =
    "UPDATE listing_type t SET rules = jsonb_strip_nulls(t.rules || $3::jsonb), version = t.version + 1, "
    "updated_at = now() WHERE t.key = $1 AND t.version = $2::integer "
    "RETURNING " TYPE_RULES_JSON "::text, t.rules::text, 'UTC', t.unit, 1, 0, t.version";

static const char TYPE_EXISTS[] = "SELECT 1 FROM listing_type WHERE key = $1";

/* The next listings, and those of them that are of the type and that search has. */
static const char NEXT_LISTINGS[] =
    "SELECT count(*), max(page.id::text), coalesce(array_agg(page.id) FILTER (WHERE page.fits), '{}')::text "
    "FROM (SELECT l.id, l.type = $1 AND l.state = 'published' AS fits FROM listing l WHERE l.id > " BACKGROUND_JOB_AFTER_UUID
    " ORDER BY l.id LIMIT $2::bigint) page";

static const char LOCK_LISTINGS[] = "SELECT 1 FROM listing WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE";

int type_get_rules(struct rpc_call *call)
{
	struct pg_result *type = pg_read(call->ctx, call->db, SELECT_RULES, rpc_param(call, "key"));
	return type ? rpc_reply_row(call, type, "listing type") : -1;
}

/* A fault ends the transaction with what was stored. */
int type_set_rules(struct rpc_call *call)
{
	const char *key = rpc_param(call, "key");
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *type =
	    pg_query(call->ctx, tx, UPDATE_RULES, key, rpc_param(call, "version"), rpc_param(call, "rules"));
	if (version_check(call, tx, type, TYPE_EXISTS, key, "listing type"))
		return -1;
	struct booking_rules rules;
	if (rules_of_row(call->ctx, type, 0, 1, &rules) || rules_check(call, &rules, false, clock_wall()))
		return -1;
	background_job_queue(call, tx, TYPE_RULES_JOB, key, NULL);
	if (rpc_publish(call, tx, "events.type.rules_changed", key, pg_text(type, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, type, "listing type");
}

int type_rules_project(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		       const char **ret_position)
{
	struct context *ctx = call->ctx;
	int most = job->rows < BATCH ? job->rows : BATCH;
	struct pg_result *page =
	    pg_query(ctx, tx, NEXT_LISTINGS, job->key, arena_printf(&ctx->arena, "%d", most), job->position);
	if (!page)
		return -1;
	if (!pg_query(ctx, tx, LOCK_LISTINGS, pg_text(page, 0, 2)) || closed_put(ctx, tx, pg_text(page, 0, 2)))
		return -1;
	projection_queue_listings(ctx, tx, pg_text(page, 0, 2));
	*ret_position = pg_integer(page, 0, 0) < most ? NULL : pg_text(page, 0, 1);
	return 0;
}
