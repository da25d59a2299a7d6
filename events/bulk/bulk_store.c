#include "bulk/bulk_store.h"

#include "base/buffer.h"
#include "rpc/erased_user.h"
#include "json/tree.h"

#include <string.h>

#define MAX_BATCH (64 << 20)

/* Members of a line that have a parameter of their own, in the statement's order. */
static const char *const own[] = {
    "id",
    "listing_id",
    "company_id",
    "user_id",
    "external_id",
    "kind",
    "state",
    "units",
    "guests",
    "note",
    "extras",
    "price_lines",
    "policy",
    "created_at",
    "ended_at",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "rules_version",
    "version",
};
/* After them: the period's ends, the price's amount and currency, the units' numbers, whether one of them is above the
 * usual ones, and all other members. */
enum { FROM = ARRAY_SIZE(own), TO, AMOUNT, CURRENCY, NUMBERS, ABOVE, MORE, COLUMN_COUNT };

#define UNLESS_ERASED(value, blank) "CASE WHEN p.erased THEN " blank " ELSE " value " END"
#define MINUTES(member) "make_interval(mins => coalesce(p." member ", 0))"

static const char INSERT_BOOKINGS[] = "WITH p AS MATERIALIZED (SELECT p.*, m.*, " ERASED_USER(
    "p.user_id") " AS erased FROM unnest($1::uuid[], $2::uuid[], "
		 "$3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::integer[], $10::text[], $11::jsonb[], "
		 "$12::jsonb[], $13::jsonb[], $14::timestamptz[], $15::timestamptz[], $16::integer[], $17::integer[], $18::integer[], "
		 "$19::integer[], $20::timestamptz[], $21::timestamptz[], $22::bigint[], $23::text[], $24::text[], $25::boolean[], "
		 "$26::jsonb[]) AS p(id, listing_id, company_id, user_id, external_id, kind, state, units, guests, note, extras, price, "
		 "policy, created_at, ended_at, buffer_before_minutes, buffer_after_minutes, rules_version, version, starts, ends, "
		 "amount, currency, numbers, above, more) LEFT JOIN LATERAL jsonb_to_record(p.more) AS m(cause text, named boolean, "
		 "unit_wish integer[], first_start timestamptz, expires_at timestamptz, held_at timestamptz, option boolean, "
		 "takes_units boolean, offered_at timestamptz, decided_at timestamptz, reason text, cancelled_by text, "
		 "overbooked boolean, overlapped boolean, paid bigint, cancellation_fee bigint, refund_due bigint, "
		 "changed_at timestamptz, cancelled_at timestamptz, customer jsonb, booked_by uuid, override jsonb, group_id uuid, "
		 "ready boolean, series_id uuid, occurrence date) ON true), "
		 "stored AS (INSERT INTO booking (id, listing_id, company_id, user_id, external_id, kind, period, units, note, state, "
		 "cause, guests, named, unit_wish, extras, price, price_amount, price_currency, policy, rules_version, first_start, "
		 "expires_at, held_at, option, takes_units, offered_at, decided_at, ended_at, reason, cancelled_by, overbooked, "
		 "overlapped, paid, cancellation_fee, refund_due, changed_at, cancelled_at, created_at, version, customer, booked_by, "
		 "override, group_id, ready, series_id, occurrence, buffer_before, buffer_after) "
		 "SELECT p.id, p.listing_id, p.company_id, p.user_id, p.external_id, p.kind, tstzrange(p.starts, p.ends), "
		 "coalesce(p.units, 1), " UNLESS_ERASED(
		     "coalesce(left(p.note, 1000), '')",
		     "''") ", p.state, p.cause, p.guests, "
			   "coalesce(p.named, false), p.unit_wish, coalesce(p.extras, '[]'), p.price, "
			   "coalesce(p.amount, (p.price->>'total')::bigint), coalesce(p.currency, p.price->>'currency'), "
			   "coalesce(p.policy, '[]'), coalesce(p.rules_version, 0), p.first_start, p.expires_at, p.held_at, "
			   "coalesce(p.option, false), coalesce(p.takes_units, p.state <> 'requested'), p.offered_at, p.decided_at, p.ended_at, " UNLESS_ERASED(
			       "coalesce(p.reason, '')",
			       "''") ", p.cancelled_by, coalesce(p.overbooked, p.above, false), "
				     "coalesce(p.overlapped, false), coalesce(p.paid, 0), p.cancellation_fee, p.refund_due, p.changed_at, p.cancelled_at, "
				     "coalesce(p.created_at, now()), coalesce(p.version, 1), p.customer, p.booked_by, " UNLESS_ERASED(
					 "p.override",
					 "p.override || '{\"reason\": \"\"}'") ", p.group_id, coalesce(p.ready, false), "
									       "p.series_id, p.occurrence, " MINUTES("buffer_before_minutes") ", " MINUTES(
										   "buffer_after_minutes") " FROM p) "
													   "INSERT INTO booking_unit (booking_id, listing_id, unit, period) SELECT p.id, p.listing_id, n, "
													   "tstzrange(p.starts - " MINUTES("buffer_before_minutes") ", p.ends + " MINUTES(
													       "buffer_after_minutes") ") "
																       "FROM p, unnest(p.numbers::integer[]) n";

