#include "registration.h"

#include "account_guard.h"
#include "audit.h"
#include "base/buffer.h"
#include "base/ids.h"
#include "base/text.h"
#include "device.h"
#include "email_change.h"
#include "mail.h"
#include "one_time_token.h"
#include "password.h"
#include "password_rules.h"
#include "time_zone.h"

#define MAX_LETTER 4096
#define LIFETIME "24 hours"   /* as long as the token of the letter */
#define LETTER "verify_email" /* the letter, and the purpose of its token */

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

static const char SELECT_PASSWORD[] =
    "SELECT password_hash FROM registration WHERE id = $1 AND created_at > now() - interval '" LIFETIME "'";

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
	    account_guard_network(call, ACCOUNT_REGISTER) || time_zone_check(call) ||
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
static int make_account(struct rpc_call *call, struct pg_tx *tx, const char *registration)
{
	struct context *ctx = call->ctx;
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *made = pg_query(ctx, tx, INSERT_USER, registration, id);
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

/* Ends a transaction in which a token was refused: it may be one of another purpose. -1 after any other error. */
static int pass_over(struct rpc_call *call, struct pg_tx *tx)
{
	pg_rollback(tx);
	if (call->ctx->error.code != ERROR_PRECONDITION_FAILED)
		return -1;
	error_clear(&call->ctx->error);
	return 0;
}

/* Counts a try at the token of a registration, for good, before the password is looked at; a call without one tries
 * nothing and is not counted. 0 with *ret_phc, which is NULL when it is no such token, or no longer. */
static int try_registration(struct rpc_call *call, const char **ret_phc)
{
	struct one_time_token token;
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	*ret_phc = NULL;
	if (!tx)
		return -1;
	if (one_time_token_try(call, tx, LETTER, rpc_param(call, "token"), &token))
		return pass_over(call, tx);
	struct pg_result *registration = pg_query(call->ctx, tx, SELECT_PASSWORD, token.subject);
	if (!registration)
		return -1;
	if (pg_count(registration) == 0)
		return one_time_token_refuse(call);
	if (!rpc_param(call, "password"))
		return rpc_invalid(call, "/params/password", "required", NULL);
	*ret_phc = pg_text(registration, 0, 0);
	return rpc_commit(call, tx);
}

/* The letter proves the address, the password that it is its owner who registered, and not a stranger. */
static int prove(struct rpc_call *call, const char *phc)
{
	bool match = false;
	if (password_verify(call->ctx, rpc_param(call, "password"), phc, &match))
		return one_time_token_fail(call, LETTER, rpc_param(call, "token"));
	if (match)
		return 0;
	return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "password",
			    "not the password of this registration: register anew if you do not know it");
}

static int answer_registration(struct rpc_call *call, const char *phc)
{
	struct one_time_token token;
	struct pg_tx *tx = prove(call, phc) ? NULL : rpc_begin(call);
	if (!tx || one_time_token_take(call, tx, LETTER, rpc_param(call, "token"), &token))
		return -1;
	return make_account(call, tx, token.subject);
}

static int answer_change(struct rpc_call *call)
{
	struct one_time_token token;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx || one_time_token_take_of_user(call, tx, "email_change", rpc_param(call, "token"), &token) ||
	    email_change_finish(call, tx, &token))
		return -1;
	return reply_verified(call, tx, token.subject);
}

int user_verify_email(struct rpc_call *call)
{
	const char *phc;
	if (account_guard_network(call, ACCOUNT_TOKEN) || try_registration(call, &phc))
		return -1;
	return phc ? answer_registration(call, phc) : answer_change(call);
}
