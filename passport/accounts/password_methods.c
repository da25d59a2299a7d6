#include "accounts/password_methods.h"

#include "audit/audit.h"
#include "base/text.h"
#include "credentials/account_guard.h"
#include "credentials/credentials.h"
#include "credentials/login_guard.h"
#include "credentials/password.h"
#include "credentials/password_rules.h"
#include "letters/mail.h"
#include "letters/notice.h"
#include "letters/one_time_token.h"
#include "sessions/revocation.h"
#include "sessions/session.h"

static const char SELECT_WORDS[] = "SELECT email, name FROM user_account WHERE id = $1 AND state <> 'erased'";

static const char VOID_LETTERS[] = "DELETE FROM one_time_token WHERE purpose IN ('password_reset', 'email_change') AND "
				   "subject = $1";

static const char UPDATE_PASSWORD[] =
    "UPDATE user_account SET password_hash = $2, password_changed_at = now(), updated_at = now() WHERE id = $1";

/* Gives the account its new password in tx and tells the owner. action: for the audit trail. */
static int set_password(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *phc,
			const char *action)
{
	pg_queue(call->ctx, tx, UPDATE_PASSWORD, user_id, phc);
	if (notice_queue(call, tx, "password_changed", user_id, NULL))
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = action, .user_id = user_id});
	return 0;
}

/* Ends the sessions of the account but for `except` (NULL: none is spared), and voids all tokens issued so far. Last in
 * a transaction: the revocations take the lock that orders them. */
static int end_access(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *except)
{
	if (session_end_all(call, tx, user_id, except, "password_changed"))
		return -1;
	revocation_add_user(call, tx, user_id);
	return 0;
}

/* The new password of the caller, or of the subject of a token, against the words of the account. */
static int check_new_password(struct rpc_call *call, const struct pg_result *account)
{
	return password_check(call, "new_password", pg_text(account, 0, 0), pg_text(account, 0, 1));
}

int password_change(struct rpc_call *call)
{
	struct context *ctx = call->ctx;
	const char *id = rpc_caller_id(call);
	struct pg_result *account = pg_read(ctx, call->db, SELECT_WORDS, id);
	if (!account)
		return -1;
	if (pg_count(account) == 0)
		return credentials_wrong(call, CREDENTIAL_PASSWORD);
	struct credentials user;
	if (check_new_password(call, account) ||
	    credentials_of_caller(call, rpc_param(call, "current_password"), &user))
		return -1;
	const char *phc = password_hash(ctx, rpc_param(call, "new_password"));
	struct pg_tx *tx = phc ? rpc_begin(call) : NULL;
	if (!tx || credentials_lock(call, tx, id, user.password_changed_at, NULL))
		return -1;
	pg_queue(ctx, tx, VOID_LETTERS, id);
	if (set_password(call, tx, id, phc, "password.changed"))
		return -1;
	if (!rpc_param_boolean(call, "end_other_sessions", true))
		revocation_add_user(call, tx, id);
	else if (end_access(call, tx, id, call->caller->session))
		return -1;
	return rpc_commit_text(call, tx, "{\"changed\":true}");
}

int password_request_reset(struct rpc_call *call)
{
	const char *email = rpc_param(call, "email");
	bool send = false;
	if (account_guard_network(call, ACCOUNT_REQUEST_RESET) ||
	    account_guard_letter(call, LETTER_RESET, email, &send))
		return -1;
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return -1;
	if (send)
		mail_queue(call, tx, &(struct mail){.template_name = "password_reset", .recipient = email});
	return rpc_commit_text(call, tx, "{\"status\":\"mail_sent_if_known\"}");
}

/* Everything but the commit. A password that breaks a rule leaves the token as it was: the transaction is rolled back.
 */
static int reset_with(struct rpc_call *call, struct pg_tx *tx, const char *phc, const char **ret_email)
{
	struct context *ctx = call->ctx;
	struct one_time_token token;
	if (one_time_token_take_of_user(call, tx, "password_reset", rpc_param(call, "token"), &token))
		return -1;
	pg_queue(ctx, tx, VOID_LETTERS, token.subject);
	struct pg_result *account = pg_query(ctx, tx, SELECT_WORDS, token.subject);
	if (!account)
		return -1;
	if (pg_count(account) == 0)
		return one_time_token_refuse(call);
	if (check_new_password(call, account) || set_password(call, tx, token.subject, phc, "password.reset"))
		return -1;
	*ret_email = pg_text(account, 0, 0);
	return end_access(call, tx, token.subject, NULL);
}

/* Ends the lock of the account: the owner of the mailbox may log in at once. An error here is ignored, since a lock
 * ends by itself. */
static void unlock(struct rpc_call *call, const char *email)
{
	struct guard_try attempt = {.subject = GUARD_PASSWORD, .account = text_fold(&call->ctx->arena, email)};
	bool failed = guard_forget(call, &attempt) != 0;
	attempt.known_network = true;
	if (failed || guard_forget(call, &attempt))
		error_clear(&call->ctx->error);
}

int password_reset(struct rpc_call *call)
{
	const char *email = NULL;
	if (account_guard_network(call, ACCOUNT_TOKEN) || password_check(call, "new_password", NULL, NULL))
		return -1;
	const char *phc = password_hash(call->ctx, rpc_param(call, "new_password"));
	struct pg_tx *tx = phc ? rpc_begin(call) : NULL;
	if (!tx || reset_with(call, tx, phc, &email) || rpc_commit_text(call, tx, "{\"changed\":true}"))
		return -1;
	unlock(call, email);
	return 0;
}
