#include "sessions/login.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/ids.h"
#include "credentials/credentials.h"
#include "credentials/login_guard.h"
#include "credentials/password.h"
#include "credentials/second_factor.h"
#include "letters/one_time_token.h"
#include "sessions/session.h"

#define CHALLENGE "second_factor"
#define CHALLENGE_SECONDS 300

static const char UPGRADE_HASH[] = "UPDATE user_account SET password_hash = $2 WHERE id = $1 AND password_hash = $3";

/* Methods are kept in the order in which they were first used. */
static const char RENEW_SESSION[] =
    "UPDATE session SET auth_time = now(), methods = methods || ARRAY(SELECT m FROM unnest($2::text[]) m "
    "WHERE m <> ALL (methods)) WHERE id = $1 AND ended_at IS NULL AND expires_at > now() AND idle_expires_at > now() "
    "RETURNING id";

/* The state between the two calls of a login. */
struct challenge {
	const char *user_id, *password_changed_at;
};

/* A hash of older parameters is replaced while the password is at hand. *ret_fresh: NULL when it need not be. */
static int fresh_hash(struct rpc_call *call, const struct credentials *user, const char **ret_fresh)
{
	*ret_fresh = NULL;
	if (!password_outdated(user->password_hash))
		return 0;
	*ret_fresh = password_hash(call->ctx, rpc_param(call, "password"));
	return *ret_fresh ? 0 : -1;
}

/* Opens the session of a user whom the caller has locked, commits, and answers its tokens. */
static int open_session(struct rpc_call *call, struct pg_tx *tx, const char *user_id, const char *methods)
{
	const struct session_start start = {.user_id = user_id, .methods = methods};
	const struct session_keys keys = session_open(call, tx, &start);
	guard_remember_network(call, tx, user_id);
	audit_record(
	    call, tx,
	    &(struct audit_event){.action = "session.started",
				  .user_id = user_id,
				  .details = arena_printf(&call->ctx->arena, "{\"session_id\":\"%s\"}", keys.session)});
	return session_commit(call, tx, &keys);
}

static int ask_for_code(struct rpc_call *call, struct pg_tx *tx, const struct credentials *user)
{
	char subject[UUID_SIZE];
	uuid_make(subject);
	const struct one_time_token token = {.purpose = CHALLENGE,
					     .subject = subject,
					     .lifetime = CHALLENGE_SECONDS * CLOCK_SECOND,
					     .data = arena_printf(&call->ctx->arena,
								  "{\"user_id\":\"%s\",\"password_changed_at\":\"%s\"}",
								  user->user_id, user->password_changed_at)};
	const char *challenge = one_time_token_make(call->ctx, tx, &token);
	if (!challenge || rpc_commit(call, tx))
		return -1;
	return rpc_reply_printf(call,
				"{\"second_factor\":{\"challenge\":\"%s\",\"methods\":[\"otp\",\"recovery\"],"
				"\"expires_in\":%d}}",
				challenge, CHALLENGE_SECONDS);
}

int auth_login(struct rpc_call *call)
{
	struct credentials user = {0};
	const char *fresh = NULL;
	bool factor = false;
	if (credentials_of_address(call, &user))
		return -1;
	if (fresh_hash(call, &user, &fresh))
		return guard_fail(call, &user.attempt);
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	if (!tx || credentials_lock(call, tx, user.user_id, user.password_changed_at, &factor))
		return -1;
	guard_forget_in(call, tx, &user.attempt);
	if (fresh)
		pg_queue(call->ctx, tx, UPGRADE_HASH, user.user_id, fresh, user.password_hash);
	return factor ? ask_for_code(call, tx, &user) : open_session(call, tx, user.user_id, "{pwd}");
}

static void put(void *argument)
{
	json_object_put(argument);
}

