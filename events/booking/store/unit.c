#include "booking/store/unit.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "booking/store/unit_pack.h"

#define MAX_ARRAY (64 << 20)

const struct data_check unit_count_check = {
    .name = "units",
    .help = "bookings of more than 100 units",
    .sql = "SELECT id, listing_id, units FROM booking WHERE units > 100 AND kind = 'booking' ORDER BY id",
};

static const char GIVE_BACK[] = "DELETE FROM booking_unit WHERE booking_id = $1";

/* Units from 1 to $2 that are free for the whole of $4, the lowest $3 of them; more conditions on the number n. Numbers
 * stand behind sub-selects so that the planner does not know them, and keeps one plan for all bookings. */
#define FREE_NUMBERS(condition)                                                                                  \
	"SELECT n FROM generate_series(1, (SELECT $2::integer)) n WHERE n NOT IN (SELECT u.unit FROM "           \
	"booking_unit u WHERE u.listing_id = $1 AND u.period && $4::tstzrange) " condition " ORDER BY n LIMIT (" \
	"SELECT $3::integer)"
#define CHOSEN "array_agg(n ORDER BY n)::text, count(*), max(n)"

/* The only unit of a listing. Counted, since the planner expects to see the first row of EXISTS soon, and may look for
 * it in the whole table. */
static const char FIND_ONLY[] = "SELECT '{1}', 1, 1, 1 WHERE (SELECT count(*) FROM booking_unit u "
				"WHERE u.listing_id = $1 AND u.period && $2::tstzrange) = 0";

static const char FIND_NAMED[] =
    "SELECT " CHOSEN " FROM (" FREE_NUMBERS("AND ($5::integer[] IS NULL OR n = ANY ($5::integer[]))") ") free";

/* How many are free at every instant is counted only where it matters: others must make room, some may be overbooked
 * ($5: how many), or some are above the numbers that there are, since there were more. */
static const char FIND_ANY[] =
    "SELECT " CHOSEN ", CASE WHEN count(*) < $3::integer OR $5::integer > 0 OR (SELECT max(u.unit) FROM booking_unit u "
    "WHERE u.listing_id = $1 AND u.period && $4::tstzrange) > $2::integer "
    "THEN search_free_units($1, $2::integer, $4::tstzrange) ELSE count(*) END FROM (" FREE_NUMBERS("") ") free";

#define MICROSECONDS(time) "(extract(epoch FROM " time ") * 1000000)::bigint"

/* In the order in which they are packed; what has ended by then plays no part. */
static const char SELECT_ROWS[] = "SELECT u.booking_id, u.unit, " MICROSECONDS("lower(u.period)") ", " MICROSECONDS(
    "upper(u.period)") " "
		       "FROM booking_unit u WHERE u.listing_id = $1 AND upper(u.period) > lower($2::tstzrange) "
		       "ORDER BY lower(u.period), u.unit";

static const char DEFER_OVERLAP[] = "SET CONSTRAINTS booking_no_overlap, booking_unit_pkey DEFERRED";
static const char MOVE_ROWS[] =
    "UPDATE booking_unit u SET unit = (m->>2)::integer FROM jsonb_array_elements($2::jsonb) m "
    "WHERE u.listing_id = $1 AND u.booking_id = (m->>0)::uuid AND u.unit = (m->>1)::integer";
static const char CHECK_OVERLAP[] = "SET CONSTRAINTS booking_no_overlap, booking_unit_pkey IMMEDIATE";

/* free: at every instant of the period. */
static int taken(struct rpc_call *call, int64_t free, int wanted)
{
	return rpc_conflict_with(
	    call, "booked", arena_printf(&call->ctx->arena, "\"free\":%lld,\"wanted\":%d", (long long)free, wanted),
	    "the period is taken");
}

static const char *number_text(struct rpc_call *call, int number)
{
	return arena_printf(&call->ctx->arena, "%d", number);
}

/* What ends after the request begins. NULL with an error. */
static struct pg_result *read_rows(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request,
				   struct unit_row **ret_rows)
{
	struct pg_result *found = pg_query(call->ctx, tx, SELECT_ROWS, request->listing_id,
					   pg_range_text(&call->ctx->arena, request->from, request->to));
	if (!found)
		return NULL;
	struct unit_row *rows = arena_alloc(&call->ctx->arena, pg_count(found) * sizeof(*rows));
	for (size_t i = 0; i < pg_count(found); i++)
		rows[i] = (struct unit_row){
		    .from = pg_integer(found, i, 2),
		    .to = pg_integer(found, i, 3),
		    .unit = (int)pg_integer(found, i, 1),
		};
	*ret_rows = rows;
	return found;
}

