#include "booking/booking.h"
#include "booking/store/booking_json.h"
#include "booking/store/period.h"
#include "on_offer.h"
#include "rpc/cursor.h"
#include "rpc/page.h"

/* One statement for each way in, so that each is planned on its own index. $1: whose. */
#define SELECT_BOOKINGS(whose)                                                                         \
	"SELECT " BOOKING_JSON "::text, b.created_at::text, b.id FROM booking b WHERE " whose " = $1 " \
	"AND ($2::text IS NULL OR " BOOKING_STATE " = $2) "                                            \
	"AND ($3::timestamptz IS NULL OR upper(b.period) > $3::timestamptz) "                          \
	"AND ($4::timestamptz IS NULL OR lower(b.period) < $4::timestamptz) "                          \
	"AND ($5::timestamptz IS NULL OR (b.created_at, b.id) < ($5::timestamptz, $6::uuid)) "         \
	"ORDER BY b.created_at DESC, b.id DESC " PAGE_LIMIT("$7")

static const char BY_USER[] = SELECT_BOOKINGS("b.user_id");
static const char BY_COMPANY[] = SELECT_BOOKINGS("b.company_id");
static const char BY_LISTING[] = SELECT_BOOKINGS("b.listing_id");

static const char SELECT_COMPANY[] = "SELECT l.company_id, " LISTING_ON_OFFER " FROM listing l WHERE l.id = $1";

/* Staff of the listing's company may see its bookings; to others the listing has none to show. */
static int require_listing_staff(struct rpc_call *call, const char *listing_id)
{
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, listing_id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "listing");
	if (rpc_require_right(call, pg_text(company, 0, 0), RIGHT_STAFF) == 0)
		return 0;
	return pg_boolean(company, 0, 1) ? -1 : rpc_hide(call, "listing");
}

/* The company that is asked for. An integration that names none means the one for which it acts. */
static const char *asked_company(struct rpc_call *call)
{
	const char *company = rpc_param(call, "company_id");
	if (!company && call->caller->kind == IDENTITY_CLIENT)
		return call->caller->companies[0].id;
	return company;
}

/* Which statement and whose bookings: of a listing, of a company, or the caller's own. NULL with an error. */
static const char *choose(struct rpc_call *call, const char **ret_whose)
{
	const char *listing = rpc_param(call, "listing_id"), *company = asked_company(call);
	*ret_whose = listing ? listing : company ? company : rpc_caller_id(call);
	if (listing)
		return require_listing_staff(call, listing) ? NULL : BY_LISTING;
	if (company)
		return rpc_require_right(call, company, RIGHT_STAFF) ? NULL : BY_COMPANY;
	return BY_USER;
}

int booking_list(struct rpc_call *call)
{
	const char *after[2], *whose = NULL;
	const char *sql = choose(call, &whose);
	const char *state = rpc_param(call, "state"), *from = NULL, *to = NULL;
	if (!sql || period_read_time(call, "from", &from) || period_read_time(call, "to", &to))
		return -1;
	const char *scope =
	    arena_printf(&call->ctx->arena, "%s %s %s %s", whose, state ? state : "", from ? from : "", to ? to : "");
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, sql, whose, state, from, to, after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}
