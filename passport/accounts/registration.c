#include "accounts/registration.h"

#include "accounts/email_change.h"
#include "audit/audit.h"
#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "credentials/account_guard.h"
#include "credentials/password.h"
#include "credentials/password_rules.h"
#include "device.h"
#include "letters/mail.h"
#include "letters/one_time_token.h"

#define MAX_LETTER 4096
#define LIFETIME "24 hours"   /* as long as the token of the letter */
#define LETTER "verify_email" /* the letter, and the purpose of its token */
#define CHANGE_LETTER "email_change"

static const char INSERT_REGISTRATION[] =
    "INSERT INTO registration (id, email, email_folded, password_hash, name, locale, time_zone) "
    "VALUES ($1, $2, $3, $4, $5, coalesce($6, 'en'), coalesce($7, 'UTC'))";

/* Who answers the letter of another registration of the address at the same time waits here until that one is done, and
 * then makes nothing. */
static const char INSERT_USER[] =
    "INSERT INTO user_account (id, email, email_folded, password_hash, name, locale, time_zone) "
    "SELECT $2, email, email_folded, password_hash, name, locale, time_zone FROM registration "
    "WHERE id = $1 AND created_at > now() - interval '" LIFETIME "' ON CONFLICT (email_folded) DO NOTHING "
    "RETURNING id, email_folded";

static const char SELECT_REGISTERED_PASSWORD[] =
    "SELECT password_hash FROM registration WHERE id = $1 AND created_at > now() - interval '" LIFETIME "'";

static const char SELECT_PASSWORD[] = "SELECT password_hash FROM user_account WHERE id = $1 AND state = 'active'";

static const char DELETE_REGISTRATIONS[] = "DELETE FROM registration WHERE email_folded = $1";

/* From where the account was asked for, in the letter: a stranger may have asked, too, with a password of theirs. */
static const char *letter_data(struct rpc_call *call, const char *id)
{
	struct arena *arena = &call->ctx->arena;
	struct buffer data;
	buffer_init_arena(&data, arena, MAX_LETTER);
	buffer_printf(&data, "{\"registration_id\":\"%s\",\"address\":", id);
	buffer_append_json_string(&data, call->peer);
	buffer_append_text(&data, ",\"device\":");
	buffer_append_json_string(&data, device_name(arena, call->user_agent));
	buffer_append_char(&data, '}');
	return buffer_text(&data);
}

/* The registration and its letter. */
static void queue_letter(struct rpc_call *call, struct pg_tx *tx, const char *phc)
{
	struct arena *arena = &call->ctx->arena;
	const char *email = rpc_param(call, "email"), *locale = rpc_param(call, "locale");
	char id[UUID_SIZE];
	uuid_make(id);
	pg_queue(call->ctx, tx, INSERT_REGISTRATION, id, email, text_fold(arena, email), phc, rpc_param(call, "name"),
		 locale, rpc_param(call, "time_zone"));
	mail_queue(call, tx,
		   &(struct mail){
		       .template_name = LETTER, .recipient = email, .locale = locale, .data = letter_data(call, id)});
}

int user_register(struct rpc_call *call)
{
	const char *email = rpc_param(call, "email");
	bool send = false;
	if (password_check(call, "password", email, rpc_param(call, "name")) ||
	    account_guard_network(call, ACCOUNT_REGISTER) || rpc_check_time_zone(call) ||
	    account_guard_letter(call, LETTER_REGISTRATION, email, &send))
		return -1;
	const char *phc = password_hash(call->ctx, rpc_param(call, "password"));
	struct pg_tx *tx = phc ? rpc_begin(call) : NULL;
	if (!tx)
		return -1;
	if (send)
		queue_letter(call, tx, phc);
	return rpc_commit_text(call, tx, "{\"status\":\"verification_sent\"}");
}

static int reply_verified(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	return rpc_commit_text(call, tx,
			       arena_printf(&call->ctx->arena, "{\"verified\":true,\"user_id\":\"%s\"}", user_id));
}

