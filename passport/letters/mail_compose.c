#include "letters/mail_compose.h"

#include "base/clock.h"
#include "base/text.h"
#include "letters/booking_letter.h"
#include "letters/mail_store.h"
#include "letters/mail_words.h"
#include "letters/one_time_token.h"
#include "json/tree.h"

#include <string.h>

#define DATA_DEPTH 8
#define RESET_LIFETIME (600 * CLOCK_SECOND)
#define VERIFY_LIFETIME (86400 * CLOCK_SECOND)
#define CHANGE_LIFETIME (3600 * CLOCK_SECOND)

/* A letter that is being composed. */
struct composing {
	struct context *ctx;
	struct pg_tx *tx;
	const char *public_url;
	const struct mail_row *row;
	struct json_object *data; /* an object or NULL */
	struct mail_letter *letter;
};

struct template
{
	const char *name;
	int (*compose)(struct composing * composing);
};

static const char SELECT_REGISTRATION[] =
    "SELECT r.locale, EXISTS (SELECT FROM user_account u WHERE u.email_folded = r.email_folded) "
    "FROM registration r WHERE r.id = $1";

static const char SELECT_BY_ADDRESS[] =
    "SELECT id, name, locale, state, email FROM user_account WHERE email_folded = $1";

static const char SELECT_BY_ID[] = "SELECT id, name, locale, state FROM user_account WHERE id = $1";

static const char SELECT_BY_PASSWORD[] = "SELECT locale FROM user_account WHERE id = $1 AND state <> 'erased' AND "
					 "password_changed_at = $2::timestamptz";

/* A member of the data, NULL when it is missing. */
static const char *datum(struct composing *composing, const char *name)
{
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(composing->data, name, &value) || !value)
		return NULL;
	return json_object_get_string(value);
}

/* What somebody calls something. */
static const char *words(struct composing *composing, const char *text)
{
	return mail_words(&composing->ctx->arena, text, MAIL_NAME_MOST);
}

/* Which of the two the letter's language is. */
static const char *in_language(const struct mail_letter *letter, const char *english, const char *russian)
{
	return strcmp(letter->locale, "ru") == 0 ? russian : english;
}

static void set_link(struct composing *composing, const char *path)
{
	composing->letter->link = arena_printf(&composing->ctx->arena, "%s%s", composing->public_url, path);
}

/* Makes the token; it becomes the end of the link. */
static int set_token(struct composing *composing, const char *path, const struct one_time_token *token)
{
	const char *text = one_time_token_make(composing->ctx, composing->tx, token);
	if (!text)
		return -1;
	composing->letter->token = text;
	set_link(composing, arena_printf(&composing->ctx->arena, "%s?token=%s", path, text));
	return 0;
}

/* Takes name and language of the letter from an account that a statement finds. */
static int address_account(struct composing *composing, const char *sql, const char *key, struct pg_result **ret)
{
	*ret = pg_query(composing->ctx, composing->tx, sql, key);
	if (!*ret)
		return -1;
	if (pg_count(*ret) > 0) {
		composing->letter->name = words(composing, pg_text(*ret, 0, 1));
		composing->letter->locale = mail_letter_locale(pg_text(*ret, 0, 2));
	}
	return 0;
}

/* Letters go to the verified spelling of the address, not the one in the request, which at some providers is another
 * mailbox. */
static int address_recipient(struct composing *composing, struct pg_result **ret)
{
	const char *folded = text_fold(&composing->ctx->arena, composing->row->recipient);
	if (address_account(composing, SELECT_BY_ADDRESS, folded, ret))
		return -1;
	if (pg_count(*ret) > 0)
		composing->letter->recipient = pg_text(*ret, 0, 4);
	return 0;
}

/* "2026-11-21 16:40 UTC" of a time in RFC 3339. */
static const char *show_time(struct composing *composing, const char *time)
{
	int64_t wall;
	if (!time || !clock_parse(time, &wall))
		return NULL;
	char text[CLOCK_TEXT_SIZE];
	clock_format(wall, text);
	return arena_printf(&composing->ctx->arena, "%.10s %.5s UTC", text, text + 11);
}

