#include "booking/store/row.h"
#include "booking/store/due.h"

#include "base/clock.h"
#include "json/tree.h"

#include <string.h>

#define MAX_DEPTH 8
#define MICROSECONDS(time) "floor(extract(epoch FROM " time ") * 1000000)::bigint"

static const char SELECT_PARTY[] =
    "SELECT listing_id, company_id, user_id, CASE WHEN state = 'requested' THEN group_id END, "
    "option AND state = 'held' FROM booking WHERE id = $1";

static const char SELECT_ROW[] =
    "SELECT b.id, b.user_id, b.state, b.kind = 'block', b.takes_units, b.offered_at IS NOT NULL, " MICROSECONDS("lower(b.period)") ", " MICROSECONDS("upper(b.period)") ", " MICROSECONDS(
	"lower(b.period) - b.buffer_before") ", " MICROSECONDS("upper(b.period) + b.buffer_after") ", "
												   "b.units, coalesce(b.guests, 0), b.unit_wish, b.extras, b.price, b.policy, "
												   "coalesce(" MICROSECONDS("b.expires_at") ", 0), " MICROSECONDS(
												       "least(b.first_start, lower(b.period))") ", b.paid, b.version, b.price_amount, b.price_currency, b.listing_id, b.option, b.ready, b.group_id, b.series_id, b.occurrence::text, b.booked_by "
																		"FROM booking b WHERE b.id = $1";

/* Who may read the booking is told that this is for others; to all others there is none. */
static int refuse_party(struct rpc_call *call, const struct booking_party *party, enum company_right right)
{
	if (right == RIGHT_STAFF || call->ctx->error.code != ERROR_FORBIDDEN)
		return rpc_hide(call, "booking");
	error_clear(&call->ctx->error);
	if (rpc_require_right(call, party->company_id, RIGHT_STAFF))
		return rpc_hide(call, "booking");
	return rpc_require_right(call, party->company_id, right) ? -1 : rpc_not_found(call, "booking");
}

int row_find(struct rpc_call *call, enum company_right right, bool company_only, struct booking_party *ret)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_PARTY, rpc_param(call, "id"));
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return rpc_not_found(call, "booking");
	const char *caller = rpc_caller_id(call);
	*ret = (struct booking_party){
	    .listing_id = pg_text(row, 0, 0),
	    .company_id = pg_text(row, 0, 1),
	    .user_id = pg_text(row, 0, 2),
	    .group_id = pg_text(row, 0, 3),
	    .option = pg_boolean(row, 0, 4),
	};
	if (ret->option) /* a matter of all the staff, whatever is asked for else */
		right = RIGHT_STAFF;
	ret->customer = caller && ret->user_id && strcmp(caller, ret->user_id) == 0;
	if (ret->customer && !company_only)
		return 0;
	ret->staff = rpc_require_right(call, ret->company_id, right) == 0;
	if (ret->staff)
		return 0;
	return ret->customer ? -1 : refuse_party(call, ret, right);
}

static void put(void *argument)
{
	json_object_put(argument);
}

/* Without a policy all is given back until it begins. */
static int read_policy(struct rpc_call *call, const char *json, struct booking_row *ret)
{
	static const struct refund_step all_back = {0, 10000};
	struct json_object *tree = NULL;
	struct json_error error;
	if (!json_tree_parse(json, strlen(json), MAX_DEPTH, 0, &call->ctx->arena, &tree, &error))
		return context_fail_internal(call->ctx, "the policy of a booking is no JSON");
	context_defer(call->ctx, put, tree);
	size_t count = json_object_array_length(tree);
	struct refund_step *steps = arena_zalloc(&call->ctx->arena, (count + 1) * sizeof(*steps));
	for (size_t i = 0; i < count; i++) {
		struct json_object *step = json_object_array_get_idx(tree, i);
		steps[i].until_hours = json_object_get_int64(json_object_object_get(step, "until_hours_before_start"));
		steps[i].refund_bp = json_object_get_int(json_object_object_get(step, "refund_bp"));
	}
	ret->refunds = count > 0 ? steps : &all_back;
	ret->refund_count = count > 0 ? count : 1;
	return 0;
}

/* What the clock has ended is over, whether or not the daemon has noted it. */
static enum booking_state state_at(const struct booking_row *row, int64_t now)
{
	bool waits = row->state == BOOKING_HELD || row->state == BOOKING_REQUESTED;
	if (waits && row->expires_at > 0 && row->expires_at <= now)
		return BOOKING_EXPIRED;
	if (row->state == BOOKING_CONFIRMED && !row->is_block && row->period.to <= now)
		return BOOKING_COMPLETED;
	return row->state;
}