static int read_challenge(struct rpc_call *call, const struct one_time_token *token, struct challenge *ret)
{
	struct json_object *data = json_tokener_parse(token->data);
	if (!data)
		return context_fail_internal(call->ctx, "the data of a challenge cannot be read");
	context_defer(call->ctx, put, data);
	*ret = (struct challenge){.user_id = json_object_get_string(json_object_object_get(data, "user_id")),
				  .password_changed_at =
				      json_object_get_string(json_object_object_get(data, "password_changed_at"))};
	return 0;
}

/* Counts a try at the challenge, for good: it is committed before the code is looked at. */
static int try_challenge(struct rpc_call *call, struct challenge *ret)
{
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	struct one_time_token token;
	if (!tx || one_time_token_try(call, tx, CHALLENGE, rpc_param(call, "challenge"), &token) ||
	    rpc_commit(call, tx))
		return -1;
	return read_challenge(call, &token, ret);
}

int auth_second_factor(struct rpc_call *call)
{
	struct challenge challenge = {0};
	const char *method = NULL;
	bool locked = false;
	struct guard_try attempt;
	if (guard_network(call) || try_challenge(call, &challenge) ||
	    second_factor_count(call, challenge.user_id, &attempt, &locked))
		return -1;
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	if (!tx || credentials_lock(call, tx, challenge.user_id, challenge.password_changed_at, NULL) ||
	    second_factor_take(call, tx, challenge.user_id, rpc_param(call, "code"), &method))
		return -1;
	if (locked)
		return credentials_wrong(call, CREDENTIAL_CODE);
	struct one_time_token taken;
	if (one_time_token_take(call, tx, CHALLENGE, rpc_param(call, "challenge"), &taken))
		return -1;
	guard_forget_in(call, tx, &attempt);
	return open_session(call, tx, challenge.user_id, arena_printf(&call->ctx->arena, "{pwd,%s}", method));
}

static int code_needed(struct rpc_call *call)
{
	return context_fail(call->ctx, ERROR_FORBIDDEN, "second_factor", "a code is needed too");
}

/* The methods that the caller has proved, as an array; NULL with an error. */
static const char *prove_caller(struct rpc_call *call, struct pg_tx *tx, const struct credentials *user, bool locked)
{
	const char *method = NULL;
	bool factor = false;
	if (credentials_lock(call, tx, user->user_id, user->password_changed_at, &factor))
		return NULL;
	if (!user->second_factor) {
		if (factor) /* turned on a moment ago: no code was asked for or counted */
			(void)code_needed(call);
		return factor ? NULL : "{pwd}";
	}
	if (second_factor_take(call, tx, user->user_id, rpc_param(call, "code"), &method))
		return NULL;
	if (!locked)
		return arena_printf(&call->ctx->arena, "{pwd,%s}", method);
	(void)credentials_wrong(call, CREDENTIAL_CODE);
	return NULL;
}

static int renew(struct rpc_call *call, struct pg_tx *tx, const char *methods)
{
	struct pg_result *session = pg_query(call->ctx, tx, RENEW_SESSION, call->caller->session, methods);
	if (!session)
		return -1;
	if (pg_count(session) == 0)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "revoked", "the session has ended");
	audit_record(call, tx,
		     &(struct audit_event){.action = "session.reauthenticated", .user_id = rpc_caller_id(call)});
	return 0;
}

int auth_reauthenticate(struct rpc_call *call)
{
	const struct session_keys keys = {.session = call->caller->session};
	struct credentials user = {0};
	struct guard_try attempt = {0};
	bool locked = false;
	if (credentials_of_caller(call, rpc_param(call, "password"), &user))
		return -1;
	if (user.second_factor && !rpc_param(call, "code"))
		return code_needed(call);
	if (user.second_factor && second_factor_count(call, user.user_id, &attempt, &locked))
		return -1;
	struct pg_tx *tx = pg_begin(call->ctx, call->db);
	const char *methods = tx ? prove_caller(call, tx, &user, locked) : NULL;
	if (!methods || renew(call, tx, methods))
		return -1;
	if (user.second_factor)
		guard_forget_in(call, tx, &attempt);
	return session_commit(call, tx, &keys);
}
