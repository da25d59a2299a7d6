/* A client of the toy daemon and its calls, for the tests of the client. */
#ifndef EVENTLOOP_TESTS_CLIENT_CLIENT_FIXTURE_H
#define EVENTLOOP_TESTS_CLIENT_CLIENT_FIXTURE_H

#include "rpc/toy.h"

static inline struct rpc_client *make_client(const char *toy_addresses, const char *passport_addresses,
					     const char *secret)
{
	const struct rpc_peer peers[] = {{"toy", toy_addresses}, {"passport", passport_addresses}, {NULL, NULL}};
	return rpc_client_new(
	    &(struct rpc_client_options){.self = "events", .secret = secret, .link = TOY_LINK_SECRETS, .peers = peers});
}

static inline const char *address(struct toy *toy)
{
	return arena_printf(&toy->key.arena, "127.0.0.1:%u", link_server_port(toy->link));
}

static inline const char *passport_address(struct toy *toy)
{
	return arena_printf(&toy->key.arena, "127.0.0.1:%u", link_server_port(toy->passport));
}

static inline struct json_object *invoke(struct context *ctx, struct rpc_client *client, const char *method,
					 enum rpc_as as, const char *token)
{
	struct rpc_request request = {.method = method, .params = "{}", .as = as, .token = token, .idempotent = true};
	context_init(ctx, deadline_after(20 * CLOCK_SECOND));
	return rpc_invoke(ctx, client, &request);
}

static inline void expect_error(struct rpc_client *client, const char *method, enum rpc_as as, const char *token,
				enum error_code code, const char *reason)
{
	struct context ctx;
	assert_null(invoke(&ctx, client, method, as, token));
	assert_int_equal(ctx.error.code, code);
	assert_string_equal(ctx.error.reason, reason);
	context_done(&ctx);
}

#endif