/* Rows swap numbers on the way: the constraints are asked when all have moved. */
static int move_rows(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request,
		     const struct pg_result *found, const struct unit_row *rows)
{
	struct buffer moves;
	buffer_init_arena(&moves, &call->ctx->arena, MAX_ARRAY);
	for (size_t i = 0; i < pg_count(found); i++)
		if (rows[i].packed != rows[i].unit)
			buffer_printf(&moves, "%c[\"%s\",%d,%d]", moves.length > 0 ? ',' : '[', pg_text(found, i, 0),
				      rows[i].unit, rows[i].packed);
	if (moves.length == 0)
		return 0;
	buffer_append_char(&moves, ']');
	pg_queue(call->ctx, tx, DEFER_OVERLAP);
	pg_queue(call->ctx, tx, MOVE_ROWS, request->listing_id, buffer_text(&moves));
	return pg_query(call->ctx, tx, CHECK_OVERLAP) ? 0 : -1;
}

static const char *array_text(struct rpc_call *call, const int *numbers, int count)
{
	struct buffer text;
	buffer_init_arena(&text, &call->ctx->arena, MAX_ARRAY);
	for (int i = 0; i < count; i++)
		buffer_printf(&text, "%c%d", i > 0 ? ',' : '{', numbers[i]);
	buffer_append_char(&text, '}');
	return buffer_text(&text);
}

/* The request is known to fit. */
static int repack(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request, const char **ret_numbers)
{
	struct unit_row *rows = NULL;
	struct pg_result *found = read_rows(call, tx, request, &rows);
	if (!found)
		return -1;
	const struct unit_wish wish = {request->from, request->to, request->wanted, request->units};
	int *numbers = arena_alloc(&call->ctx->arena, (size_t)request->wanted * sizeof(*numbers));
	unit_pack(&call->ctx->arena, rows, pg_count(found), &wish, numbers);
	*ret_numbers = array_text(call, numbers, request->wanted);
	return move_rows(call, tx, request, found, rows);
}

static bool is_only(const struct unit_request *request)
{
	return request->units + request->overbooking == 1 && request->wanted == 1 && !request->named;
}

static struct pg_result *find(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request)
{
	const char *total = number_text(call, request->units + request->overbooking);
	const char *wanted = number_text(call, request->wanted),
		   *period = pg_range_text(&call->ctx->arena, request->from, request->to);
	if (is_only(request))
		return pg_query(call->ctx, tx, FIND_ONLY, request->listing_id, period);
	if (request->named)
		return pg_query(call->ctx, tx, FIND_NAMED, request->listing_id, total, wanted, period,
				request->numbers);
	return pg_query(call->ctx, tx, FIND_ANY, request->listing_id, total, wanted, period,
			number_text(call, request->overbooking));
}

static int choose_named(struct rpc_call *call, const struct pg_result *found, const struct unit_request *request,
			struct unit_choice *ret)
{
	if (pg_integer(found, 0, 1) < request->wanted)
		return taken(call, pg_integer(found, 0, 1), request->wanted);
	*ret = (struct unit_choice){pg_text(found, 0, 0), pg_integer(found, 0, 2) > request->units};
	return 0;
}

/* Numbers that are free for the whole period may be too few, or above those there are, though it fits: others then make
 * room. */
static int choose_any(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *found,
		      const struct unit_request *request, struct unit_choice *ret)
{
	int64_t free = pg_integer(found, 0, 3);
	if (free < request->wanted)
		return taken(call, free > 0 ? free : 0, request->wanted);
	*ret = (struct unit_choice){pg_text(found, 0, 0), free - request->overbooking < request->wanted};
	bool as_it_is = pg_integer(found, 0, 1) == request->wanted &&
			(ret->overbooked || pg_integer(found, 0, 2) <= request->units);
	return as_it_is ? 0 : repack(call, tx, request, &ret->numbers);
}

int unit_allocate(struct rpc_call *call, struct pg_tx *tx, const struct unit_request *request,
		  struct unit_choice *ret_choice)
{
	if (request->replaces)
		pg_queue(call->ctx, tx, GIVE_BACK, request->replaces);
	struct pg_result *found = find(call, tx, request);
	if (!found)
		return -1;
	if (pg_count(found) == 0)
		return taken(call, 0, request->wanted);
	return request->named ? choose_named(call, found, request, ret_choice)
			      : choose_any(call, tx, found, request, ret_choice);
}
