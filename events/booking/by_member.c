#include "booking/by_member.h"

#include "base/buffer.h"
#include "token/token.h"

#include <string.h>

#define IDS_MAX 65536
#define TIMEOUT (CLOCK_SECOND / 2) /* the longest wait of a booking for passport; a newer token needs none */

static const char SELECT_COMPANIES[] =
    "SELECT l.id, l.company_id, floor(extract(epoch FROM l.created_at) * 1000000)::bigint FROM listing l "
    "WHERE l.id = ANY ($1::uuid[])";

/* The token was made when the company was there, and carries all companies of its user. */
static bool says_all(const struct identity *caller, int64_t listing_created)
{
	return !caller->companies_partial && caller->issued > listing_created + TOKEN_SKEW;
}

/* "true" or "false" as passport says, NULL when it does not say so soon. -1 with an error. */
static int ask(struct rpc_call *call, const char *company_id, const char **ret)
{
	struct context *ctx = call->ctx;
	int64_t deadline = ctx->deadline, timeout = deadline_after(TIMEOUT);
	bool member = false;
	ctx->deadline = deadline < timeout ? deadline : timeout;
	int failed = rpc_caller_is_member(call, company_id, &member);
	ctx->deadline = deadline;
	*ret = failed ? NULL : member ? "true" : "false";
	if (!failed)
		return 0;
	if (ctx->error.code != ERROR_UNAVAILABLE && ctx->error.code != ERROR_DEADLINE_EXCEEDED &&
	    ctx->error.code != ERROR_OVERLOADED)
		return -1;
	error_clear(&ctx->error);
	return 0;
}

static int find(struct rpc_call *call, const struct pg_result *listings, size_t row, const char **ret)
{
	const char *company_id = pg_text(listings, row, 1);
	*ret = identity_right(call->caller, company_id) != RIGHT_NONE ? "true" : "false";
	if (strcmp(*ret, "true") == 0 || says_all(call->caller, pg_integer(listings, row, 2)))
		return 0;
	return ask(call, company_id, ret);
}

static int find_of(struct rpc_call *call, const struct pg_result *listings, const char *listing_id, const char **ret)
{
	for (size_t row = 0; row < pg_count(listings); row++)
		if (strcmp(pg_text(listings, row, 0), listing_id) == 0)
			return find(call, listings, row, ret);
	return rpc_not_found(call, "listing");
}

int booking_by_members(struct rpc_call *call, const char *const *listing_ids, size_t count, const char **ret)
{
	struct buffer ids;
	buffer_init_arena(&ids, &call->ctx->arena, IDS_MAX);
	for (size_t i = 0; i < count; i++)
		buffer_printf(&ids, "%c%s", i > 0 ? ',' : '{', listing_ids[i]);
	buffer_append_char(&ids, '}');
	struct pg_result *listings = pg_read(call->ctx, call->db, SELECT_COMPANIES, buffer_text(&ids));
	if (!listings)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (find_of(call, listings, listing_ids[i], &ret[i]))
			return -1;
	return 0;
}

int booking_by_member(struct rpc_call *call, const char *listing_id, const char **ret)
{
	return booking_by_members(call, &listing_id, 1, ret);
}
