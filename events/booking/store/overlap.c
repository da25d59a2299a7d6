#include "booking/store/overlap.h"

#include "base/buffer.h"
#include "booking/store/store.h"

#define TAKEN "tstzrange(lower(b.period) - b.buffer_before, upper(b.period) + b.buffer_after)"

/* $2: what was taken; $3: the units that there are; $4: the clock; $5: those that are flagged already, too. */
static const char SELECT_UNFIT[] =
    "SELECT b.id, b.paid FROM booking b WHERE b.listing_id = $1 AND b.state = 'requested' AND NOT b.takes_units "
    "AND ($5::boolean OR NOT b.overlapped) AND (b.expires_at IS NULL OR b.expires_at > $4::timestamptz) "
    "AND " TAKEN " && $2::tstzrange "
    "AND CASE WHEN b.named THEN (SELECT count(*) FROM generate_series(1, $3::integer) n "
    "WHERE (b.unit_wish IS NULL OR n = ANY (b.unit_wish)) AND NOT EXISTS (SELECT FROM booking_unit u "
    "WHERE u.listing_id = b.listing_id AND u.unit = n AND u.period && " TAKEN ")) "
    "ELSE search_free_units(b.listing_id, $3::integer, " TAKEN ") END < b.units ORDER BY b.id LIMIT 100";

/* Which of those that share walls have requests on that time. */
static const char SELECT_OTHERS[] =
    "SELECT DISTINCT b.listing_id FROM booking b WHERE b.listing_id = ANY ($1::uuid[]) AND b.listing_id <> $2 "
    "AND b.state = 'requested' AND NOT b.takes_units AND " TAKEN " && $3::tstzrange";

static const char FLAG[] = "UPDATE booking SET overlapped = true, version = version + 1 WHERE id = ANY ($1::uuid[])";

static struct pg_result *unfit(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			       const struct span *taken, bool flagged)
{
	int total = terms->rules.units + terms->rules.overbooking;
	return pg_query(call->ctx, tx, SELECT_UNFIT, terms->listing_id, wish_range(call, taken),
			arena_printf(&call->ctx->arena, "%d", total), terms_time(call, terms->now),
			flagged ? "true" : "false");
}

static int flag(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *requests)
{
	struct buffer ids;
	buffer_init_arena(&ids, &call->ctx->arena, 8192);
	for (size_t i = 0; i < pg_count(requests); i++)
		buffer_printf(&ids, "%c%s", i == 0 ? '{' : ',', pg_text(requests, i, 0));
	buffer_append_char(&ids, '}');
	if (pg_count(requests) > 0)
		pg_queue(call->ctx, tx, FLAG, buffer_text(&ids));
	return 0;
}

static int decline(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct pg_result *requests)
{
	const char *now = terms_time(call, terms->now);
	for (size_t i = 0; i < pg_count(requests); i++) {
		struct booking_update update = {
		    .step = booking_step(BOOKING_REQUESTED, CAUSE_OVERLAP),
		    .patch = arena_printf(&call->ctx->arena,
					  "\"overlapped\":true,\"decided_at\":\"%s\",\"cancellation_fee\":0,"
					  "\"refund_due\":%lld",
					  now, (long long)pg_integer(requests, i, 1)),
		};
		struct written_booking written;
		if (store_step(call, tx, terms, pg_text(requests, i, 0), &update, &written))
			return -1;
	}
	return 0;
}

static int answer_own(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct span *taken)
{
	struct pg_result *requests = unfit(call, tx, terms, taken, terms->rules.decline_overlapping);
	if (!requests)
		return -1;
	return terms->rules.decline_overlapping ? decline(call, tx, terms, requests) : flag(call, tx, requests);
}

static int flag_own(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct span *taken)
{
	struct pg_result *requests = unfit(call, tx, terms, taken, false);
	return requests ? flag(call, tx, requests) : -1;
}

typedef int answer_function(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms,
			    const struct span *taken);

/* The same for those that share walls with the listing: each answers as its own rules say. */
static int answer_all(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct span *taken,
		      answer_function *answer)
{
	if (answer(call, tx, terms, taken))
		return -1;
	if (!terms->space_ids)
		return 0;
	struct pg_result *others =
	    pg_query(call->ctx, tx, SELECT_OTHERS, terms->space_ids, terms->listing_id, wish_range(call, taken));
	for (size_t i = 0; others && i < pg_count(others); i++) {
		struct terms other;
		if (terms_locked(call, tx, pg_text(others, i, 0), &other))
			return -1;
		other.now = terms->now;
		if (answer(call, tx, &other, taken))
			return -1;
	}
	return others ? 0 : -1;
}

int overlap_answer(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct span *taken)
{
	return answer_all(call, tx, terms, taken, answer_own);
}

int overlap_flag(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct span *taken)
{
	return answer_all(call, tx, terms, taken, flag_own);
}
