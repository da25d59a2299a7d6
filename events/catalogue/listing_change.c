#include "catalogue/listing_change.h"

#include "base/ids.h"
#include "daemon/daemon.h"

#define SETTING "company_waiting"

/* The change c, for facts. Facts do not tell who decided. */
#define CHANGE_JSON                                                                                              \
	"jsonb_build_object('listing_id', c.listing_id, 'company_id', c.company_id, 'kind', c.kind, 'version', " \
	"c.version, 'changes', c.fields, 'state', c.state, 'submitted_at', api_time(c.submitted_at), "           \
	"'decided_at', api_time(c.decided_at), 'reason', c.reason)::text"

static const char SELECT_WAITING[] =
    "SELECT fields::text, version, submitted_by, submitter_created_by FROM listing_change WHERE listing_id = $1 "
    "AND state = 'pending'";

static const char PUT_CHANGE[] =
    "INSERT INTO listing_change AS c (id, listing_id, company_id, kind, base_version, version, fields, state, "
    "submitted_at, submitted_by, submitter_created_by) SELECT $1, l.id, l.company_id, 'change', l.version, "
    "l.version + 1, $3::jsonb, 'pending', now(), $4, $5 FROM listing l WHERE l.id = $2 "
    "ON CONFLICT (listing_id) WHERE state = 'pending' DO UPDATE SET base_version = excluded.base_version, version = "
    "excluded.version, fields = excluded.fields, "
    "submitted_at = excluded.submitted_at, submitted_by = excluded.submitted_by, "
    "submitter_created_by = excluded.submitter_created_by RETURNING " CHANGE_JSON;

static const char WITHDRAW_CHANGE[] =
    "DELETE FROM listing_change c WHERE c.listing_id = $1 AND c.state = 'pending' RETURNING " CHANGE_JSON;

/* Of one company one at a time, so that two at once do not both find the last place. */
static const char LOCK_ROOM[] = "SELECT pg_advisory_xact_lock(hashtextextended('events.waiting ' || $1::text, 0))";

static const char IS_FULL[] =
    "SELECT count(*) >= $2::bigint FROM (SELECT 1 FROM listing WHERE company_id = $1 AND state = 'submitted' "
    "UNION ALL SELECT 1 FROM listing_change WHERE company_id = $1 AND state = 'pending' LIMIT $2::bigint) waiting";

static const char DECIDE_CHANGE[] =
    "UPDATE listing_change c SET state = $2, reason = coalesce($3, ''), decided_by = $4, decided_at = now() "
    "WHERE c.listing_id = $1 AND c.state = 'pending' RETURNING " CHANGE_JSON;

static const char DECIDE_LISTING[] =
    "INSERT INTO listing_change AS c (id, listing_id, company_id, kind, base_version, version, fields, state, "
    "submitted_at, submitted_by, submitter_created_by, decided_at, decided_by, reason) SELECT $5, l.id, l.company_id, "
    "'listing', l.version, l.version, " LISTING_WORDS_JSON ", $2, coalesce(l.submitted_at, l.created_at), "
    "l.submitted_by, l.submitter_created_by, now(), $4, coalesce($3, '') FROM listing l WHERE l.id = $1 "
    "RETURNING " CHANGE_JSON;

static const char FORGET_OLD[] =
    "DELETE FROM listing_change WHERE id IN (SELECT id FROM listing_change WHERE listing_id = $1 "
    "AND state <> 'pending' ORDER BY decided_at DESC NULLS FIRST, id DESC OFFSET " LISTING_CHANGE_KEPT ")";

struct pg_result *listing_change_waiting(struct rpc_call *call, struct pg_tx *tx, const char *listing_id)
{
	return pg_query(call->ctx, tx, SELECT_WAITING, listing_id);
}

int listing_change_put(struct rpc_call *call, struct pg_tx *tx, const char *listing_id, const char *fields)
{
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *change =
	    pg_query(call->ctx, tx, PUT_CHANGE, id, listing_id, fields, call->caller->id, rpc_caller_created_by(call));
	if (!change)
		return -1;
	return rpc_publish(call, tx, "events.listing.change_submitted", listing_id, pg_text(change, 0, 0));
}

int listing_change_withdraw(struct rpc_call *call, struct pg_tx *tx, const char *listing_id)
{
	struct pg_result *change = pg_query(call->ctx, tx, WITHDRAW_CHANGE, listing_id);
	if (!change)
		return -1;
	if (pg_count(change) == 0)
		return 0;
	return rpc_publish(call, tx, "events.listing.change_withdrawn", listing_id, pg_text(change, 0, 0));
}

int listing_change_check_room(struct rpc_call *call, struct pg_tx *tx, const char *company_id)
{
	long long most = config_integer(call->worker->config, SETTING);
	const char *maximum = arena_printf(&call->ctx->arena, "%lld", most);
	pg_queue(call->ctx, tx, LOCK_ROOM, company_id);
	struct pg_result *full = pg_query(call->ctx, tx, IS_FULL, company_id, maximum);
	if (!full)
		return -1;
	if (!pg_boolean(full, 0, 0))
		return 0;
	return rpc_precondition(call, "too_many", arena_printf(&call->ctx->arena, "\"maximum\":%lld", most),
				"%lld listings and changes of the company wait for moderators already", most);
}

const char *listing_change_decide(struct rpc_call *call, struct pg_tx *tx, const struct listing_decision *decision,
				  bool about_listing)
{
	const char *state = decision->approved ? "approved" : "rejected", *caller = rpc_caller_id(call);
	char id[UUID_SIZE];
	uuid_make(id);
	struct pg_result *change =
	    about_listing
		? pg_query(call->ctx, tx, DECIDE_LISTING, decision->listing_id, state, decision->reason, caller, id)
		: pg_query(call->ctx, tx, DECIDE_CHANGE, decision->listing_id, state, decision->reason, caller);
	if (!change)
		return NULL;
	pg_queue(call->ctx, tx, FORGET_OLD, decision->listing_id);
	return pg_text(change, 0, 0);
}

const struct data_check listing_change_check = {
    .name = SETTING,
    .help = "companies of which more waits for moderators than may",
    .setting = SETTING,
    .sql = "SELECT company_id, count(*) AS waiting FROM (SELECT company_id FROM listing WHERE state = 'submitted' "
	   "UNION ALL SELECT company_id FROM listing_change WHERE state = 'pending') waiting GROUP BY company_id "
	   "HAVING count(*) > $1::bigint ORDER BY company_id",
};
