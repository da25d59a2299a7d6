/* What facts of bookings are told in letters, and to whom. */
#include "base/clock.h"
#include "co/co.h"
#include "letters/letter.h"
#include "letters/letters.h"

#include <string.h>

#define REST_TIMES 3
#define LONGEST_REST (100 * CLOCK_MILLISECOND)

static const char *member(const struct fact *fact, const char *name)
{
	struct json_object *value = json_object_object_get(fact->payload, name);
	return value ? json_object_get_string(value) : NULL;
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

/* About the booking alone. */
static struct letter letter_of_one(const struct fact *fact, const char *template_name, bool to_staff)
{
	return (struct letter){
	    .template_name = template_name,
	    .scope = LETTER_OF_ONE,
	    .id = member(fact, "id"),
	    .booking_id = member(fact, "id"),
	    .state = member(fact, "state"),
	    .company_id = member(fact, "company_id"),
	    .to_staff = to_staff,
	    .key = fact->id,
	};
}

/* When what happened to several at once happened to each of them; NULL where that cannot be seen. */
static const char *moment_of(const struct fact *fact)
{
	const char *state = member(fact, "state");
	if (is(state, "cancelled"))
		return member(fact, "cancelled_at");
	return is(state, "expired") ? member(fact, "expires_at") : NULL;
}

/* Whether those of a group or series had this happen to them together: made, answered, ended. */
static bool happens_to_all(const struct fact *fact, bool group)
{
	const char *cause = member(fact, "cause");
	if (is(cause, "create") || is(cause, "request") || is(cause, "cancel") || is(cause, "expiry"))
		return true;
	return group && (is(cause, "approve") || is(cause, "accept") || is(cause, "decline") || is(cause, "group"));
}

/* About all that this happened to at once. */
static enum letter_told tell_all(struct rpc_call *call, const struct fact *fact, const char *template_name,
				 bool to_staff)
{
	const char *group = member(fact, "group_id"), *series = member(fact, "series_id");
	struct letter letter = letter_of_one(fact, template_name, to_staff);
	const char *moment = moment_of(fact);
	if ((!group && !series) || !happens_to_all(fact, group))
		return LETTER_NOT_AMONG;
	letter.scope = group ? LETTER_OF_GROUP : LETTER_OF_SERIES;
	letter.id = group ? group : series;
	letter.moment = moment;
	letter.key = arena_printf(&call->ctx->arena, "%s %s", letter.id, moment ? moment : "");
	return letter_tell(call, &letter);
}

/* Those who book come first. */
static void rest(int64_t begun)
{
	int64_t pause = REST_TIMES * (clock_monotonic() - begun);
	(void)co_sleep_until(deadline_after(pause < LONGEST_REST ? pause : LONGEST_REST));
}

static int tell(struct rpc_call *call, const struct fact *fact, const char *template_name, bool to_staff)
{
	int64_t begun = clock_monotonic();
	enum letter_told told = tell_all(call, fact, template_name, to_staff);
	if (told == LETTER_NOT_AMONG) {
		const struct letter one = letter_of_one(fact, template_name, to_staff);
		told = letter_tell(call, &one);
	}
	if (told == LETTER_FAILED)
		return -1;
	rest(begun);
	return 0;
}

static int on_requested(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_requested", true);
}

static int on_created(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_confirmed", false);
}

static int on_offered(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_offered", false);
}

/* Those of a group are confirmed by whoever answers last. */
static int on_confirmed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	bool approved = is(member(fact, "cause"), "approve") && !member(fact, "group_id");
	return tell(call, fact, approved ? "booking_approved" : "booking_confirmed", false);
}

static int on_declined(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_declined", false);
}

static int on_expired(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_expired", false);
}

/* Either side may have done it. */
static int on_changed(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	return tell(call, fact, "booking_changed", false) || tell(call, fact, "booking_changed", true) ? -1 : 0;
}

static int on_cancelled(struct rpc_call *call, struct pg_tx *tx, const struct fact *fact)
{
	(void)tx;
	if (tell(call, fact, "booking_cancelled", false))
		return -1;
	return is(member(fact, "cancelled_by"), "customer") ? tell(call, fact, "booking_cancelled", true) : 0;
}

static const struct fact_handler told_facts[] = {
    {"events.booking.requested", on_requested}, //
    {"events.booking.created", on_created},	{"events.booking.offered", on_offered},
    {"events.booking.confirmed", on_confirmed}, {"events.booking.declined", on_declined},
    {"events.booking.expired", on_expired},	{"events.booking.changed", on_changed},
    {"events.booking.cancelled", on_cancelled}, {NULL, NULL},
};

const struct outbox_own letters_own = {.name = "letters", .handlers = told_facts};
