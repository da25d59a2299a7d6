#include "credentials/login_guard.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "credentials/throttle.h"
#include "letters/notice.h"

#define MINUTE (INT64_C(60) * CLOCK_SECOND)

/* A lock must not be shorter than its window: the try that began the lock is recognised by being told to wait for
 * exactly the lock's time. */
static const struct throttle_rule network_rule = {"login.network", "login_limit_network", 15 * MINUTE, 15 * MINUTE};
static const struct throttle_rule account_rules[] = {
    [GUARD_PASSWORD] = {"login.account", "login_limit_account", 15 * MINUTE, 15 * MINUTE},
    [GUARD_CODE] = {"second_factor.account", "second_factor_limit", 15 * MINUTE, 15 * MINUTE},
};

/* The event is recorded each time; letters are limited, so that repeated locks cannot fill the mailbox. */
static const struct throttle_rule letter_rule = {"locked.letter", "letter_limit", 24 * 60 * MINUTE, 0};

/* To the day is enough: a login need not write what it knows. Housekeeping removes what is older than 30 days. */
static const char REMEMBER_NETWORK[] =
    "INSERT INTO known_network AS n (user_id, network) VALUES ($1, $2) ON CONFLICT (user_id, network) DO UPDATE "
    "SET last_login_at = now() WHERE n.last_login_at < now() - interval '1 day'";

int guard_network(struct rpc_call *call)
{
	return throttle_enforce(call, &network_rule, throttle_network(call));
}

static const char *key_of(struct rpc_call *call, const struct guard_try *attempt)
{
	if (!attempt->known_network)
		return attempt->account;
	return arena_printf(&call->ctx->arena, "%s\n%s", attempt->account, throttle_network(call));
}

/* The same for an account that does not exist, but for the letter. */
static int tell_of_lock(struct rpc_call *call, const struct guard_try *attempt)
{
	int64_t wait = 0;
	if (attempt->user_id && throttle_count(call, &letter_rule, attempt->user_id, &wait))
		return -1;
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	if (!tx)
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "auth.locked", .user_id = attempt->user_id});
	if (attempt->user_id && wait == 0 && notice_queue(call, tx, "account_locked", attempt->user_id, NULL))
		return -1;
	return rpc_commit(call, tx);
}

int guard_count(struct rpc_call *call, const struct guard_try *attempt, bool *ret_locked)
{
	const struct throttle_rule *rule = &account_rules[attempt->subject];
	int64_t wait = 0;
	if (throttle_count(call, rule, key_of(call, attempt), &wait))
		return -1;
	*ret_locked = wait > 0;
	return wait == rule->lock ? tell_of_lock(call, attempt) : 0;
}

int guard_fail(struct rpc_call *call, const struct guard_try *attempt)
{
	const struct error failed = call->ctx->error;
	if (failed.code != ERROR_OVERLOADED)
		return -1;
	error_clear(&call->ctx->error);
	if (throttle_take_back(call, &account_rules[attempt->subject], key_of(call, attempt)))
		error_clear(&call->ctx->error);
	call->ctx->error = failed;
	return -1;
}

int guard_forget(struct rpc_call *call, const struct guard_try *attempt)
{
	return throttle_forget(call, &account_rules[attempt->subject], key_of(call, attempt));
}

void guard_forget_in(struct rpc_call *call, struct pg_tx *tx, const struct guard_try *attempt)
{
	throttle_forget_in(call, tx, &account_rules[attempt->subject], key_of(call, attempt));
}

void guard_remember_network(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	pg_queue(call->ctx, tx, REMEMBER_NETWORK, user_id, throttle_network(call));
}
