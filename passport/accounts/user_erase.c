#include "accounts/user_erase.h"

#include "accounts/user_state.h"
#include "audit/audit.h"
#include "companies/user_companies.h"
#include "credentials/credentials.h"
#include "outbox/erasure.h"
#include "rpc/erased_user.h"
#include "sessions/revocation.h"
#include "sessions/session.h"

/* What the person was known by, before it goes. */
static const char SELECT_PERSON[] =
    "SELECT email, email_folded, 'admin' = ANY (roles) FROM user_account WHERE id = $1 FOR NO KEY UPDATE";

static const char ANONYMISE[] =
    "UPDATE user_account SET email = 'erased-' || id || '@erased.invalid', email_folded = 'erased-' || id || "
    "'@erased.invalid', password_hash = '', name = '', locale = 'en', time_zone = 'UTC', roles = '{user}', "
    "attributes = '{}', state = 'erased', state_reason = '', version = version + 1, updated_at = now() WHERE id = $1";

/* By which the rows of a person are found. */
enum found_by { BY_ID, BY_ADDRESS, BY_FOLDED_ADDRESS, FOUND_BY_COUNT };

struct scrubbing {
	enum found_by by; /* $1 */
	const char *sql;
};

/* What a person has few of. */
static const struct scrubbing belongings[] = {
    {BY_ID, "DELETE FROM totp WHERE user_id = $1"},
    {BY_ID, "DELETE FROM recovery_code WHERE user_id = $1"},
    {BY_ID, "DELETE FROM known_network WHERE user_id = $1"},
    {BY_ID, "DELETE FROM one_time_token WHERE subject = $1"},
    {BY_ID, "DELETE FROM invitation WHERE user_id = $1"},
    {BY_ID, "UPDATE invitation SET state = 'revoked', answered_at = now() WHERE invited_by = $1 AND state = 'pending' "
	    "AND company_id IN (SELECT company_id FROM company_member WHERE user_id = $1)"},
    {BY_FOLDED_ADDRESS, "DELETE FROM registration WHERE email_folded = $1"},
    {BY_ADDRESS, "DELETE FROM mail WHERE lower(recipient) = lower($1)"},
};

#define AUDIT_BATCH(whose)                                                                                    \
	"WITH batch AS (SELECT a.id FROM audit_event a WHERE " whose " AND a.id > " BACKGROUND_JOB_AFTER_UUID \
	" ORDER BY a.id LIMIT $2::bigint), "

/* What there may be any number of: in batches, by the id or by the folded address. What is deleted, or loses what it is
 * found by, needs no key to go on from. What happened stays in the trail; who it was does not. */
static const struct background_job_step steps[] = {
    {"WITH batch AS (SELECT s.id FROM session s WHERE s.user_id = $1 AND s.id > " BACKGROUND_JOB_AFTER_UUID
     " ORDER BY s.id LIMIT $2::bigint), nowhere AS (UPDATE session SET address = '', user_agent = '', device = '' "
     "WHERE id IN (SELECT id FROM batch)) SELECT count(*), max(id::text) FROM batch",
     false},
    ERASURE_OF_ANSWERS,
    {"WITH batch AS (SELECT i.id FROM invitation i WHERE i.email_folded = $1 AND $3::text IS NOT NULL "
     "LIMIT $2::bigint), gone AS (DELETE FROM invitation WHERE id IN (SELECT id FROM batch)) "
     "SELECT count(*), '' FROM batch",
     true},
    {AUDIT_BATCH("a.user_id = $1") "nobody AS (UPDATE audit_event SET address = '', user_agent = '', details = '{}' "
				   "WHERE id IN (SELECT id FROM batch)) SELECT count(*), max(id::text) FROM batch",
     false},
    {AUDIT_BATCH("a.actor <> '' AND a.actor = $1") "nobody AS (UPDATE audit_event SET address = '', user_agent = '' "
						   "WHERE id IN (SELECT id FROM batch)) "
						   "SELECT count(*), max(id::text) FROM batch",
     false},
    {"WITH batch AS (SELECT a.id FROM audit_event a WHERE a.details ? 'email' AND lower(a.details->>'email') = $1 "
     "AND $3::text IS NOT NULL LIMIT $2::bigint), nobody AS (UPDATE audit_event SET details = details - 'email' "
     "WHERE id IN (SELECT id FROM batch)) SELECT count(*), '' FROM batch",
     true},
};

struct person {
	const char *found_by[FOUND_BY_COUNT];
	bool is_admin;
};

static void scrub(struct rpc_call *call, struct pg_tx *tx, const struct person *person)
{
	for (size_t i = 0; i < ARRAY_SIZE(belongings); i++)
		pg_queue(call->ctx, tx, belongings[i].sql, person->found_by[belongings[i].by]);
}

/* Locks whatever is going to change but for the order of revocations, which comes last. */
static int lock_all(struct rpc_call *call, struct pg_tx *tx, const struct credentials *proved,
		    struct user_companies *companies, struct person *ret)
{
	const char *id = rpc_caller_id(call);
	*ret = (struct person){.found_by = {[BY_ID] = id}};
	if (user_companies_lock(call, tx, companies) ||
	    credentials_lock(call, tx, id, proved->password_changed_at, NULL) ||
	    user_companies_unchanged(call, tx, companies))
		return -1;
	struct pg_result *row = pg_query(call->ctx, tx, SELECT_PERSON, id);
	if (!row)
		return -1;
	ret->found_by[BY_ADDRESS] = pg_text(row, 0, 0);
	ret->found_by[BY_FOLDED_ADDRESS] = pg_text(row, 0, 1);
	ret->is_admin = pg_boolean(row, 0, 2);
	if (ret->is_admin && user_keep_administrator(call, tx, id))
		return -1;
	session_lock_all(call, tx, id);
	return 0;
}

static int end_everything(struct rpc_call *call, struct pg_tx *tx, const struct user_companies *companies)
{
	const char *id = rpc_caller_id(call);
	if (user_companies_leave(call, tx, companies) || session_end_all(call, tx, id, NULL, "erased"))
		return -1;
	revocation_add_user(call, tx, id);
	if (rpc_publish(call, tx, "passport.user.erased", id, arena_printf(&call->ctx->arena, "{\"id\":\"%s\"}", id)))
		return -1;
	erased_user_remember(call->ctx, tx, id, NULL);
	return 0;
}

int user_erase_forget(struct rpc_call *call, struct pg_tx *tx, const struct background_job *job,
		      const char **ret_position)
{
	return background_job_steps(call, tx, job, steps, ARRAY_SIZE(steps), ret_position);
}

int user_erase(struct rpc_call *call)
{
	struct credentials proved;
	if (credentials_of_caller(call, rpc_param(call, "password"), &proved) || user_companies_check(call))
		return -1;
	struct pg_tx *tx = rpc_begin_alone(call);
	if (!tx)
		return rpc_replayed(call);
	struct person person;
	struct user_companies companies;
	if (lock_all(call, tx, &proved, &companies, &person))
		return -1;
	scrub(call, tx, &person);
	pg_queue(call->ctx, tx, ANONYMISE, rpc_caller_id(call));
	if (end_everything(call, tx, &companies))
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "user.erased", .user_id = rpc_caller_id(call)});
	if (background_job_start(call, tx, ERASURE_JOB, rpc_caller_id(call), person.found_by[BY_FOLDED_ADDRESS]))
		return -1;
	return rpc_commit_text(call, tx, "{\"erased\":true}");
}
