#include "routes/status.h"

#include "base/buffer.h"
#include "base/version.h"
#include "client/client.h"
#include "gateway.h"

int gateway_status(struct rpc_call *call)
{
	struct buffer daemons;
	buffer_init_arena(&daemons, &call->ctx->arena, 4096);
	for (size_t i = 0; i < GATEWAY_DAEMONS; i++)
		buffer_printf(&daemons, "%s{\"name\":\"%s\",\"up\":%s}", i > 0 ? "," : "", gateway_daemons[i],
			      rpc_client_peer_up(call->client, gateway_daemons[i]) ? "true" : "false");
	return rpc_reply_printf(call, "{\"version\":\"%s\",\"daemons\":[%s]}", version_number, buffer_text(&daemons));
}
