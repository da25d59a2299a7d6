#include "booking/by_member.h"

#include "rpc/token.h"

static const char SELECT_COMPANY[] =
    "SELECT l.company_id, floor(extract(epoch FROM l.created_at) * 1000000)::bigint FROM listing l WHERE l.id = $1";

/* The token was made when the company was there, and carries all companies of its user. */
static bool says_all(const struct identity *caller, int64_t listing_created)
{
	return !caller->companies_partial && caller->issued > listing_created + TOKEN_SKEW;
}

int booking_by_member(struct rpc_call *call, const char *listing_id, const char **ret)
{
	struct pg_result *listing = pg_read(call->ctx, call->db, SELECT_COMPANY, listing_id);
	bool member = false;
	if (!listing)
		return -1;
	if (pg_count(listing) == 0)
		return rpc_not_found(call, "listing");
	const char *company_id = pg_text(listing, 0, 0);
	*ret = "false";
	if (identity_right(call->caller, company_id) != RIGHT_NONE)
		*ret = "true";
	else if (!says_all(call->caller, pg_integer(listing, 0, 1))) {
		if (rpc_caller_is_member(call, company_id, &member)) {
			if (call->ctx->error.code != ERROR_UNAVAILABLE)
				return -1;
			error_clear(&call->ctx->error);
			*ret = NULL;
		} else if (member) {
			*ret = "true";
		}
	}
	return 0;
}
