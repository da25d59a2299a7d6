#include "letters/letter.h"

#include "base/buffer.h"
#include "client/client.h"

#define MOST_PARAMS 65536
#define MOST_LISTED "400"
#define MOST_SHOWN "10"

/* The bookings, in order. $2: their state; $3: the company, or NULL; $4: when they were cancelled or expire, or NULL;
 * $5: when they begin, or NULL. A hold that ends is nothing to write about. */
#define LISTED(which)                                                                                                  \
	"WITH listed AS MATERIALIZED (SELECT b.*, l.title, l.time_zone, row_number() OVER (ORDER BY lower(b.period), " \
	"b.id) AS place FROM booking b JOIN listing l ON l.id = b.listing_id WHERE " which " AND b.state = $2 "        \
	"AND b.kind = 'booking' AND b.held_at IS NULL AND ($3::uuid IS NULL OR b.company_id = $3) "                    \
	"AND ($4::timestamptz IS NULL OR coalesce(b.cancelled_at, b.expires_at) = $4) "                                \
	"AND ($5::timestamptz IS NULL OR lower(b.period) = $5) ORDER BY lower(b.period), b.id LIMIT " MOST_LISTED      \
	"), "

/* What they cost together; nothing where it is not known of one, or in several currencies. */
#define SUM(amount)                                                                                           \
	"(SELECT CASE WHEN count(*) = count(" amount ") AND count(DISTINCT price_currency) = 1 "              \
	"AND sum(" amount ") <= 9000000000000000 THEN jsonb_build_object('amount', sum(" amount ")::bigint, " \
	"'currency', min(price_currency)) END FROM listed)"

#define PERIODS                                                                                                        \
	"(SELECT jsonb_agg(api_period(period) || CASE WHEN listings = 1 THEN '{}' ELSE jsonb_build_object('listing', " \
	"left(title, 200), 'time_zone', time_zone) END ORDER BY place) FROM listed WHERE place <= " MOST_SHOWN ")"

/* Rows: content, and of the first of them user, customer, company; whether $6 is among them; whether its series is
 * still being made. */
#define SELECT_LETTER(which, is_growing)                                                                                         \
	LISTED(which)                                                                                                            \
	"counted AS (SELECT count(*) AS bookings, count(DISTINCT listing_id) AS listings, bool_or(id = $6::uuid) AS "            \
	"among FROM listed) SELECT jsonb_strip_nulls(jsonb_build_object('booking_id', f.id, 'listing', "                         \
	"left(f.title, 180) || CASE WHEN listings = 1 THEN '' ELSE ' (+' || listings - 1 || ')' END, "                           \
	"'time_zone', f.time_zone, 'periods', " PERIODS ", 'more', nullif(greatest(bookings - " MOST_SHOWN                       \
	", 0), 0), "                                                                                                             \
	"'answer_by', CASE WHEN f.state = 'requested' THEN api_time(f.expires_at) END, "                                         \
	"'units', CASE WHEN bookings = 1 THEN f.units END, 'guests', CASE WHEN bookings = 1 THEN f.guests END, "                 \
	"'price', " SUM("price_amount") ", 'fee', " SUM("cancellation_fee") ", 'refund', " SUM(                                  \
	    "refund_due") ", "                                                                                                   \
			  "'customer', left(f.customer->>'name', 200), 'phone', left(f.customer->>'phone', 40), "                \
			  "'note', nullif(left(f.note, 4000), ''), 'reason', (SELECT left(max(reason), 4000) FROM listed WHERE " \
			  "reason <> '')))::text, f.user_id, f.customer::text, f.company_id, among, " is_growing                 \
			  " FROM counted, listed f WHERE f.place = 1"

/* A series is made in parts; when that was broken off nobody waits for the rest. */
#define SERIES_GROWS                                                                                                  \
	"EXISTS (SELECT FROM booking_series s JOIN booking_occurrence o ON o.series_id = s.id WHERE s.id = $1::uuid " \
	"AND o.result = 'waiting' AND s.created_at > now() - interval '1 minute')"
#define MADE_AT_ONCE                                                                                                   \
	"b.series_id = $1::uuid AND b.created_at <= (SELECT s.created_at + interval '1 minute' FROM booking_series s " \
	"WHERE s.id = $1::uuid)"

