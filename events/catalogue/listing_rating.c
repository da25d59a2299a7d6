#include "catalogue/listing_rating.h"

#include "search/projection.h"

static const char SET_RATING[] =
    "UPDATE listing SET rating_count = ($2::jsonb->>'count')::bigint, rating_mean = ($2::jsonb->>'mean')::numeric, "
    "rating_bayesian = ($2::jsonb->>'bayesian')::numeric WHERE id = $1";

int listing_rating_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	if (!pg_query(call->ctx, tx, SET_RATING, fact->key, fact->payload_text))
		return -1;
	projection_queue_rating(call->ctx, tx, fact->key);
	return 0;
}
