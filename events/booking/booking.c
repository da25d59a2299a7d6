#include "booking/booking.h"

#include "booking/contact.h"
#include "booking/store/booking_json.h"

#include <string.h>

/* The last column: the account whose contact the company is shown. */
static const char SELECT_BOOKING[] = "SELECT j.whole::text, j.user_id, j.company_id, " BOOKING_FOR_CUSTOMER(
    "j.whole") "::text, CASE WHEN j.whole->>'state' IN ('confirmed', 'completed', 'no_show') THEN j.user_id END "
	       "FROM (SELECT " BOOKING_JSON
	       " AS whole, b.user_id, b.company_id, b.named FROM booking b WHERE b.id = $1 OFFSET 0) j";

int booking_get(struct rpc_call *call)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_BOOKING, rpc_param(call, "id"));
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "booking");
	const char *caller = rpc_caller_id(call), *user = pg_text(row, 0, 1);
	if (caller && user && strcmp(caller, user) == 0)
		return rpc_reply_text(call, pg_text(row, 0, 3), pg_length(row, 0, 3));
	if (rpc_require_right(call, pg_text(row, 0, 2), RIGHT_STAFF))
		return rpc_hide(call, "booking");
	const char *account = pg_text(row, 0, 4);
	if (account && call->caller->kind != IDENTITY_SERVICE)
		return contact_reply(call, pg_text(row, 0, 0), account);
	return rpc_reply_row(call, row, "booking");
}
