#include "accounts/letter_send.h"

#include "base/buffer.h"
#include "base/text.h"
#include "credentials/throttle.h"
#include "letters/booking_letter.h"
#include "letters/mail.h"
#include "telemetry/log.h"
#include "json/tree.h"

#define DAY (86400 * CLOCK_SECOND)
#define MOST_STAFF "20"
#define MOST_DATA 65536

static const struct throttle_rule of_address = {"letter.address", "booking_letter_limit", DAY, 0};
static const struct throttle_rule of_strangers = {"letter.stranger", "stranger_letter_limit", DAY, 0};

static const char CLAIM_KEY[] = "INSERT INTO letter_key (key) VALUES ($1) ON CONFLICT DO NOTHING";

/* Each answers rows (address, locale). $2: the kind of letters. */
static const char SELECT_USER[] = "SELECT u.email, u.locale FROM user_account u WHERE u.id = $1 AND u.state = 'active' "
				  "AND NOT $2 = ANY (u.letters_off)";

#define RANK(right) "array_position(ARRAY['owner', 'manager', 'staff'], " right ")"
static const char SELECT_STAFF[] =
    "SELECT u.email, u.locale FROM company_member m JOIN company c ON c.id = m.company_id AND c.state = 'active' "
    "JOIN user_account u ON u.id = m.user_id AND u.state = 'active' WHERE m.company_id = $1 "
    "AND NOT $2 = ANY (u.letters_off) AND " RANK("m.\"right\"") " <= " RANK(
	"$3::text") " "
		    "ORDER BY " RANK("m.\"right\"") ", m.created_at, m.user_id LIMIT " MOST_STAFF;

/* An address that the company was told. Whoever has an account with it chooses there, and reads its language. */
static const char SELECT_ADDRESS[] =
    "SELECT $1::text, coalesce($4::text, u.locale, 'en') FROM (SELECT) one LEFT JOIN user_account u "
    "ON u.email_folded = $3 WHERE u.id IS NULL OR (u.state = 'active' AND NOT $2 = ANY (u.letters_off))";

static struct pg_result *find_recipients(struct rpc_call *call, struct pg_tx *tx, const char *kind)
{
	const char *user_id = rpc_param(call, "recipient.user_id"), *email = rpc_param(call, "recipient.email");
	if (user_id)
		return pg_query(call->ctx, tx, SELECT_USER, user_id, kind);
	if (!email)
		return pg_query(call->ctx, tx, SELECT_STAFF, rpc_param(call, "recipient.company_id"), kind,
				rpc_param(call, "recipient.right"));
	return pg_query(call->ctx, tx, SELECT_ADDRESS, email, kind, text_fold(&call->ctx->arena, email),
			rpc_param(call, "recipient.language"));
}

/* What is kept in the queue until the letter is written (mail_compose.c). */
static const char *letter_data(struct rpc_call *call)
{
	const char *name = rpc_param(call, "recipient.name"), *stranger = rpc_param(call, "recipient.email");
	struct buffer data;
	buffer_init_arena(&data, &call->ctx->arena, MOST_DATA);
	buffer_append_text(&data, stranger ? "{\"no_account\":true" : "{\"no_account\":false");
	buffer_append_text(&data, ",\"name\":");
	buffer_append_json_string(&data, name ? name : "");
	buffer_append_text(&data, ",\"values\":");
	json_tree_write(rpc_param_json(call, "content"), &data);
	buffer_append_text(&data, "}");
	if (!buffer_failed(&data))
		return buffer_text(&data);
	(void)rpc_invalid(call, "/params/content", "maxBytes", "65536");
	return NULL;
}

/* Whether the day's limits allow another letter to the address: 1 or 0; -1 with an error. */
static int is_allowed(struct rpc_call *call, const char *address)
{
	struct arena *arena = &call->ctx->arena;
	bool stranger = rpc_param(call, "recipient.email") != NULL;
	int64_t wait = 0;
	if (stranger &&
	    throttle_count(call, &of_strangers, text_fold(arena, rpc_param(call, "recipient.company_id")), &wait))
		return -1;
	if (wait == 0 && throttle_count(call, &of_address, text_fold(arena, address), &wait))
		return -1;
	if (wait == 0)
		return 1;
	log_event(LOG_WARNING, call->ctx, "a letter was not written: there were too many today",
		  LOG_STRING("template", rpc_param(call, "template")));
	return 0;
}

/* Queues the letter for each; returns how many, -1 with an error. */
static int queue_letters(struct rpc_call *call, struct pg_tx *tx, const struct pg_result *recipients, const char *data)
{
	int queued = 0;
	for (size_t i = 0; i < pg_count(recipients); i++) {
		int allowed = is_allowed(call, pg_text(recipients, i, 0));
		if (allowed < 0)
			return -1;
		if (!allowed)
			continue;
		mail_queue(call, tx,
			   &(struct mail){.template_name = rpc_param(call, "template"),
					  .recipient = pg_text(recipients, i, 0),
					  .locale = pg_text(recipients, i, 1),
					  .data = data});
		queued++;
	}
	return queued;
}

int letter_send(struct rpc_call *call)
{
	const char *kind = booking_letter_kind(rpc_param(call, "template")), *data = letter_data(call);
	struct pg_tx *tx = data ? rpc_begin(call) : NULL;
	struct pg_result *claimed = tx ? pg_query(call->ctx, tx, CLAIM_KEY, rpc_param(call, "letter_key")) : NULL;
	if (!claimed)
		return -1;
	if (pg_count(claimed) == 0)
		return rpc_commit_text(call, tx, "{\"queued\":0,\"repeated\":true}");
	struct pg_result *recipients = find_recipients(call, tx, kind);
	int queued = recipients ? queue_letters(call, tx, recipients, data) : -1;
	if (queued < 0)
		return -1;
	const char *answer = arena_printf(&call->ctx->arena, "{\"queued\":%d,\"repeated\":false}", queued);
	return rpc_commit_text(call, tx, answer);
}
