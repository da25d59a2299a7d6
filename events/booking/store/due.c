#include "booking/store/due.h"

#include "base/fault.h"
#include "booking/store/state.h"
#include "booking/store/store.h"
#include "projection/projection.h"

#include <string.h>

#define TIMEOUT (5 * CLOCK_SECOND)

#define EXPIRED "b.state IN ('held', 'requested') AND b.expires_at <= $2::timestamptz"
#define ENDED "b.state = 'confirmed' AND b.kind = 'booking' AND upper(b.period) <= $2::timestamptz"
#define SUSPENDED                                                                                            \
	"b.state = 'requested' AND EXISTS (SELECT FROM company_state cs WHERE cs.company_id = b.company_id " \
	"AND cs.suspended)"

/* What a row's cause is, in the order of the table's columns. */
#define SELECT_ROWS(condition)                                                                                       \
	"SELECT b.id, b.state, b.paid, b.group_id, CASE WHEN " EXPIRED " THEN 'expiry' WHEN " ENDED " THEN 'clock' " \
	"ELSE 'suspension' END FROM booking b WHERE b.listing_id = $1 AND (" condition ") ORDER BY b.id LIMIT 100"

static const char SELECT_EXPIRED[] = SELECT_ROWS(EXPIRED);
static const char SELECT_DUE[] = SELECT_ROWS("(" EXPIRED ") OR (" ENDED ") OR (" SUSPENDED ")");

/* The others that were requested together with one that is declined ($2) expire now: their listings are not locked, but
 * whoever writes one of the group locks this one's too. */
static const char END_GROUP[] = "UPDATE booking SET expires_at = $3::timestamptz WHERE group_id = $1 AND id <> $2 "
				"AND takes_units AND expires_at IS NOT NULL";

/* Listings with something due, by the indexes of each. */
static const char SELECT_LISTINGS[] =
    "SELECT DISTINCT due.listing_id FROM ("
    "(SELECT b.listing_id FROM booking b WHERE b.state IN ('held', 'requested') AND b.expires_at <= now() "
    "ORDER BY b.expires_at LIMIT 50) UNION ALL "
    "(SELECT b.listing_id FROM booking b WHERE b.state = 'confirmed' AND b.kind = 'booking' "
    "AND upper(b.period) <= now() ORDER BY upper(b.period) LIMIT 50) UNION ALL "
    "(SELECT b.listing_id FROM company_state cs JOIN booking b ON b.company_id = cs.company_id "
    "AND b.state = 'requested' WHERE cs.suspended LIMIT 50)) due LIMIT 50";

/* Whoever works on the listing ends what stands in its way; the rest is done next time. */
static const char LOCK_FREE[] =
    "WITH own AS (SELECT space_id FROM listing WHERE id = $1), free AS MATERIALIZED (SELECT 1 FROM listing "
    "WHERE id = $1 OR space_id = (SELECT space_id FROM own) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) "
    "SELECT 1 FROM own WHERE (SELECT count(*) FROM free) = (SELECT count(*) FROM listing WHERE id = $1 "
    "OR space_id = (SELECT space_id FROM own))";

/* What has expired of those that share walls. */
static const char SELECT_SPACE[] =
    "SELECT DISTINCT b.listing_id FROM booking b WHERE b.listing_id = ANY ($1::uuid[]) AND b.state IN ('held', 'requested') "
    "AND b.expires_at <= $2::timestamptz";

static enum booking_cause cause_of(const char *name)
{
	if (strcmp(name, "expiry") == 0)
		return CAUSE_EXPIRY;
	return strcmp(name, "clock") == 0 ? CAUSE_CLOCK : CAUSE_SUSPENSION;
}

/* A booking that took place keeps its units; all else gives them back, and what was paid. */
static int end_row(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const struct pg_result *rows,
		   size_t row)
{
	enum booking_cause cause = cause_of(pg_text(rows, row, 4));
	const char *now = terms_time(call, terms->now);
	struct booking_update update = {
	    .step = booking_step(booking_state_of(pg_text(rows, row, 1)), cause),
	    .released = cause != CAUSE_CLOCK,
	    .patch = cause == CAUSE_CLOCK
			 ? arena_printf(&call->ctx->arena, "\"ended_at\":\"%s\"", now)
			 : arena_printf(&call->ctx->arena,
					"\"takes_units\":false,\"cancellation_fee\":0,\"refund_due\":%lld",
					(long long)pg_integer(rows, row, 2)),
	};
	if (cause == CAUSE_SUSPENSION && pg_text(rows, row, 3))
		pg_queue(call->ctx, tx, END_GROUP, pg_text(rows, row, 3), pg_text(rows, row, 0), now);
	struct written_booking written;
	return store_step(call, tx, terms, pg_text(rows, row, 0), &update, &written);
}