static void set_circumstances(struct composing *composing)
{
	const char *at = show_time(composing, datum(composing, "at"));
	mail_letter_set(composing->letter, "at", at ? at : show_time(composing, composing->row->queued_at));
	mail_letter_set_words(composing->ctx, composing->letter, "address", datum(composing, "address"));
	mail_letter_set_words(composing->ctx, composing->letter, "device", datum(composing, "device"));
}

static int compose_already_registered(struct composing *composing)
{
	composing->letter->template_name = "already_registered";
	set_link(composing, "/login");
	struct pg_result *account;
	return address_recipient(composing, &account);
}

/* Without a name: who asked for the account chose it, and the letter may go to somebody else. */
static int compose_verify_email(struct composing *composing)
{
	const char *id = datum(composing, "registration_id");
	struct pg_result *registration = pg_query(composing->ctx, composing->tx, SELECT_REGISTRATION, id);
	if (!registration)
		return -1;
	if (pg_count(registration) == 0) {
		composing->letter->template_name = NULL;
		return 0;
	}
	composing->letter->locale = mail_letter_locale(pg_text(registration, 0, 0));
	if (pg_boolean(registration, 0, 1))
		return compose_already_registered(composing);
	set_circumstances(composing);
	const struct one_time_token token = {.purpose = "verify_email", .subject = id, .lifetime = VERIFY_LIFETIME};
	return set_token(composing, "/verify-email", &token);
}

static int compose_password_reset(struct composing *composing)
{
	struct pg_result *account;
	if (address_recipient(composing, &account))
		return -1;
	if (pg_count(account) == 0 || strcmp(pg_text(account, 0, 3), "active") != 0) {
		composing->letter->template_name = NULL;
		return 0;
	}
	const struct one_time_token token = {
	    .purpose = "password_reset", .subject = pg_text(account, 0, 0), .lifetime = RESET_LIFETIME};
	return set_token(composing, "/reset-password", &token);
}

/* A notice to whoever has the account, with the way to a new password. */
static int compose_notice(struct composing *composing)
{
	set_circumstances(composing);
	set_link(composing, "/reset-password");
	struct pg_result *account;
	return address_recipient(composing, &account);
}

