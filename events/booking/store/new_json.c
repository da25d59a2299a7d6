#include "booking/store/new_json.h"

#include "booking/store/fields.h"
#include "pricing/refund.h"

#include <string.h>

static void add_text(struct fields *fields, const char *name, const char *text)
{
	if (text)
		fields_text(fields, name, text);
	else
		fields_null(fields, name);
}

static void add_period(struct fields *fields, const struct span *period)
{
	struct arena *arena = &fields->call->ctx->arena;
	fields_json(fields, "period",
		    arena_printf(arena, "{\"from\":\"%s\",\"to\":\"%s\"}", terms_time(fields->call, period->from),
				 terms_time(fields->call, period->to)));
}

/* PostgreSQL's "{1,4}" as JSON's. */
static void add_units(struct fields *fields, const struct unit_choice *units)
{
	const char *list = units ? units->numbers : "{}";
	fields_json(fields, "unit_numbers",
		    arena_printf(&fields->call->ctx->arena, "[%.*s]", (int)strlen(list) - 2, list + 1));
}

static void add_price(struct fields *fields, const struct price *price)
{
	struct arena *arena = &fields->call->ctx->arena;
	bool known = price && price->known;
	fields_json(fields, "price",
		    known ? arena_printf(arena, "{\"amount\":%lld,\"currency\":\"%s\"}", (long long)price->total,
					 price->currency)
			  : "null");
	fields_json(fields, "price_lines", known ? price_json(arena, price) : "null");
}

/* What nothing has happened to yet. */
static void add_history(struct fields *fields, const struct terms *terms, const struct new_booking *booking)
{
	static const char *const never[] = {"cancelled_by", "cancellation_fee", "refund_due", "offered_at",
					    "decided_at",   "changed_at",	"ended_at",   "cancelled_at"};
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		fields_null(fields, never[i]);
	fields_boolean(fields, "overlapped", false);
	fields_text(fields, "reason", "");
	fields_integer(fields, "paid", 0);
	fields_integer(fields, "version", 1);
	fields_time(fields, "created_at", terms->now);
	add_text(fields, "expires_at", booking->expires_at);
}

static void add_who(struct fields *fields, const struct terms *terms, const struct new_booking *booking, const char *id)
{
	fields_text(fields, "id", id);
	fields_text(fields, "listing_id", terms->listing_id);
	fields_text(fields, "company_id", terms->company_id);
	add_text(fields, "user_id", booking->user_id);
}

/* On whose behalf, and together with what. */
static void add_desk(struct fields *fields, const struct new_booking *booking, bool for_customer)
{
	fields_json(fields, "customer", booking->customer ? booking->customer : "null");
	add_text(fields, "booked_by", booking->booked_by);
	if (!for_customer)
		fields_json(fields, "override", booking->override ? booking->override : "null");
	add_text(fields, "group_id", booking->group_id);
	fields_boolean(fields, "ready", booking->ready);
	add_text(fields, "series_id", booking->series_id);
	add_text(fields, "occurrence", booking->occurrence);
}

const char *new_json(struct rpc_call *call, const struct terms *terms, const struct new_booking *booking,
		     const char *id, bool for_customer)
{
	const struct wish *wish = booking->wish;
	struct fields fields;
	fields_init(&fields, call);
	add_who(&fields, terms, booking, id);
	fields_text(&fields, "kind", booking_kind_name(booking));
	add_period(&fields, &wish->period);
	fields_integer(&fields, "units", wish->units);
	if (terms->rules.named || !for_customer)
		add_units(&fields, booking->units);
	fields_text(&fields, "state", booking_state_name(booking->step->to));
	fields_text(&fields, "cause", booking_cause_name(booking->step->cause));
	fields_json(&fields, "guests", wish->guests > 0 ? arena_printf(&call->ctx->arena, "%d", wish->guests) : "null");
	fields_json(&fields, "extras", wish->extras ? wish->extras : "[]");
	add_price(&fields, booking->price);
	fields_json(&fields, "policy", refund_policy_json(&call->ctx->arena, &terms->rules));
	fields_integer(&fields, "rules_version", terms->rules.version);
	fields_text(&fields, "note", booking->note ? booking->note : "");
	fields_boolean(&fields, "overbooked", booking->units && booking->units->overbooked);
	fields_boolean(&fields, "option", booking->is_option);
	add_desk(&fields, booking, for_customer);
	add_history(&fields, terms, booking);
	return arena_printf(&call->ctx->arena, "{%s}", fields_members(&fields));
}
