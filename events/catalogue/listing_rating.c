#include "catalogue/listing_rating.h"

#include "projection/projection.h"

/* Facts about one listing may come in another order than they were made in (two reviews at once; a replayed dead
 * letter), but the one with the highest seq was made last: it was numbered while the summary's row was locked. */
static const char SET_RATING[] =
    "UPDATE listing SET rating_count = ($2::jsonb->>'count')::bigint, rating_mean = ($2::jsonb->>'mean')::numeric, "
    "rating_bayesian = ($2::jsonb->>'bayesian')::numeric, rating_seq = $3::bigint "
    "WHERE id = $1 AND rating_seq < $3::bigint";

int listing_rating_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	const char *seq = arena_printf(&call->ctx->arena, "%lld", (long long)fact->seq);
	if (!pg_query(call->ctx, tx, SET_RATING, fact->key, fact->payload_text, seq))
		return -1;
	projection_queue_rating(call->ctx, tx, fact->key);
	return 0;
}
