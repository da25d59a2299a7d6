#include "rpc/hangup.h"

#include "co/co.h"

#include <stddef.h>
#include <string.h>

void rpc_hangup_tell(void *hangup)
{
	struct rpc_hangup *told = hangup;
	told->gone = true;
	for (struct rpc_hangup_call *call = told->calls; call; call = call->next)
		co_cancel(call->co);
}

int rpc_hangup_enter(struct context *ctx, struct rpc_hangup *hangup, struct rpc_hangup_call *call)
{
	*call = (struct rpc_hangup_call){.co = NULL};
	if (!hangup)
		return 0;
	if (hangup->gone)
		return context_fail(ctx, ERROR_UNAVAILABLE, "cancelled", NULL);
	call->co = co_self();
	call->next = hangup->calls;
	if (call->next)
		call->next->place = &call->next;
	call->place = &hangup->calls;
	hangup->calls = call;
	return 0;
}

void rpc_hangup_leave(struct rpc_hangup_call *call)
{
	if (!call->co)
		return;
	*call->place = call->next;
	if (call->next)
		call->next->place = call->place;
	call->co = NULL;
}

bool rpc_hangup_caused(const struct context *ctx)
{
	return ctx->error.code == ERROR_UNAVAILABLE && strcmp(ctx->error.reason, "cancelled") == 0;
}