static const char SELECT_ONE[] = SELECT_LETTER("b.id = $1::uuid", "false");
static const char SELECT_GROUP[] = SELECT_LETTER("b.group_id = $1::uuid", "false");
static const char SELECT_SERIES[] = SELECT_LETTER(MADE_AT_ONCE, SERIES_GROWS);

static const char *const statements[] = {
    [LETTER_OF_ONE] = SELECT_ONE,
    [LETTER_OF_GROUP] = SELECT_GROUP,
    [LETTER_OF_SERIES] = SELECT_SERIES,
};

/* Who has no account, as passport takes it: an object, or NULL when there is no address. */
static const char SELECT_ADDRESS[] =
    "SELECT jsonb_strip_nulls(jsonb_build_object('email', c->'email', 'name', left(c->>'name', 200), 'language', "
    "c->'language', 'company_id', $2::text))::text FROM (SELECT $1::jsonb AS c) given WHERE c->>'email' IS NOT NULL";

/* The recipient as JSON; *ret is NULL when nobody can be reached. */
static int find_recipient(struct rpc_call *call, const struct letter *letter, const struct pg_result *row,
			  const char **ret)
{
	const char *user_id = pg_text(row, 0, 1), *customer = pg_text(row, 0, 2);
	struct arena *arena = &call->ctx->arena;
	*ret = NULL;
	if (letter->to_staff) {
		*ret = arena_printf(arena, "{\"company_id\":\"%s\",\"right\":\"staff\"}", letter->company_id);
		return 0;
	}
	if (user_id) {
		*ret = arena_printf(arena, "{\"user_id\":\"%s\"}", user_id);
		return 0;
	}
	if (!customer)
		return 0;
	struct pg_result *address = pg_read(call->ctx, call->db, SELECT_ADDRESS, customer, pg_text(row, 0, 3));
	if (!address)
		return -1;
	*ret = pg_count(address) > 0 ? pg_text(address, 0, 0) : NULL;
	return 0;
}

/* Passport that does not answer in time is as good as away: the fact is not at fault. */
static int is_away(struct context *ctx)
{
	if (ctx->error.code != ERROR_DEADLINE_EXCEEDED && ctx->error.code != ERROR_OVERLOADED &&
	    ctx->error.code != ERROR_RATE_LIMITED)
		return -1;
	error_clear(&ctx->error);
	return context_fail(ctx, ERROR_UNAVAILABLE, "passport", "it does not answer in time");
}

static int send(struct rpc_call *call, const struct letter *letter, const char *recipient, const char *content)
{
	struct buffer params;
	buffer_init_arena(&params, &call->ctx->arena, MOST_PARAMS);
	buffer_printf(&params,
		      "{\"recipient\":%s,\"template\":\"%s\",\"letter_key\":\"%s %s %s\",\"content\":", recipient,
		      letter->template_name, letter->key, letter->template_name,
		      letter->to_staff ? letter->company_id : "customer");
	buffer_append_text(&params, content);
	buffer_append_text(&params, "}");
	if (buffer_failed(&params))
		return context_fail_internal(call->ctx, "a letter has too much to say");
	struct rpc_request request = {
	    .method = "passport.letter.send",
	    .params = buffer_text(&params),
	    .as = RPC_AS_SERVICE,
	    .idempotent = true,
	};
	return rpc_invoke(call->ctx, call->client, &request) ? 0 : is_away(call->ctx);
}

enum letter_told letter_tell(struct rpc_call *call, const struct letter *letter)
{
	struct pg_result *row =
	    pg_read(call->ctx, call->db, statements[letter->scope], letter->id, letter->state,
		    letter->to_staff ? letter->company_id : NULL, letter->moment, letter->starts, letter->booking_id);
	if (!row)
		return LETTER_FAILED;
	if (pg_count(row) == 0 || !pg_boolean(row, 0, 4))
		return LETTER_NOT_AMONG;
	if (pg_boolean(row, 0, 5)) {
		(void)context_fail(call->ctx, ERROR_UNAVAILABLE, "series", "the series is still being made");
		return LETTER_FAILED;
	}
	const char *recipient;
	if (find_recipient(call, letter, row, &recipient))
		return LETTER_FAILED;
	return recipient && send(call, letter, recipient, pg_text(row, 0, 0)) ? LETTER_FAILED : LETTER_TOLD;
}
