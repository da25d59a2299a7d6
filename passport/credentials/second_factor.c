#include "credentials/second_factor.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "credentials/credentials.h"
#include "credentials/login_guard.h"
#include "credentials/recovery_code.h"
#include "credentials/throttle.h"
#include "credentials/totp.h"
#include "credentials/totp_code.h"
#include "letters/notice.h"

#include <string.h>

static const char SELECT_KNOWN_NETWORK[] = "SELECT " GUARD_KNOWN_NETWORK("$2") " FROM user_account u WHERE u.id = $1";

static const char LOCK_TOTP[] = "SELECT encode(secret_sealed, 'hex'), last_step FROM totp WHERE user_id = $1 "
				"AND confirmed_at IS NOT NULL FOR UPDATE";

static const char USE_STEP[] = "UPDATE totp SET last_step = $2 WHERE user_id = $1";

int second_factor_count(struct rpc_call *call, const char *user_id, struct guard_try *ret_try, bool *ret_locked)
{
	struct pg_result *row = pg_read(call->ctx, call->db, SELECT_KNOWN_NETWORK, user_id, throttle_network(call));
	if (!row)
		return -1;
	*ret_try = (struct guard_try){.subject = GUARD_CODE,
				      .account = user_id,
				      .user_id = user_id,
				      .known_network = pg_count(row) > 0 && pg_boolean(row, 0, 0)};
	return guard_count(call, ret_try, ret_locked);
}

/* A recovery code was used: the user has lost the app, or a stranger has found the codes: so the user is told. */
static int tell_of_recovery(struct rpc_call *call, struct pg_tx *tx, const char *user_id)
{
	audit_record(call, tx, &(struct audit_event){.action = "second_factor.recovered", .user_id = user_id});
	return notice_queue(call, tx, "second_factor_changed", user_id, "{\"change\":\"recovered\"}");
}

static int take_recovery_code(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *code,
			      const char **ret_method)
{
	bool taken = false;
	if (recovery_code_take(call, tx, user_id, code, &taken))
		return -1;
	if (!taken)
		return credentials_wrong(call, CREDENTIAL_CODE);
	*ret_method = "recovery";
	return tell_of_recovery(call, tx, user_id);
}

int second_factor_take(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *code,
		       const char **ret_method)
{
	struct arena *arena = &call->ctx->arena;
	struct pg_result *row = pg_query(call->ctx, tx, LOCK_TOTP, user_id);
	const char *digits = totp_code_digits(arena, code);
	int64_t step = 0;
	if (!row)
		return -1;
	if (pg_count(row) == 0)
		return credentials_wrong(call, CREDENTIAL_CODE);
	if (!digits)
		return take_recovery_code(call, tx, user_id, code, ret_method);
	if (totp_find(call, pg_text(row, 0, 0), digits, pg_integer(row, 0, 1), &step))
		return -1;
	if (step == 0)
		return credentials_wrong(call, CREDENTIAL_CODE);
	pg_queue(call->ctx, tx, USE_STEP, user_id, arena_printf(arena, "%lld", (long long)step));
	*ret_method = "otp";
	return 0;
}