static const char *show_change(const struct mail_letter *letter, const char *change)
{
	static const char *const changes[][3] = {
	    {"enabled", "switched on", "включён"},
	    {"disabled", "switched off", "отключён"},
	    {"recovery_codes", "given new recovery codes", "созданы новые запасные коды"},
	    {"recovered", "passed with a recovery code", "использован запасной код"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (change && strcmp(change, changes[i][0]) == 0)
			return in_language(letter, changes[i][1], changes[i][2]);
	return NULL;
}

static int compose_second_factor_changed(struct composing *composing)
{
	if (compose_notice(composing))
		return -1;
	const char *change = show_change(composing->letter, datum(composing, "change"));
	mail_letter_set(composing->letter, "change", change);
	return 0;
}

/* The token is bound to the address that it was sent to, and to the password that asked for it. No name: the address is
 * not known to be theirs. */
static int compose_email_change(struct composing *composing)
{
	const char *id = datum(composing, "user_id"), *changed_at = datum(composing, "password_changed_at");
	struct pg_result *account = pg_query(composing->ctx, composing->tx, SELECT_BY_PASSWORD, id, changed_at);
	if (!account)
		return -1;
	if (pg_count(account) == 0) {
		composing->letter->template_name = NULL;
		return 0;
	}
	composing->letter->locale = mail_letter_locale(pg_text(account, 0, 0));
	struct buffer data;
	buffer_init_arena(&data, &composing->ctx->arena, 4096);
	buffer_append_text(&data, "{\"email\":");
	buffer_append_json_string(&data, composing->row->recipient);
	buffer_printf(&data, ",\"password_changed_at\":\"%s\"}", changed_at);
	const struct one_time_token token = {
	    .purpose = "email_change", .subject = id, .lifetime = CHANGE_LIFETIME, .data = buffer_text(&data)};
	return set_token(composing, "/verify-email", &token);
}

static int compose_email_changed(struct composing *composing)
{
	set_circumstances(composing);
	struct pg_result *account;
	return address_account(composing, SELECT_BY_ID, datum(composing, "user_id"), &account);
}

static const char *show_right(const struct mail_letter *letter, const char *right)
{
	static const char *const rights[][3] = {
	    {"owner", "its owner", "владелец"},
	    {"manager", "a manager", "управляющий"},
	    {"staff", "staff", "сотрудник"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (right && strcmp(right, rights[i][0]) == 0)
			return in_language(letter, rights[i][1], rights[i][2]);
	return NULL;
}

static int compose_invitation(struct composing *composing)
{
	struct pg_result *account;
	if (address_recipient(composing, &account))
		return -1;
	mail_letter_set(composing->letter, "company", words(composing, datum(composing, "company")));
	mail_letter_set(composing->letter, "inviter", words(composing, datum(composing, "inviter")));
	mail_letter_set(composing->letter, "right", show_right(composing->letter, datum(composing, "right")));
	mail_letter_set(composing->letter, "expires_at", show_time(composing, datum(composing, "expires_at")));
	mail_letter_set_words(composing->ctx, composing->letter, "invitation_id", datum(composing, "invitation_id"));
	set_link(composing, "/invitations");
	return 0;
}

static int compose_company_decision(struct composing *composing)
{
	mail_letter_set(composing->letter, "company", words(composing, datum(composing, "company")));
	mail_letter_set_words(composing->ctx, composing->letter, "reason", datum(composing, "reason"));
	struct pg_result *account;
	return address_recipient(composing, &account);
}

/* Whoever has no account is called as the company calls them. */
static int compose_booking(struct composing *composing)
{
	struct mail_letter *letter = composing->letter;
	letter->no_account = json_object_get_boolean(json_object_object_get(composing->data, "no_account"));
	struct pg_result *account;
	if (letter->no_account)
		letter->name = words(composing, datum(composing, "name"));
	else if (address_recipient(composing, &account))
		return -1;
	struct json_object *values = json_object_object_get(composing->data, "values");
	const char *id = json_object_get_string(json_object_object_get(values, "booking_id"));
	set_link(composing, id ? arena_printf(&composing->ctx->arena, "/bookings/%s", id) : "/bookings");
	return booking_letter_fill(composing->ctx, values, letter);
}

static const struct template templates[] = {
    {"verify_email", compose_verify_email},
    {"already_registered", compose_already_registered},
    {"password_reset", compose_password_reset},
    {"password_changed", compose_notice},
    {"account_locked", compose_notice},
    {"second_factor_changed", compose_second_factor_changed},
    {"email_change", compose_email_change},
    {"email_changed", compose_email_changed},
    {"invitation", compose_invitation},
    {"company_verified", compose_company_decision},
    {"company_rejected", compose_company_decision},
};

static void put_data(void *argument)
{
	json_object_put(argument);
}

static int read_data(struct composing *composing)
{
	const char *text = composing->row->data;
	struct json_error error;
	if (!json_tree_parse(text, strlen(text), DATA_DEPTH, 0, &composing->ctx->arena, &composing->data, &error) ||
	    !json_object_is_type(composing->data, json_type_object))
		return context_fail(composing->ctx, ERROR_INVALID_PARAMS, "data", "the letter's data are no object");
	context_defer(composing->ctx, put_data, composing->data);
	return 0;
}

static const struct template about_booking = {"", compose_booking};

static const struct template *find_template(const char *name)
{
	if (booking_letter_kind(name))
		return &about_booking;
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++)
		if (strcmp(templates[i].name, name) == 0)
			return &templates[i];
	return NULL;
}

int mail_compose(struct context *ctx, struct pg *db, const char *public_url, const struct mail_row *row,
		 struct mail_letter *ret)
{
	const struct template *found = find_template(row->template_name);
	if (!found)
		return context_fail(ctx, ERROR_INVALID_PARAMS, "template", "there is no template %s",
				    row->template_name);
	*ret = (struct mail_letter){.template_name = row->template_name,
				    .locale = mail_letter_locale(row->locale),
				    .recipient = row->recipient};
	struct composing composing = {.ctx = ctx, .public_url = public_url, .row = row, .letter = ret};
	if (read_data(&composing))
		return -1;
	composing.tx = pg_begin(ctx, db);
	if (!composing.tx || found->compose(&composing))
		return -1;
	return pg_commit(ctx, composing.tx);
}
