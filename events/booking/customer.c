#include "booking/customer.h"

#include "base/fault.h"
#include "booking/by_company.h"
#include "rpc/erased_user.h"

#include <string.h>

static const char LOCK_USER[] = "SELECT " ERASED_USER("$1::uuid") " FROM (SELECT " ERASED_USER_LOCK("$1") ") locked";

/* By an account or by a name with an address, not both. */
static int check(struct rpc_call *call)
{
	bool account = rpc_param(call, "customer.user_id"), name = rpc_param(call, "customer.name");
	bool address = rpc_param(call, "customer.phone") || rpc_param(call, "customer.email");
	if (account && (name || address))
		return rpc_invalid(call, "/params/customer/user_id", "beside", "\"name, phone, email\"");
	if (!account && !name)
		return rpc_invalid(call, "/params/customer/name", "required", NULL);
	if (!account && !address)
		return rpc_invalid(call, "/params/customer/email", "required", NULL);
	return 0;
}

int customer_read(struct rpc_call *call, const char *listing_id, bool required, struct customer *ret)
{
	bool given = rpc_param_json(call, "customer");
	*ret = (struct customer){.user_id = rpc_caller_id(call)};
	if (!given && required && call->caller->kind != IDENTITY_USER)
		return by_company_require(call, listing_id, RIGHT_STAFF)
			   ? -1
			   : rpc_invalid(call, "/params/customer", "required", NULL);
	if (!given)
		return 0;
	if (check(call) || (!FAULT("desk.right") && by_company_require(call, listing_id, RIGHT_STAFF)))
		return -1;
	const char *user_id = rpc_param(call, "customer.user_id");
	bool own = user_id && strcmp(user_id, call->caller->id) == 0;
	*ret = (struct customer){
	    .user_id = user_id,
	    .json = user_id ? NULL : rpc_param(call, "customer"),
	    .booked_by = own ? NULL : call->caller->id,
	};
	return 0;
}

int customer_lock(struct rpc_call *call, struct pg_tx *tx, const struct customer *customer)
{
	if (!customer->booked_by || !customer->user_id)
		return 0;
	struct pg_result *erased = pg_query(call->ctx, tx, LOCK_USER, customer->user_id);
	if (!erased)
		return -1;
	return pg_boolean(erased, 0, 0) ? rpc_invalid(call, "/params/customer/user_id", "exists", NULL) : 0;
}
