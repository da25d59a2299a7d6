#include "booking/booking.h"

#include "base/clock.h"
#include "booking/store/booking_json.h"
#include "booking/store/period.h"
#include "on_offer.h"
#include "rpc/cursor.h"
#include "rpc/page.h"

#include <string.h>

#define CALENDAR_MOST_DAYS 62

/* One statement for each way in, so that each is planned on its own index. $1: whose. */
#define SELECT_BOOKINGS(shown, whose)                                                             \
	"SELECT (" shown ")::text, b.created_at::text, b.id FROM booking b WHERE " whose " = $1 " \
	"AND ($2::text IS NULL OR " BOOKING_STATE " = $2) "                                       \
	"AND ($3::timestamptz IS NULL OR upper(b.period) > $3::timestamptz) "                     \
	"AND ($4::timestamptz IS NULL OR lower(b.period) < $4::timestamptz) "                     \
	"AND ($5::timestamptz IS NULL OR (b.created_at, b.id) < ($5::timestamptz, $6::uuid)) "    \
	"ORDER BY b.created_at DESC, b.id DESC " PAGE_LIMIT("$7")

/* Who booked is told neither of units that may change nor of what the company set aside. */
static const char BY_USER[] = SELECT_BOOKINGS(
    BOOKING_JSON " - (CASE WHEN b.named THEN '{override}' ELSE '{unit_numbers,override}' END)::text[]", "b.user_id");
static const char BY_COMPANY[] = SELECT_BOOKINGS(BOOKING_JSON, "b.company_id");
static const char OVERRIDDEN[] = SELECT_BOOKINGS(BOOKING_JSON, "b.override IS NOT NULL AND b.company_id");
static const char BY_LISTING[] = SELECT_BOOKINGS(BOOKING_JSON, "b.listing_id");

/* What lies in a time, of all listings of a company or of one, by the index booking_calendar. Without a state, what
 * stands. */
static const char CALENDAR[] =
    "SELECT " BOOKING_JSON "::text, lower(b.period)::text, b.id FROM booking b WHERE b.company_id = $1 "
    "AND b.period && tstzrange($2::timestamptz, $3::timestamptz) AND ($4::uuid IS NULL OR b.listing_id = $4::uuid) "
    "AND CASE WHEN $5::text IS NULL THEN " BOOKING_STATE " NOT IN ('cancelled', 'declined', 'expired') "
    "ELSE " BOOKING_STATE " = $5 END "
    "AND ($6::timestamptz IS NULL OR (lower(b.period), b.id) > ($6::timestamptz, $7::uuid)) "
    "ORDER BY lower(b.period), b.id " PAGE_LIMIT("$8");

static const char SELECT_COMPANY[] = "SELECT l.company_id, " LISTING_ON_OFFER " FROM listing l WHERE l.id = $1";

/* Staff of the listing's company may see its bookings; to others the listing has none to show. */
static int require_listing_staff(struct rpc_call *call, const char *listing_id, const char **ret_company)
{
	struct pg_result *company = pg_read(call->ctx, call->db, SELECT_COMPANY, listing_id);
	if (!company)
		return -1;
	if (pg_count(company) == 0)
		return rpc_not_found(call, "listing");
	*ret_company = pg_text(company, 0, 0);
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
	bool overridden = rpc_param_boolean(call, "overridden", false);
	if (overridden && (listing || !company)) {
		(void)rpc_invalid(call, "/params/company_id", "required", NULL);
		return NULL;
	}
	*ret_whose = listing ? listing : company ? company : rpc_caller_id(call);
	if (listing)
		return require_listing_staff(call, listing, &company) ? NULL : BY_LISTING;
	if (company)
		return rpc_require_right(call, company, RIGHT_STAFF) ? NULL : overridden ? OVERRIDDEN : BY_COMPANY;
	return BY_USER;
}

/* from and to, both to be given. */
static int read_window(struct rpc_call *call, const char **ret_from, const char **ret_to)
{
	if (period_read_time(call, "from", ret_from) || period_read_time(call, "to", ret_to))
		return -1;
	if (!*ret_from)
		return rpc_invalid(call, "/params/from", "required", NULL);
	if (!*ret_to)
		return rpc_invalid(call, "/params/to", "required", NULL);
	int64_t from = 0, to = 0;
	if (!clock_parse(*ret_from, &from) || !clock_parse(*ret_to, &to) || to <= from)
		return rpc_invalid(call, "/params/to", "after", "\"/params/from\"");
	if (to - from > CALENDAR_MOST_DAYS * INT64_C(86400) * CLOCK_SECOND)
		return rpc_invalid(call, "/params/to", "maximum_days", "62");
	return 0;
}

/* The company whose calendar is asked for, or that of the listing. NULL with an error. */
static const char *calendar_company(struct rpc_call *call)
{
	const char *listing = rpc_param(call, "listing_id"), *company = asked_company(call);
	if (listing)
		return require_listing_staff(call, listing, &company) ? NULL : company;
	if (company)
		return rpc_require_right(call, company, RIGHT_STAFF) ? NULL : company;
	(void)rpc_invalid(call, "/params/company_id", "required", NULL);
	return NULL;
}

static int list_by_start(struct rpc_call *call)
{
	const char *after[2], *from = NULL, *to = NULL, *state = rpc_param(call, "state");
	const char *company = read_window(call, &from, &to) ? NULL : calendar_company(call);
	if (!company)
		return -1;
	const char *listing = rpc_param(call, "listing_id");
	const char *scope = arena_printf(&call->ctx->arena, "start %s %s %s %s %s", company, listing ? listing : "",
					 state ? state : "", from, to);
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows = pg_read(call->ctx, call->db, CALENDAR, company, from, to, listing, state, after[0],
					 after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}

static int list_by_creation(struct rpc_call *call)
{
	const char *after[2], *whose = NULL;
	const char *sql = choose(call, &whose);
	const char *state = rpc_param(call, "state"), *from = NULL, *to = NULL;
	if (!sql || period_read_time(call, "from", &from) || period_read_time(call, "to", &to))
		return -1;
	const char *scope = arena_printf(&call->ctx->arena, "%s%s %s %s %s", sql == OVERRIDDEN ? "overridden " : "",
					 whose, state ? state : "", from ? from : "", to ? to : "");
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, sql, whose, state, from, to, after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}

int booking_list(struct rpc_call *call)
{
	const char *order = rpc_param(call, "order");
	return order && strcmp(order, "start") == 0 ? list_by_start(call) : list_by_creation(call);
}
