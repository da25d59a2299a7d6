#include "booking/by_member.h"

#include "token/token.h"

#include <string.h>

#define TIMEOUT (CLOCK_SECOND / 2) /* the longest wait of a booking for passport; a newer token needs none */

static const char SELECT_COMPANY[] =
    "SELECT l.company_id, floor(extract(epoch FROM l.created_at) * 1000000)::bigint FROM listing l WHERE l.id = $1";

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

int booking_by_member(struct rpc_call *call, const char *listing_id, const char **ret)
{
	struct pg_result *listing = pg_read(call->ctx, call->db, SELECT_COMPANY, listing_id);
	if (!listing)
		return -1;
	if (pg_count(listing) == 0)
		return rpc_not_found(call, "listing");
	const char *company_id = pg_text(listing, 0, 0);
	*ret = identity_right(call->caller, company_id) != RIGHT_NONE ? "true" : "false";
	if (strcmp(*ret, "true") == 0 || says_all(call->caller, pg_integer(listing, 0, 1)))
		return 0;
	return ask(call, company_id, ret);
}
