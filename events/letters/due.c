/* Letters that the clock sends: half of the time for an answer is over; the day before. */
#include "base/clock.h"
#include "letters/letter.h"
#include "letters/letters.h"
#include "telemetry/log.h"

#define MOST "50"

/* One kind of them. */
struct due_kind {
	const char *name; /* in the table letter_clock */
	const char *template_name;
	bool to_staff;
	const char *sql;
};

#define COLUMNS \
	"b.id, b.company_id, b.group_id, b.series_id, b.state, api_time(b.expires_at), api_time(lower(b.period)), "
#define HALF "(b.created_at + (b.expires_at - b.created_at) / 2)"

/* In the order in which they are told, behind what was told before. The last column is the moment. */
static const char SELECT_WAITING[] =
    "SELECT " COLUMNS HALF "::text FROM booking b, letter_clock c WHERE c.kind = 'waiting' AND b.state = 'requested' "
    "AND b.offered_at IS NULL AND NOT b.ready AND b.expires_at > now() AND " HALF " <= now() "
    "AND (" HALF ", b.id) > (c.moment, c.booking_id) ORDER BY " HALF ", b.id LIMIT " MOST;

/* Whoever has booked less than half a day before that knows it. */
static const char SELECT_TOMORROW[] =
    "SELECT " COLUMNS "lower(b.period)::text FROM booking b, letter_clock c WHERE c.kind = 'reminder' "
    "AND b.state = 'confirmed' AND b.kind = 'booking' AND (lower(b.period), b.id) > (c.moment, c.booking_id) "
    "AND lower(b.period) <= now() + interval '24 hours' AND lower(b.period) > now() "
    "AND b.created_at < lower(b.period) - interval '36 hours' ORDER BY lower(b.period), b.id LIMIT " MOST;

/* Only forward: of several daemons each may be the last. */
static const char MOVE[] = "UPDATE letter_clock SET moment = $2::timestamptz, booking_id = $3::uuid "
			   "WHERE kind = $1 AND (moment, booking_id) < ($2::timestamptz, $3::uuid)";

static const struct due_kind kinds[] = {
    {"waiting", "booking_waiting", true, SELECT_WAITING},
    {"reminder", "booking_reminder", false, SELECT_TOMORROW},
};

/* Those of a group are reminded of together when they begin together; those of a series that wait are one letter. */
static struct letter letter_of(struct rpc_call *call, const struct due_kind *kind, const struct pg_result *rows,
			       size_t row)
{
	const char *group = pg_text(rows, row, 2), *series = kind->to_staff ? pg_text(rows, row, 3) : NULL;
	const char *moment = kind->to_staff ? pg_text(rows, row, 5) : pg_text(rows, row, 6);
	struct letter letter = {
	    .template_name = kind->template_name,
	    .scope = group    ? LETTER_OF_GROUP
		     : series ? LETTER_OF_SERIES
			      : LETTER_OF_ONE,
	    .id = group	   ? group
		  : series ? series
			   : pg_text(rows, row, 0),
	    .booking_id = pg_text(rows, row, 0),
	    .state = pg_text(rows, row, 4),
	    .company_id = pg_text(rows, row, 1),
	    .to_staff = kind->to_staff,
	};
	letter.moment = kind->to_staff ? moment : NULL;
	letter.starts = kind->to_staff ? NULL : moment;
	letter.key = arena_printf(&call->ctx->arena, "%s %s", letter.id, moment);
	return letter;
}

/* One that cannot be told for a reason of its own must not hold up the others. */
static int tell_one(struct rpc_call *call, const struct due_kind *kind, const struct pg_result *rows, size_t row)
{
	struct letter letter = letter_of(call, kind, rows, row);
	enum letter_told told = letter_tell(call, &letter);
	if (told == LETTER_NOT_AMONG && letter.scope == LETTER_OF_SERIES) {
		letter.scope = LETTER_OF_ONE;
		letter.id = letter.booking_id;
		letter.key = arena_printf(&call->ctx->arena, "%s %s", letter.id, letter.moment);
		told = letter_tell(call, &letter);
	}
	if (told != LETTER_FAILED || call->ctx->error.code == ERROR_UNAVAILABLE)
		return told == LETTER_FAILED ? -1 : 0;
	log_error_of(LOG_ERROR, call->ctx, "a letter cannot be written");
	error_clear(&call->ctx->error);
	return 0;
}

static int tell_kind(struct rpc_call *call, const struct due_kind *kind)
{
	struct pg_result *rows = pg_read(call->ctx, call->db, kind->sql);
	size_t told = 0, count = rows ? pg_count(rows) : 0;
	while (told < count && tell_one(call, kind, rows, told) == 0)
		told++;
	if (!rows || told == 0)
		return rows && count == 0 ? 0 : -1;
	struct error error = call->ctx->error;
	error_clear(&call->ctx->error);
	if (!pg_write(call->ctx, call->db, MOVE, kind->name, pg_text(rows, told - 1, 7), pg_text(rows, told - 1, 0)))
		return -1;
	call->ctx->error = error;
	return told == count ? 0 : -1;
}

int letters_tell_due(const struct rpc_call *prototype, struct context *ctx)
{
	struct rpc_call call = *prototype;
	int outcome = 0;
	call.ctx = ctx;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && outcome == 0; i++)
		outcome = tell_kind(&call, &kinds[i]);
	return outcome;
}
