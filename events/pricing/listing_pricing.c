#include "pricing/listing_pricing.h"

#include "availability/asked.h"
#include "availability/rules.h"
#include "on_offer.h"
#include "pricing/pricing.h"
#include "pricing/pricing_check.h"
#include "version.h"

#include <string.h>

#define LISTING_PRICING_JSON                                                           \
	"jsonb_build_object('listing_id', l.id, 'version', l.rules_version, 'price', " \
	"api_money(l.price_amount, l.price_currency), 'price_unit', l.price_unit, 'pricing', l.pricing)"

static const char SELECT_PRICING[] =
    "SELECT " LISTING_PRICING_JSON "::text, " LISTING_ON_OFFER ", l.company_id FROM listing l WHERE l.id = $1";

static const char LOCK_BASE[] =
    "SELECT l.price_amount, l.price_currency, " RULES_COLUMNS
    " FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1 FOR NO KEY UPDATE OF l";

static const char UPDATE_PRICING[] =
    "UPDATE listing l SET pricing = $2::jsonb, rules_version = l.rules_version + 1 "
    "WHERE l.id = $1 AND l.rules_version = $3::integer RETURNING " LISTING_PRICING_JSON "::text";

static const char LISTING_EXISTS[] = "SELECT 1 FROM listing WHERE id = $1";

/* The currency of the listing, whether its pricing has amounts in it, and one other than $2 that a booking to come has.
 */
static const char SELECT_CURRENCY[] =
    "SELECT l.price_currency, l.pricing <> '{}', (SELECT b.price_currency FROM booking b WHERE b.listing_id = l.id AND "
    "b.state IN ('held', 'requested', 'confirmed') AND upper(b.period) > now() AND b.price_currency <> $2::text LIMIT 1) "
    "FROM listing l WHERE l.id = $1";

int listing_get_pricing(struct rpc_call *call)
{
	struct pg_result *row = asked_row(call, SELECT_PRICING);
	return row ? asked_reply(call, row) : -1;
}

/* The pricing of the call can stand on the listing's base price. */
static int check(struct rpc_call *call, const struct pg_result *base)
{
	struct json_object *pricing = rpc_param_json(call, "pricing");
	if (json_object_object_length(pricing) == 0)
		return 0;
	if (!pg_text(base, 0, 0))
		return rpc_precondition(call, "no_price", NULL, "the listing has no price to begin with");
	struct booking_rules rules;
	if (rules_of_row(call->ctx, base, 0, 2, &rules))
		return -1;
	const struct pricing_base on = {pg_integer(base, 0, 0), pg_text(base, 0, 1), &rules};
	struct pricing_fault fault;
	if (pricing_check(&call->ctx->arena, pricing, &on, &fault))
		return 0;
	return rpc_invalid(call, arena_printf(&call->ctx->arena, "/params/pricing%s", fault.path), fault.rule,
			   fault.expected);
}

int listing_set_pricing(struct rpc_call *call)
{
	const char *id = rpc_param(call, "listing_id");
	struct pg_result *known = asked_row(call, SELECT_PRICING);
	if (!known || asked_require_manager(call, known))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *base = pg_query(call->ctx, tx, LOCK_BASE, id);
	if (!base || check(call, base))
		return -1;
	struct pg_result *listing =
	    pg_query(call->ctx, tx, UPDATE_PRICING, id, rpc_param(call, "pricing"), rpc_param(call, "version"));
	if (version_check(call, tx, listing, LISTING_EXISTS, id, "listing"))
		return -1;
	if (rpc_publish(call, tx, "events.listing.pricing_changed", id, pg_text(listing, 0, 0)))
		return -1;
	return rpc_commit_row(call, tx, listing, "listing");
}

static int in_use(struct rpc_call *call, const char *currency)
{
	return rpc_precondition(call, "currency_in_use",
				arena_printf(&call->ctx->arena, "\"currency\":\"%s\"", currency),
				"prices or bookings to come are in %s", currency);
}

int listing_check_currency(struct rpc_call *call, struct pg_tx *tx, const char *listing_id)
{
	struct json_object *price = NULL;
	if (!json_object_object_get_ex(call->params, "price", &price))
		return 0;
	const char *currency = rpc_param(call, "price.currency");
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_CURRENCY, listing_id, currency);
	if (!row)
		return -1;
	const char *old = pg_count(row) > 0 ? pg_text(row, 0, 0) : NULL;
	const char *booked = pg_count(row) > 0 ? pg_text(row, 0, 2) : NULL;
	if (old && currency && strcmp(old, currency) == 0)
		return 0;
	if (old && pg_boolean(row, 0, 1))
		return in_use(call, old);
	return booked ? in_use(call, booked) : 0;
}
