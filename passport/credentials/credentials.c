#include "credentials/credentials.h"

#include "api/api.h"
#include "base/text.h"
#include "credentials/login_guard.h"
#include "credentials/password.h"
#include "credentials/throttle.h"

/* $2: the caller's network. */
#define SELECT_CREDENTIALS(which)                                                                                 \
	"SELECT u.id, u.password_hash, u.password_changed_at::text, u.state = 'suspended', " GUARD_KNOWN_NETWORK( \
	    "$2") ", EXISTS (SELECT FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL), "         \
		  "u.email_folded FROM user_account u WHERE " which " = $1 AND u.state <> 'erased'"

static const char BY_ADDRESS[] = SELECT_CREDENTIALS("u.email_folded");
static const char BY_ID[] = SELECT_CREDENTIALS("u.id");

static const char LOCK_USER[] = "SELECT FROM user_account WHERE id = $1 FOR NO KEY UPDATE";

/* A separate statement after the lock, so that it sees what the lock's last holder committed. */
static const char SELECT_HOLDS[] =
    "SELECT EXISTS (SELECT FROM user_account WHERE id = $1 AND state = 'active' AND password_changed_at = "
    "$2::timestamptz), EXISTS (SELECT FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL)";

/* In a public method somebody logs in, so every fault is the same error. */
int credentials_wrong(struct rpc_call *call, enum credential what)
{
	if (call->method->access & API_ACCESS_PUBLIC)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "credentials",
				    "wrong address, password or code, or the address is not verified yet");
	if (what == CREDENTIAL_CODE)
		return context_fail(call->ctx, ERROR_FORBIDDEN, "wrong_code", "the code is wrong or was used before");
	return context_fail(call->ctx, ERROR_FORBIDDEN, "wrong_password", "the password is wrong");
}

static struct credentials read(const struct pg_result *row)
{
	if (pg_count(row) == 0)
		return (struct credentials){0};
	return (struct credentials){.user_id = pg_text(row, 0, 0),
				    .password_hash = pg_text(row, 0, 1),
				    .password_changed_at = pg_text(row, 0, 2),
				    .suspended = pg_boolean(row, 0, 3),
				    .known_network = pg_boolean(row, 0, 4),
				    .second_factor = pg_boolean(row, 0, 5)};
}

/* A caller with the right password has not guessed, so this try is not counted and no letter is sent. */
static int refuse_suspended(struct rpc_call *call, const struct guard_try *attempt)
{
	if (guard_forget(call, attempt))
		return -1;
	return context_fail(call->ctx, ERROR_FORBIDDEN, "suspended", "the account is suspended");
}

/* account: what tries are counted under. */
static int prove(struct rpc_call *call, const char *account, const char *password, struct credentials *user)
{
	bool locked = false, match = false;
	user->attempt = (struct guard_try){.subject = GUARD_PASSWORD,
					   .account = account,
					   .user_id = user->user_id,
					   .known_network = user->known_network};
	if (guard_count(call, &user->attempt, &locked))
		return -1;
	if (password_verify(call->ctx, password, user->password_hash, &match))
		return guard_fail(call, &user->attempt);
	if (!match || locked)
		return credentials_wrong(call, CREDENTIAL_PASSWORD);
	return user->suspended ? refuse_suspended(call, &user->attempt) : 0;
}

int credentials_of_address(struct rpc_call *call, struct credentials *ret)
{
	const char *folded = text_fold(&call->ctx->arena, rpc_param(call, "email"));
	if (guard_network(call))
		return -1;
	struct pg_result *row = pg_read(call->ctx, call->db, BY_ADDRESS, folded, throttle_network(call));
	if (!row)
		return -1;
	*ret = read(row);
	return prove(call, folded, rpc_param(call, "password"), ret);
}

int credentials_of_caller(struct rpc_call *call, const char *password, struct credentials *ret)
{
	if (call->caller->actor[0] != '\0')
		return context_fail(call->ctx, ERROR_FORBIDDEN, "impersonation", "only the user in person may do this");
	if (guard_network(call))
		return -1;
	struct pg_result *row = pg_read(call->ctx, call->db, BY_ID, rpc_caller_id(call), throttle_network(call));
	if (!row)
		return -1;
	*ret = read(row);
	if (prove(call, pg_count(row) > 0 ? pg_text(row, 0, 6) : "", password, ret))
		return -1;
	return guard_forget(call, &ret->attempt);
}

int credentials_lock(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *password_changed_at,
		     bool *ret_second_factor)
{
	pg_queue(call->ctx, tx, LOCK_USER, user_id);
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_HOLDS, user_id, password_changed_at);
	if (!row)
		return -1;
	if (ret_second_factor)
		*ret_second_factor = pg_boolean(row, 0, 1);
	return pg_boolean(row, 0, 0) ? 0 : credentials_wrong(call, CREDENTIAL_PASSWORD);
}