/* The account of a registration whose letter was answered. */
static int make_account(struct rpc_call *call, struct pg_tx *tx)
{
	struct context *ctx = call->ctx;
	char id[UUID_SIZE];
	uuid_make(id);
	struct one_time_token token;
	if (one_time_token_take(call, tx, LETTER, rpc_param(call, "token"), &token))
		return -1;
	struct pg_result *made = pg_query(ctx, tx, INSERT_USER, token.subject, id);
	if (!made)
		return -1;
	if (pg_count(made) == 0)
		return one_time_token_refuse(call);
	pg_queue(ctx, tx, DELETE_REGISTRATIONS, pg_text(made, 0, 1));
	audit_record(call, tx, &(struct audit_event){.action = "user.registered", .user_id = id});
	if (rpc_publish(call, tx, "passport.user.registered", id, arena_printf(&ctx->arena, "{\"id\":\"%s\"}", id)))
		return -1;
	return reply_verified(call, tx, id);
}

static int change_address(struct rpc_call *call, struct pg_tx *tx)
{
	struct one_time_token token;
	if (one_time_token_take_of_user(call, tx, CHANGE_LETTER, rpc_param(call, "token"), &token) ||
	    email_change_finish(call, tx, &token))
		return -1;
	return reply_verified(call, tx, token.subject);
}

/* A kind of letter that proves an address. */
struct letter {
	const char *purpose;	     /* of its token */
	const char *select_password; /* of the registration or account; $1: the token's subject */
	const char *advice;	     /* to who gives another one */
	int (*answer)(struct rpc_call *call, struct pg_tx *tx) MAY_SUSPEND;
};

static const struct letter letters[] = {
    {LETTER, SELECT_REGISTERED_PASSWORD, "register anew if you do not know it", make_account},
    {CHANGE_LETTER, SELECT_PASSWORD, "it is that of the account", change_address},
};

/* Counts a try at the token of that kind of letter, for good, before the password is looked at. 0 with *ret_phc, which
 * is NULL when it is no such token. */
static int try_letter(struct rpc_call *call, const struct letter *letter, const char **ret_phc)
{
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	*ret_phc = NULL;
	if (!tx)
		return -1;
	struct one_time_token token;
	if (one_time_token_try(call, tx, letter->purpose, rpc_param(call, "token"), &token)) {
		pg_rollback(tx);
		return call->ctx->error.code == ERROR_PRECONDITION_FAILED ? 0 : -1;
	}
	struct pg_result *password = pg_query(call->ctx, tx, letter->select_password, token.subject);
	if (!password)
		return -1;
	if (pg_count(password) == 0)
		return one_time_token_refuse(call);
	*ret_phc = pg_text(password, 0, 0);
	return rpc_commit(call, tx);
}

/* The kind of letter that the token is of, and the password that belongs to it; NULL with an error. */
static const struct letter *find_letter(struct rpc_call *call, const char **ret_phc)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		error_clear(&call->ctx->error);
		if (try_letter(call, &letters[i], ret_phc))
			return NULL;
		if (*ret_phc)
			return &letters[i];
	}
	return NULL; /* with the last refusal */
}

/* The letter proves who has the address, the password that it is they who asked for it, and not a stranger. */
static int prove(struct rpc_call *call, const struct letter *letter, const char *phc)
{
	bool match = false;
	if (password_verify(call->ctx, rpc_param(call, "password"), phc, &match))
		return one_time_token_fail(call, letter->purpose, rpc_param(call, "token"));
	if (match)
		return 0;
	return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "password",
			    "not the password of whoever asked for this letter: %s", letter->advice);
}

int user_verify_email(struct rpc_call *call)
{
	const char *phc = NULL;
	if (account_guard_network(call, ACCOUNT_TOKEN))
		return -1;
	const struct letter *letter = find_letter(call, &phc);
	if (!letter || prove(call, letter, phc))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	return tx ? letter->answer(call, tx) : -1;
}
