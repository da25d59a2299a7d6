#include "accounts/user_export.h"

#include "accounts/user_record.h"
#include "audit/audit.h"
#include "companies/invitation.h"

/* The newest ones: the rest of the trail is in passport.audit.list. */
#define MOST_EVENTS "5000"
#define MOST_ROWS "1000"

#define COMPANIES                                                                                          \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'right', m.\"right\", " \
	"'joined_at', api_time(m.created_at)) ORDER BY m.created_at, c.id), '[]') FROM company_member m "  \
	"JOIN company c ON c.id = m.company_id WHERE m.user_id = u.id)"

#define SECOND_FACTOR                                                                                   \
	"jsonb_build_object('enabled', t.confirmed_at IS NOT NULL, 'since', api_time(t.confirmed_at), " \
	"'recovery_codes_left', (SELECT count(*) FROM recovery_code r WHERE r.user_id = u.id))"

#define SESSIONS                                                                                               \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'device', s.device, 'user_agent', "         \
	"s.user_agent, 'address', s.address, 'started_at', api_time(s.started_at), 'last_seen_at', "           \
	"api_time(s.last_seen_at), 'ended_at', api_time(s.ended_at), 'end_reason', s.end_reason, 'methods', "  \
	"s.methods) ORDER BY s.id DESC), '[]') FROM (SELECT * FROM session WHERE user_id = u.id AND actor_id " \
	"IS NULL ORDER BY id DESC LIMIT " MOST_ROWS ") s)"

#define NETWORKS                                                                                 \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('network', n.network, 'last_login_at', "  \
	"api_time(n.last_login_at)) ORDER BY n.last_login_at DESC), '[]') FROM known_network n " \
	"WHERE n.user_id = u.id)"

#define INVITATIONS                                                                                               \
	"(SELECT coalesce(jsonb_agg(" INVITATION_JSON " ORDER BY i.id DESC), '[]') FROM (SELECT * FROM "          \
	"invitation WHERE email_folded = u.email_folded OR user_id = u.id ORDER BY id DESC LIMIT " MOST_ROWS ") " \
	"i JOIN company c ON c.id = i.company_id LEFT JOIN user_account b ON b.id = i.invited_by)"

/* Address and device of events by others are left out: they are their data. */
#define EVENTS                                                                                               \
	"(SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'occurred_at', api_time(a.occurred_at), " \
	"'action', a.action, 'actor_kind', a.actor_kind, 'actor_id', nullif(a.actor, ''), 'company_id', "    \
	"a.company_id, 'details', " AUDIT_DETAILS_SHOWN                                                      \
	") || CASE WHEN a.actor_kind = 'user' AND a.actor <> u.id::text THEN "                               \
	"'{}' ELSE jsonb_build_object('address', a.address, 'user_agent', a.user_agent) END ORDER BY a.id "  \
	"DESC), '[]') FROM (SELECT * FROM audit_event WHERE user_id IS NOT NULL AND user_id = u.id "         \
	"ORDER BY id DESC LIMIT " MOST_EVENTS ") a)"

static const char SELECT_EVERYTHING[] =
    "SELECT jsonb_build_object('exported_at', api_time(now()), 'profile', " USER_RECORD " - 'state_reason', "
    "'letters_off', u.letters_off, 'companies', " COMPANIES ", 'second_factor', " SECOND_FACTOR
    ", 'sessions', " SESSIONS ", 'networks', " NETWORKS ", 'invitations', " INVITATIONS ", 'audit_events', " EVENTS
    ")::text "
    "FROM user_account u LEFT JOIN totp t ON t.user_id = u.id WHERE u.id = $1";

int user_export(struct rpc_call *call)
{
	const char *id = rpc_caller_id(call);
	struct pg_tx *tx = rpc_begin(call);
	if (!tx)
		return rpc_replayed(call);
	struct pg_result *everything = pg_query(call->ctx, tx, SELECT_EVERYTHING, id);
	if (!everything)
		return -1;
	audit_record(call, tx, &(struct audit_event){.action = "user.exported", .user_id = id});
	return rpc_commit_row(call, tx, everything, "user");
}
