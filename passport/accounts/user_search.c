#include "accounts/user_search.h"

#include "accounts/user_record.h"
#include "base/ids.h"
#include "rpc/cursor.h"
#include "rpc/page.h"
#include "time_param.h"

#include <string.h>

static const char SELECT_USER[] = "SELECT (" USER_RECORD " || jsonb_build_object('companies', " USER_COMPANIES
				  "))::text FROM user_account u WHERE u.id = $1";

/* What stands in every statement beside the way in. $1: the text of the search. */
#define FILTERS                                                                              \
	"($2::text IS NULL OR u.state = $2) AND ($3::text IS NULL OR u.roles @> ARRAY[$3]) " \
	"AND ($4::timestamptz IS NULL OR u.created_at >= $4::timestamptz) "                  \
	"AND ($5::timestamptz IS NULL OR u.created_at < $5::timestamptz) "                   \
	"AND ($6::timestamptz IS NULL OR (u.created_at, u.id) < ($6::timestamptz, $7::uuid))"

#define PAGE "ORDER BY u.created_at DESC, u.id DESC " PAGE_LIMIT("$8")

/* One statement for each way in, so that each is planned on its own index. */
#define SELECT_USERS(way_in)                                                                                       \
	"SELECT " USER_RECORD "::text, u.created_at::text, u.id FROM user_account u WHERE " way_in " AND " FILTERS \
	" " PAGE

/* Words are looked up before anything else: going through the users by age in search of a rare word reads them all. */
static const char BY_WORDS[] =
    "WITH u AS MATERIALIZED (SELECT u.id, u.created_at FROM user_account u "
    "WHERE user_words(u.name, u.email) @@ user_words_query($1) AND " FILTERS "), "
    "page AS MATERIALIZED (SELECT u.id FROM u " PAGE ") "
    "SELECT " USER_RECORD "::text, u.created_at::text, u.id FROM page JOIN user_account u ON u.id = page.id "
    "ORDER BY u.created_at DESC, u.id DESC";

static const char BY_ID[] = SELECT_USERS("u.id = $1::uuid");
static const char STAFF[] = SELECT_USERS("$1::text IS NULL AND u.roles <> '{user}'");
static const char INACTIVE[] = SELECT_USERS("$1::text IS NULL AND u.state <> 'active'");
static const char ALL[] = SELECT_USERS("$1::text IS NULL");

int user_get(struct rpc_call *call)
{
	struct pg_result *user = pg_read(call->ctx, call->db, SELECT_USER, rpc_param(call, "id"));
	return user ? rpc_reply_row(call, user, "user") : -1;
}

static const char *choose(const char *text, const char *state, const char *role)
{
	if (text)
		return uuid_valid(text) ? BY_ID : BY_WORDS;
	if (role && strcmp(role, "user") != 0)
		return STAFF;
	return state && strcmp(state, "active") != 0 ? INACTIVE : ALL;
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

int user_search(struct rpc_call *call)
{
	const char *text = rpc_param(call, "text"), *state = rpc_param(call, "state"), *role = rpc_param(call, "role");
	const char *from = NULL, *to = NULL, *after[2];
	if (time_param(call, "created_from", &from, NULL) || time_param(call, "created_to", &to, NULL))
		return -1;
	const char *scope = arena_printf(&call->ctx->arena, "%s %s %s %s %s", or_none(state), or_none(role),
					 or_none(from), or_none(to), or_none(text));
	if (cursor_read(call, scope, 2, after))
		return -1;
	struct pg_result *rows = pg_read(call->ctx, call->db, choose(text, state, role), text, state, role, from, to,
					 after[0], after[1], rpc_param(call, "limit"));
	return rows ? rpc_reply_page(call, rows, scope, 2, NULL) : -1;
}
