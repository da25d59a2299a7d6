#include "audit/list.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/ids.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "time_param.h"

#include <stdio.h>
#include <string.h>

/* Ids are made where the event happens, the time by the database: so far apart the two clocks may be. */
#define CLOCKS_APART (3600 * CLOCK_SECOND)
#define LOWEST_ID "00000000-0000-0000-0000-000000000000"
#define HIGHEST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

/* $9: the caller is of the staff; $10: the caller. */
#define MAY_SEE_ORIGIN                                                                                  \
	"($9::boolean OR a.actor_kind <> 'user' OR a.actor = $10 OR ($2::uuid IS NOT NULL AND EXISTS (" \
	"SELECT FROM company_member m WHERE m.company_id = $2::uuid AND m.user_id::text = a.actor)))"

#define EVENT_JSON                                                                                              \
	"jsonb_build_object('id', a.id, 'occurred_at', api_time(a.occurred_at), 'action', a.action, "           \
	"'actor_kind', a.actor_kind, 'actor_id', nullif(a.actor, ''), 'acting_for', a.acting_for, "             \
	"'user_id', a.user_id, 'company_id', a.company_id, "                                                    \
	"'address', CASE WHEN " MAY_SEE_ORIGIN " THEN a.address END, "                                          \
	"'user_agent', CASE WHEN " MAY_SEE_ORIGIN " THEN a.user_agent END, "                                    \
	"'request_id', a.request_id, 'details', CASE WHEN $9::boolean THEN a.details ELSE " AUDIT_DETAILS_SHOWN \
	" END)::text"

/* One statement for each way in, so that each is planned on its own index; all filters stand in each. $5 and $6 bound
 * the ids, which are the order; $7 and $8 are the times asked for. */
#define SELECT_EVENTS(way_in)                                                                               \
	"SELECT " EVENT_JSON ", a.id FROM audit_event a WHERE " way_in                                      \
	" AND ($1::uuid IS NULL OR a.user_id = $1::uuid) AND ($2::uuid IS NULL OR a.company_id = $2::uuid)" \
	" AND ($3::text IS NULL OR a.actor = $3) AND ($4::text IS NULL OR a.action = $4)"                   \
	" AND a.id >= $5::uuid AND a.id < $6::uuid"                                                         \
	" AND ($7::timestamptz IS NULL OR a.occurred_at >= $7::timestamptz)"                                \
	" AND ($8::timestamptz IS NULL OR a.occurred_at < $8::timestamptz)"                                 \
	" ORDER BY a.id DESC " PAGE_LIMIT("$11")

static const char BY_USER[] = SELECT_EVENTS("a.user_id IS NOT NULL AND a.user_id = $1::uuid");
static const char BY_COMPANY[] = SELECT_EVENTS("a.company_id IS NOT NULL AND a.company_id = $2::uuid");
static const char BY_ACTOR[] = SELECT_EVENTS("a.actor <> '' AND a.actor = $3");
static const char BY_ACTION[] = SELECT_EVENTS("a.action = $4");
static const char ALL[] = SELECT_EVENTS("true");

struct filters {
	const char *user, *company, *actor, *action, *from, *to;
	char lowest[UUID_SIZE], highest[UUID_SIZE];
	bool is_staff;
};

/* The first id that is made at that time. */
static void first_id(int64_t wall, char id[static UUID_SIZE])
{
	uint64_t milliseconds = wall > 0 ? (uint64_t)(wall / CLOCK_MILLISECOND) & 0xffffffffffffU : 0;
	(void)snprintf(id, UUID_SIZE, "%08lx-%04lx-0000-0000-000000000000", (unsigned long)(milliseconds >> 16),
		       (unsigned long)(milliseconds & 0xffffU));
}

static int read_filters(struct rpc_call *call, struct filters *ret)
{
	int64_t from = 0, to = 0;
	*ret = (struct filters){
	    .user = rpc_param(call, "user_id"),
	    .company = rpc_param(call, "company_id"),
	    .actor = rpc_param(call, "actor_id"),
	    .action = rpc_param(call, "action"),
	    .lowest = LOWEST_ID,
	    .highest = HIGHEST_ID,
	    .is_staff = rpc_caller_has_role(call, ROLE_MODERATOR | ROLE_ADMIN),
	};
	if (time_param(call, "from", &ret->from, &from) || time_param(call, "to", &ret->to, &to))
		return -1;
	if (ret->from)
		first_id(from - CLOCKS_APART, ret->lowest);
	if (ret->to)
		first_id(to + CLOCKS_APART, ret->highest);
	return 0;
}

/* Whose trail it is: everybody's for the staff, a company's for its owner, else the caller's own. */
static int limit_to_caller(struct rpc_call *call, struct filters *filters)
{
	if (filters->is_staff)
		return 0;
	if (filters->company)
		return rpc_require_right(call, filters->company, RIGHT_OWNER);
	if (!filters->user)
		filters->user = rpc_caller_id(call);
	if (strcmp(filters->user, rpc_caller_id(call)) == 0)
		return 0;
	return rpc_forbidden(call,
			     "the events of others are for their companies' owners and the staff of the platform");
}

static const char *choose(const struct filters *filters)
{
	if (filters->user)
		return BY_USER;
	if (filters->company)
		return BY_COMPANY;
	if (filters->actor)
		return BY_ACTOR;
	return filters->action ? BY_ACTION : ALL;
}

static const char *scope_of(struct rpc_call *call, const struct filters *filters)
{
	const char *all[] = {filters->user,   filters->company, filters->actor,
			     filters->action, filters->from,	filters->to};
	const char *scope = filters->is_staff ? "staff" : "";
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		scope = arena_printf(&call->ctx->arena, "%s %s", scope, all[i] ? all[i] : "");
	return scope;
}

int audit_list(struct rpc_call *call)
{
	const char *after = NULL;
	struct filters filters;
	if (read_filters(call, &filters) || limit_to_caller(call, &filters))
		return -1;
	const char *scope = scope_of(call, &filters);
	if (cursor_read(call, scope, 1, &after))
		return -1;
	/* The page goes on below the last id shown, which lies within the bounds. */
	struct pg_result *rows =
	    pg_read(call->ctx, call->db, choose(&filters), filters.user, filters.company, filters.actor, filters.action,
		    filters.lowest, after ? after : filters.highest, filters.from, filters.to,
		    filters.is_staff ? "true" : "false", rpc_caller_id(call), rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 1, NULL) : -1;
}