/* A booking from before prices were kept line by line has one line. */
static int read_price(struct rpc_call *call, const struct pg_result *row, struct booking_row *ret)
{
	const char *json = pg_text(row, 0, 14), *amount = pg_text(row, 0, 20);
	ret->priced = json || amount;
	if (json)
		return price_read(call->ctx, json, &ret->price);
	struct price_line *line = arena_zalloc(&call->ctx->arena, sizeof(*line));
	*line = (struct price_line){.kind = PRICE_TIME, .amount = pg_integer(row, 0, 20), .refundable = true};
	ret->price = (struct price){
	    .known = ret->priced,
	    .total = line->amount,
	    .currency = pg_text(row, 0, 21),
	    .count = ret->priced ? 1 : 0,
	    .lines = line,
	};
	return 0;
}

static int read_row(struct rpc_call *call, const struct pg_result *row, struct booking_row *ret)
{
	if (pg_count(row) == 0)
		return rpc_not_found(call, "booking");
	*ret = (struct booking_row){
	    .id = pg_text(row, 0, 0),
	    .listing_id = pg_text(row, 0, 22),
	    .user_id = pg_text(row, 0, 1),
	    .state = booking_state_of(pg_text(row, 0, 2)),
	    .is_block = pg_boolean(row, 0, 3),
	    .takes_units = pg_boolean(row, 0, 4),
	    .offered = pg_boolean(row, 0, 5),
	    .period = {pg_integer(row, 0, 6), pg_integer(row, 0, 7)},
	    .taken = {pg_integer(row, 0, 8), pg_integer(row, 0, 9)},
	    .units = (int)pg_integer(row, 0, 10),
	    .guests = (int)pg_integer(row, 0, 11),
	    .numbers = pg_text(row, 0, 12),
	    .extras = pg_text(row, 0, 13),
	    .expires_at = pg_integer(row, 0, 16),
	    .first_start = pg_integer(row, 0, 17),
	    .paid = pg_integer(row, 0, 18),
	    .version = pg_integer(row, 0, 19),
	    .option = pg_boolean(row, 0, 23),
	    .ready = pg_boolean(row, 0, 24),
	    .group_id = pg_text(row, 0, 25),
	    .series_id = pg_text(row, 0, 26),
	    .occurrence = pg_text(row, 0, 27),
	    .booked_by = pg_text(row, 0, 28),
	};
	return read_price(call, row, ret) || read_policy(call, pg_text(row, 0, 15), ret) ? -1 : 0;
}

int row_by_id(struct rpc_call *call, struct pg_tx *tx, const struct terms *terms, const char *id,
	      struct booking_row *ret)
{
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_ROW, id);
	if (!row || read_row(call, row, ret))
		return -1;
	ret->state = state_at(ret, terms->now);
	return 0;
}

/* Whether its parties are others than they were before the listing was locked: somebody has taken up an option. */
static bool changed_hands(const struct booking_party *party, const struct booking_row *row)
{
	if (party->option && !row->option)
		return true;
	return !party->user_id != !row->user_id || (row->user_id && strcmp(party->user_id, row->user_id) != 0);
}

struct pg_tx *row_begin(struct rpc_call *call, const struct booking_party *party, struct terms *terms,
			struct booking_row *ret)
{
	struct pg_tx *tx = rpc_begin(call);
	if (!tx || due_lock(call, tx, party->listing_id, terms) ||
	    row_by_id(call, tx, terms, rpc_param(call, "id"), ret))
		return NULL;
	if (rpc_param_integer(call, "version", ret->version) == ret->version && !changed_hands(party, ret))
		return tx;
	(void)rpc_stale(call, "booking");
	return NULL;
}

int row_read(struct rpc_call *call, struct booking_row *ret)
{
	return row_read_id(call, rpc_param(call, "id"), ret);
}

int row_read_id(struct rpc_call *call, const char *id, struct booking_row *ret)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_ROW, id);
	if (!row || read_row(call, row, ret))
		return -1;
	ret->state = state_at(ret, clock_wall());
	return 0;
}

const struct booking_step *row_step(struct rpc_call *call, const struct booking_row *row, enum booking_cause cause)
{
	const char *state = booking_state_name(row->state);
	bool of_blocks = cause == CAUSE_UNBLOCK;
	const struct booking_step *step = row->is_block == of_blocks ? booking_step(row->state, cause) : NULL;
	if (!step)
		(void)rpc_precondition(call, "state", arena_printf(&call->ctx->arena, "\"state\":\"%s\"", state),
				       row->is_block ? "it is a block" : "the booking is %s", state);
	return step;
}
