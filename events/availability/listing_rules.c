#include "availability/listing_rules.h"

#include "availability/asked.h"
#include "availability/clash.h"
#include "availability/closed.h"
#include "availability/rules.h"
#include "availability/rules_check.h"
#include "base/clock.h"
#include "on_offer.h"
#include "projection/projection.h"

#include <string.h>

/* Of the listing l of type t. */
#define LISTING_RULES_JSON                                                                                    \
	"jsonb_build_object('listing_id', l.id, 'version', l.rules_version, 'time_zone', l.time_zone, "       \
	"'unit', l.price_unit, 'units', l.units, 'capacity', l.capacity, 'rules', "                           \
	"(SELECT coalesce(jsonb_object_agg(e.key, jsonb_build_object('value', e.value, 'from', CASE WHEN "    \
	"l.rules ? e.key THEN 'listing' ELSE 'type' END)), '{}') FROM jsonb_each(" RULES_MERGED               \
	") e), 'includes', to_jsonb(l.includes), 'included_in', "                                             \
	"(SELECT coalesce(jsonb_agg(o.id ORDER BY o.id), '[]') FROM listing o WHERE o.space_id = l.space_id " \
	"AND l.id = ANY (o.includes)))"

static const char SELECT_RULES[] =
    "SELECT " LISTING_RULES_JSON "::text, " LISTING_ON_OFFER
    ", l.company_id FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1";

/* $2: the members to set. The listing's own then, the version, the mode now, and the columns of rules_of_row then. */
static const char LOCK_RULES[] =
    "SELECT jsonb_strip_nulls(l.rules || $2::jsonb)::text, l.rules_version, "
    "coalesce(" RULES_MERGED "->>'units_mode', 'interchangeable') = 'named', "
    "listing_rules(t.rules, jsonb_strip_nulls(l.rules || $2::jsonb), l.space_id, l.includes)::text, l.time_zone, l.price_unit, l.units, l.capacity, "
    "l.rules_version, l.space_id IS NOT NULL, l.includes <> '{}' FROM listing l JOIN listing_type t ON t.key = l.type WHERE l.id = $1 FOR NO KEY UPDATE OF l";
enum { OWN_RULES, VERSION, WAS_NAMED, RULES_FIRST, SHARES = RULES_FIRST + RULES_COLUMN_COUNT, IS_WHOLE };

static const char UPDATE_RULES[] =
    "UPDATE listing l SET rules = $2::jsonb, rules_version = l.rules_version + 1 FROM listing_type t "
    "WHERE l.id = $1 AND t.key = l.type RETURNING " LISTING_RULES_JSON
    "::text, jsonb_build_object('listing_id', l.id, 'company_id', l.company_id, 'version', l.rules_version)::text";

static const char HAS_TO_COME[] =
    "SELECT EXISTS (SELECT 1 FROM booking_unit WHERE listing_id = $1 AND upper(period) > now())";

int listing_get_rules(struct rpc_call *call)
{
	struct pg_result *row = asked_row(call, SELECT_RULES);
	return row ? asked_reply(call, row) : -1;
}

static int check_mode(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *locked,
		      const struct booking_rules *rules)
{
	if (pg_boolean(locked, 0, WAS_NAMED) == rules->named)
		return 0;
	struct pg_result *to_come = pg_query(call->ctx, tx, HAS_TO_COME, rpc_param(call, "listing_id"));
	if (!to_come)
		return -1;
	if (!pg_boolean(to_come, 0, 0))
		return 0;
	return rpc_precondition(call, "bookings_to_come", NULL, "units_mode changes only with no bookings to come");
}

/* What shares walls is never overbooked; the whole is one unit without a name. */
static int check_shared(struct rpc_call *call, const struct pg_result *locked)
{
	const char *mode = rpc_param(call, "rules.units_mode");
	if (pg_boolean(locked, 0, SHARES) && rpc_param_integer(call, "rules.overbooking", 0) > 0)
		return rpc_invalid(call, "/params/rules/overbooking", "shared_walls", NULL);
	if (pg_boolean(locked, 0, IS_WHOLE) && mode && strcmp(mode, "named") == 0)
		return rpc_invalid(call, "/params/rules/units_mode", "shared_walls", NULL);
	return 0;
}

/* Locks the listing and reads the rules as they are to be. */
static struct pg_result *lock_rules(struct rpc_call *call, struct pg_tx *tx, struct booking_rules *ret)
{
	struct pg_result *locked =
	    pg_query(call->ctx, tx, LOCK_RULES, rpc_param(call, "listing_id"), rpc_param(call, "rules"));
	if (!locked)
		return NULL;
	if (pg_count(locked) == 0)
		(void)rpc_not_found(call, "listing");
	else if (pg_integer(locked, 0, VERSION) != rpc_param_integer(call, "version", 0))
		(void)rpc_stale(call, "listing");
	else if (!check_shared(call, locked) && !rules_of_row(call->ctx, locked, 0, RULES_FIRST, ret) &&
		 !rules_check(call, ret, true, clock_wall()) && !check_mode(call, tx, locked, ret))
		return locked;
	return NULL;
}

/* Stores the rules, tells search and the other daemons, answers. */
static int store_rules(struct rpc_call *call, struct pg_tx *tx, const char *own, const struct booking_rules *rules)
{
	const char *id = rpc_param(call, "listing_id"), *clashes = NULL;
	struct pg_result *stored = pg_query(call->ctx, tx, UPDATE_RULES, id, own);
	if (!stored || clash_find(call, tx, id, rules, &clashes))
		return -1;
	closed_queue(call->ctx, tx, id, rules);
	projection_queue_listings(call->ctx, tx, arena_printf(&call->ctx->arena, "{%s}", id));
	if (rpc_publish(call, tx, "events.listing.rules_changed", id, pg_text(stored, 0, 1)))
		return -1;
	size_t open = pg_length(stored, 0, 0) - 1;
	const char *answer =
	    arena_printf(&call->ctx->arena, "%.*s, \"clashes\": %s}", (int)open, pg_text(stored, 0, 0), clashes);
	return rpc_commit_text(call, tx, answer);
}

int listing_set_rules(struct rpc_call *call)
{
	struct pg_result *known = asked_row(call, SELECT_RULES);
	if (!known || asked_require_manager(call, known))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct booking_rules rules;
	struct pg_result *locked = lock_rules(call, tx, &rules);
	return locked ? store_rules(call, tx, pg_text(locked, 0, OWN_RULES), &rules) : -1;
}