static int end_rows(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *sql)
{
	struct pg_result *rows = pg_query(call->ctx, tx, sql, terms->listing_id, terms_time(call, terms->now));
	if (!rows)
		return -1;
	for (size_t row = 0; row < pg_count(rows); row++)
		if (end_row(call, tx, terms, rows, row))
			return -1;
	return 0;
}

/* Of all that share walls with the listing: their holds take its time too. */
static int end_space(struct rpc_call *call, struct pg_tx *tx, struct terms *terms)
{
	struct pg_result *due = pg_query(call->ctx, tx, SELECT_SPACE, terms->space_ids, terms_time(call, terms->now));
	if (!due)
		return -1;
	if (pg_count(due) > 0)
		terms->shared_ids = terms->space_ids; /* of whose time search is told */
	for (size_t i = 0; i < pg_count(due) && !FAULT("hold.expiry"); i++) {
		struct terms one;
		if (terms_locked(call, tx, pg_text(due, i, 0), &one))
			return -1;
		one.now = terms->now;
		if (end_rows(call, tx, &one, SELECT_EXPIRED))
			return -1;
	}
	return 0;
}

int due_lock(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, struct terms *ret)
{
	if (terms_lock(call, tx, listing_id, ret))
		return -1;
	if (ret->space_ids)
		return end_space(call, tx, ret);
	return ret->due && !FAULT("hold.expiry") ? end_rows(call, tx, ret, SELECT_EXPIRED) : 0;
}

/* Of a listing that is named more than once the first time alone. */
static int end_expired(struct rpc_call *call, struct pg_tx *tx, struct terms *terms, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (terms[i].listing_id && strcmp(terms[i].listing_id, terms[place].listing_id) == 0)
			return 0;
	if (terms[place].space_ids)
		return end_space(call, tx, &terms[place]);
	return terms[place].due && !FAULT("hold.expiry") ? end_rows(call, tx, &terms[place], SELECT_EXPIRED) : 0;
}

int due_lock_many(struct rpc_call *call, struct pg_tx *tx, const char *const *listing_ids, size_t count,
		  struct terms *ret)
{
	if (terms_lock_many(call, tx, listing_ids, count, ret))
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ret[i].listing_id && end_expired(call, tx, ret, i))
			return -1;
	return 0;
}

static int end_listing(struct rpc_call *call, const char *listing_id)
{
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	struct pg_result *locked = tx ? pg_query(call->ctx, tx, LOCK_FREE, listing_id) : NULL;
	if (!locked)
		return -1;
	if (pg_count(locked) == 0) {
		pg_rollback(tx);
		return 0;
	}
	if (FAULT("hold.expiry"))
		return 0;
	struct terms terms;
	if (terms_lock(call, tx, listing_id, &terms) || end_rows(call, tx, &terms, SELECT_DUE))
		return -1;
	const char *alone = arena_printf(&call->ctx->arena, "{%s}", listing_id);
	projection_queue_busy(call->ctx, tx, terms.space_ids ? terms.space_ids : alone);
	return rpc_commit(call, tx);
}

/* In a context of its own: one listing that fails leaves the others. */
static int end_alone(const struct rpc_call *prototype, struct context *ctx, const char *listing_id)
{
	struct rpc_call call = *prototype;
	struct context own;
	context_init(&own, deadline_after(TIMEOUT));
	call.ctx = &own;
	call.write = NULL;
	int failed = end_listing(&call, listing_id);
	if (failed)
		(void)context_fail(ctx, own.error.code, NULL, "%s", own.error.message);
	context_done(&own);
	return failed;
}

int due_run(const struct rpc_call *prototype, struct context *ctx)
{
	struct pg_result *listings = pg_read(ctx, prototype->db, SELECT_LISTINGS);
	int failed = listings ? 0 : -1;
	for (size_t row = 0; listings && row < pg_count(listings); row++)
		if (end_alone(prototype, ctx, pg_text(listings, row, 0)))
			failed = -1;
	return failed;
}