static const char *text_of(struct arena *arena, struct json_object *value)
{
	if (!value || json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int))
		return json_object_get_string(value);
	struct buffer text;
	buffer_init_arena(&text, arena, MAX_BATCH);
	json_tree_write(value, &text);
	return buffer_text(&text);
}

static const char *numbers_text(struct arena *arena, const struct bulk_booking *booking)
{
	struct buffer text;
	buffer_init_arena(&text, arena, MAX_BATCH);
	for (int i = 0; i < booking->wanted; i++)
		buffer_printf(&text, "%c%d", i > 0 ? ',' : '{', booking->numbers[i]);
	buffer_append_text(&text, booking->wanted > 0 ? "}" : "{}");
	return buffer_text(&text);
}

static bool is_own(const char *name)
{
	static const char *const others[] = {"period", "price", "unit_numbers", "listing_external_id"};
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i], name) == 0)
			return true;
	return false;
}

/* The members without a parameter of their own, as an object; NULL when there are none. */
static const char *more_text(struct arena *arena, struct json_object *line)
{
	struct buffer text;
	buffer_init_arena(&text, arena, MAX_BATCH);
	json_object_object_foreach(line, name, value)
	{
		if (is_own(name))
			continue;
		buffer_append_char(&text, text.length == 0 ? '{' : ',');
		buffer_append_json_string(&text, name);
		buffer_append_char(&text, ':');
		json_tree_write(value, &text);
	}
	if (text.length == 0)
		return NULL;
	buffer_append_char(&text, '}');
	return buffer_text(&text);
}

static const char *value_of(struct arena *arena, struct json_object *line, const struct bulk_booking *booking,
			    size_t column)
{
	struct json_object *period = json_object_object_get(line, "period");
	struct json_object *price = json_object_object_get(line, "price");
	switch (column) {
	case FROM:
		return text_of(arena, json_object_object_get(period, "from"));
	case TO:
		return text_of(arena, json_object_object_get(period, "to"));
	case AMOUNT:
		return text_of(arena, json_object_object_get(price, "amount"));
	case CURRENCY:
		return text_of(arena, json_object_object_get(price, "currency"));
	case NUMBERS:
		return numbers_text(arena, booking);
	case ABOVE:
		return booking->above ? "true" : "false";
	case MORE:
		return more_text(arena, line);
	default:
		return text_of(arena, json_object_object_get(line, own[column]));
	}
}

void bulk_store(struct rpc_call *call, struct pg_tx *tx, struct import_line *const *lines,
		const struct bulk_booking *bookings, size_t count)
{
	struct arena *arena = &call->ctx->arena;
	const char **values = arena_alloc(arena, (count + 1) * sizeof(*values)), *columns[COLUMN_COUNT];
	size_t stored = 0;
	for (size_t column = 0; column < COLUMN_COUNT; column++) {
		struct buffer text;
		buffer_init_arena(&text, arena, MAX_BATCH);
		stored = 0;
		for (size_t i = 0; i < count; i++)
			if (bookings[i].place == BULK_PLACED)
				values[stored++] = value_of(arena, lines[i]->value, &bookings[i], column);
		pg_array_text(&text, values, stored);
		columns[column] = buffer_text(&text);
	}
	if (stored > 0)
		pg_queue_values(call->ctx, tx, INSERT_BOOKINGS, COLUMN_COUNT, columns);
}
