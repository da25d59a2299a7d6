#include "limits/endpoint.h"

#include "base/fatal.h"
#include "gateway.h"
#include "limits/limits.h"
#include "outside.h"
#include "rpc/http_endpoint.h"
#include "token/bearer.h"
#include "trusted_proxies.h"

#include <stdlib.h>
#include <string.h>

struct endpoint {
	struct gateway *gateway;
	http_handler *handler;
	void *argument;
	struct endpoint *next;
};

/* NULL without a valid token. *ret_refused: why; the handler reports it, except for a daemon's token, which
 * endpoint_enter refuses. */
static const struct identity *identify(struct context *ctx, struct token_verifier *verifier, const char *authorization,
				       struct error *ret_refused)
{
	const char *token = bearer_token(authorization);
	const struct identity *identity = token ? outside_identity(ctx, verifier, token, strlen(token)) : NULL;
	*ret_refused = ctx->error;
	error_clear(&ctx->error);
	return identity;
}

int endpoint_enter(struct gateway *gateway, struct http_exchange *exchange, const struct charge *charge,
		   struct caller *ret_caller)
{
	struct context *ctx = exchange->ctx;
	const char *client = trusted_proxies_client(gateway->proxies, &ctx->arena, exchange->peer,
						    http_header_list(exchange, "X-Forwarded-For"));
	struct error refused;
	limits_caller(gateway->limits, ret_caller, client,
		      identify(ctx, gateway->worker->verifier, http_header_list(exchange, "Authorization"), &refused));
	if (limits_charge(gateway->limits, ctx, ret_caller, charge)) {
		limits_rest(gateway->limits);
		rpc_http_fail(exchange, 429);
		return -1;
	}
	if (refused.code != ERROR_FORBIDDEN)
		return 0;
	ctx->error = refused;
	rpc_http_fail(exchange, 403);
	return -1;
}

struct endpoint *endpoint_new(struct gateway *gateway, http_handler *handler, void *argument, struct endpoint *others)
{
	struct endpoint *endpoint = must_calloc(1, sizeof(*endpoint));
	*endpoint = (struct endpoint){gateway, handler, argument, others};
	return endpoint;
}

void endpoint_handle(struct http_exchange *exchange, void *argument)
{
	struct endpoint *endpoint = argument;
	struct caller caller;
	if (endpoint_enter(endpoint->gateway, exchange, &LIMITS_CHEAP, &caller) == 0)
		endpoint->handler(exchange, endpoint->argument);
}

void endpoints_free(struct endpoint *endpoint)
{
	while (endpoint) {
		struct endpoint *next = endpoint->next;
		free(endpoint);
		endpoint = next;
	}
}
