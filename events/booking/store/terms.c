#include "booking/store/terms.h"

#include "base/clock.h"
#include "base/fault.h"
#include "on_offer.h"

#define MICROSECONDS "floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

/* No transaction waits that long for a lock. The planner takes no value that changes as the bound of an index: without
 * this one each booking would read all holds and requests that wait, of all listings. */
#define LONGEST_WAIT "interval '5 minutes'"

/* NO KEY: rows that refer to the listing may be written meanwhile; other bookings of it may not. The clock is read in
 * the outer query, so after the row is locked. */
#define SELECT_TERMS(lock)                                                                                            \
	"SELECT terms.*, " MICROSECONDS " FROM (SELECT l.id, l.company_id, " LISTING_ON_OFFER " AS on_offer, "        \
	"EXISTS (SELECT FROM booking b WHERE b.state IN ('held', 'requested') AND b.expires_at <= clock_timestamp() " \
	"AND b.expires_at <= now() + " LONGEST_WAIT " AND b.listing_id = l.id) AS due, " RULES_COLUMNS                \
	", " PRICING_COLUMNS " FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1" lock ") terms"
#define RULES_COLUMN 4
#define PRICING_COLUMN (RULES_COLUMN + RULES_COLUMN_COUNT)
#define CLOCK_COLUMN (PRICING_COLUMN + PRICING_COLUMN_COUNT)

static const char LOCK[] = SELECT_TERMS(" FOR NO KEY UPDATE OF l");
static const char READ[] = SELECT_TERMS("");

static int read_row(struct rpc_call *call, const struct pg_result *row, struct terms *ret)
{
	if (pg_count(row) == 0)
		return rpc_not_found(call, "listing");
	*ret = (struct terms){
	    .listing_id = pg_text(row, 0, 0),
	    .company_id = pg_text(row, 0, 1),
	    .on_offer = pg_boolean(row, 0, 2),
	    .due = pg_boolean(row, 0, 3),
	    .now = pg_integer(row, 0, CLOCK_COLUMN),
	};
	if (rules_of_row(call->ctx, row, 0, RULES_COLUMN, &ret->rules))
		return -1;
	if (ret->rules.has_hours || ret->rules.exception_count > 0)
		ret->closed_by = arena_printf(&call->ctx->arena, "%s %s %s", pg_text(row, 0, RULES_COLUMN),
					      pg_text(row, 0, RULES_COLUMN + 1), pg_text(row, 0, RULES_COLUMN + 2));
	return pricing_of_row(call->ctx, row, 0, PRICING_COLUMN, &ret->pricing);
}

int terms_lock(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, struct terms *ret)
{
	struct pg_result *row = pg_query(call->ctx, tx, FAULT("booking.lock") ? READ : LOCK, listing_id);
	return row ? read_row(call, row, ret) : -1;
}

int terms_read(struct rpc_call *call, const char *listing_id, struct terms *ret)
{
	struct pg_result *row = pg_read(call->ctx, call->db, READ, listing_id);
	return row ? read_row(call, row, ret) : -1;
}

const char *terms_time(struct rpc_call *call, int64_t instant)
{
	char text[CLOCK_TEXT_SIZE];
	clock_format(instant, text);
	return arena_strdup(&call->ctx->arena, text);
}
