/* A customer without an account who wants to be forgotten. */
#include "booking/booking.h"

#include "booking/store/booking_json.h"
#include "booking/store/row.h"

/* With what was made in one go: the others of its series and, of this company, of its group. */
static const char ERASE[] =
    "WITH named AS (SELECT b.id, b.company_id, b.customer, b.series_id, b.group_id FROM booking b WHERE b.id = $1), "
    "gone AS (UPDATE booking b SET customer = '{}', note = '', reason = '', "
    "override = b.override - 'reason' || jsonb_build_object('reason', ''), version = b.version + 1 FROM named n "
    "WHERE b.id = n.id OR (b.customer = n.customer AND b.company_id = n.company_id "
    "AND (b.series_id = n.series_id OR b.group_id = n.group_id)) RETURNING b.*), "
    "series AS (UPDATE booking_series s SET customer = '{}', wish = s.wish - 'note' FROM named n WHERE s.id = n.series_id) "
    "SELECT " BOOKING_JSON "::text FROM gone b WHERE b.id = $1";

static const char SELECT_NAMED[] = "SELECT customer IS NOT NULL AND customer <> '{}' FROM booking WHERE id = $1";

int booking_erase_customer(struct rpc_call *call)
{
	struct booking_party party;
	if (row_find(call, RIGHT_MANAGER, true, &party))
		return -1;
	struct booking_row row;
	struct terms terms;
	struct pg_tx *tx = row_begin(call, &party, &terms, &row);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *named = pg_query(call->ctx, tx, SELECT_NAMED, row.id);
	if (!named)
		return -1;
	if (!pg_boolean(named, 0, 0))
		return rpc_precondition(call, "customer", NULL, "it has no customer without an account");
	struct pg_result *erased = pg_query(call->ctx, tx, ERASE, row.id);
	return erased ? rpc_commit_row(call, tx, erased, "booking") : -1;
}
