#include "catalogue/change.h"

#include "version.h"

static const char COUNT_CHANGE[] = "UPDATE catalogue_revision SET revision = revision + 1";

int definition_list(struct rpc_call *call, const struct definition *definition)
{
	struct pg_result *items = pg_read(call->ctx, call->db, definition->list, rpc_params_text(call));
	if (!items)
		return -1;
	return rpc_reply_row(call, items, definition->noun);
}

int definition_get(struct rpc_call *call, const struct definition *definition)
{
	struct pg_result *item = pg_read(call->ctx, call->db, definition->get, rpc_param(call, "key"));
	if (!item)
		return -1;
	return rpc_reply_row(call, item, definition->noun);
}

/* Counts the change, tells the other daemons, commits and replies. */
static int finish(struct rpc_call *call, struct pg_tx *tx, const struct definition *definition, const char *topic,
		  const struct pg_result *item)
{
	pg_queue(call->ctx, tx, COUNT_CHANGE);
	if (rpc_publish(call, tx, topic, rpc_param(call, "key"), pg_text(item, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, item, definition->noun);
}

int definition_create(struct rpc_call *call, const struct definition *definition)
{
	struct context *ctx = call->ctx;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *item = pg_query(ctx, tx, definition->insert, rpc_params_text(call));
	if (!item && pg_violated(ctx, "property_category_fkey")) {
		error_clear(&ctx->error);
		return rpc_invalid(call, "/params/category", "exists", NULL);
	}
	if (!item && pg_violated(ctx, NULL)) {
		error_clear(&ctx->error);
		return rpc_conflict(call, "key_taken", "a %s with this key exists", definition->noun);
	}
	return item ? finish(call, tx, definition, definition->created, item) : -1;
}

int definition_change(struct rpc_call *call, const struct definition *definition, const char *sql)
{
	struct context *ctx = call->ctx;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *item = pg_query(ctx, tx, sql, rpc_params_text(call));
	if (!item && pg_violated(ctx, "property_category_fkey")) {
		error_clear(&ctx->error);
		return rpc_invalid(call, "/params/category", "exists", NULL);
	}
	if (version_check(call, tx, item, definition->exists, rpc_param(call, "key"), definition->noun))
		return -1;
	return finish(call, tx, definition, definition->changed, item);
}
