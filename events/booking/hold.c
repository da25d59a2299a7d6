#include "booking/booking.h"

#include "base/clock.h"
#include "booking/by_company.h"
#include "booking/check.h"
#include "booking/customer.h"
#include "booking/hold_limits.h"
#include "booking/store/due.h"
#include "booking/store/store.h"
#include "booking/store/take.h"

#define HOLD_TIME (15 * 60 * CLOCK_SECOND)
#define OPTION_DAYS 60
#define DAY (86400 * CLOCK_SECOND)

/* Whether the caller holds for the company: it says until when, or for whom, which only its staff may. 1 or 0; -1 with
 * an error. */
static int is_option(struct rpc_call *call, const char *listing_id)
{
	if (!rpc_param(call, "until") && !rpc_param(call, "customer") && call->caller->kind == IDENTITY_USER)
		return 0;
	return by_company_require(call, listing_id, RIGHT_STAFF) ? -1 : 1;
}

/* When it ends: as the staff say, at the latest after 60 days and when the period begins. */
static int read_end(struct rpc_call *call, const struct terms *terms, const struct wish *wish, int64_t *ret)
{
	const char *until = rpc_param(call, "until");
	*ret = terms->now + HOLD_TIME;
	if (!until)
		return 0;
	if (!clock_parse(until, ret))
		return rpc_invalid(call, "/params/until", "format", "\"date-time\"");
	if (*ret <= terms->now)
		return rpc_precondition(call, "in_past", NULL, "the hold would end before now");
	if (*ret > terms->now + OPTION_DAYS * DAY)
		return rpc_precondition(call, "max_hold", "\"maximum_days\":60", "a hold lasts 60 days at most");
	if (*ret > wish->period.to)
		*ret = wish->period.to;
	return 0;
}

int booking_hold(struct rpc_call *call)
{
	const char *listing_id = rpc_param(call, "listing_id");
	int option = is_option(call, listing_id);
	struct wish wish;
	struct customer customer;
	struct override override;
	if (option < 0 || wish_read(call, false, &wish) || customer_read(call, listing_id, false, &customer) ||
	    override_read(call, listing_id, &override))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	if (!option)
		hold_limits_lock(call, tx, rpc_caller_id(call));
	struct terms terms;
	if (customer_lock(call, tx, &customer) || due_lock(call, tx, listing_id, &terms))
		return -1;
	if (!terms.on_offer)
		return rpc_not_found(call, "listing");
	int64_t end;
	struct unit_choice units;
	if (wish_resolve(call, &terms, &wish) ||
	    check_wish(call, tx, &terms, &wish, option ? NULL : customer.user_id, &override) ||
	    read_end(call, &terms, &wish, &end) ||
	    (!option && hold_limits_check(call, tx, &terms, &wish, rpc_caller_id(call))) ||
	    take_units(call, tx, &terms, &wish, NULL, &units))
		return -1;
	struct new_booking hold = {
	    .step = booking_step(BOOKING_NONE, CAUSE_HOLD),
	    .wish = &wish,
	    .units = &units,
	    .user_id = customer.user_id,
	    .customer = customer.json,
	    .booked_by = customer.booked_by,
	    .override = override_json(call, &override, terms.now),
	    .note = rpc_param(call, "note"),
	    .expires_at = terms_time(call, end),
	    .is_option = option,
	};
	return store_new(call, tx, &terms, &hold);
}
