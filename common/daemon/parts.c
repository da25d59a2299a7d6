#include "daemon/process.h"

#include "base/fatal.h"
#include "client/client.h"
#include "client/rights.h"
#include "daemon/fact_api.h"
#include "daemon/lanes.h"
#include "daemon/settings.h"
#include "http/client.h"
#include "rpc/dispatch.h"
#include "token/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_database(struct daemon_thread *thread, struct context *ctx)
{
	const struct config *config = thread->process->config;
	struct daemon_worker *worker = &thread->worker;
	if (!worker->spec->migrations)
		return 0;
	struct pg_options options = {
	    .url = config_text(config, "database_url"),
	    .read_connections = (size_t)config_integer(config, "database_read_connections"),
	    .lease_connections = (size_t)config_integer(config, "database_lease_connections"),
	    .queue_limit = (size_t)config_integer(config, "database_queue_limit"),
	};
	worker->db = pg_new(&options);
	if (!worker->db)
		return context_fail_internal(ctx, "database_url cannot be read");
	lanes_make(config, worker->api, thread->lanes);
	return 0;
}

static const char *own_token(struct context *ctx, void *argument, int64_t *ret_lifetime)
{
	struct daemon_worker *worker = argument;
	return worker->spec->make_service_token(worker, ctx, ret_lifetime);
}

static void make_client(struct daemon_thread *thread)
{
	const struct config *config = thread->process->config;
	struct daemon_worker *worker = &thread->worker;
	const struct rpc_peer peers[] = {
	    {"passport", config_text(config, "passport_link")},
	    {"events", config_text(config, "events_link")},
	    {"rating", config_text(config, "rating_link")},
	    {"images", config_text(config, "images_link")},
	    {NULL, NULL},
	};
	struct rpc_client_options options = {.self = worker->spec->name,
					     .secret = config_text(config, "service_secret"),
					     .link = settings_link_secrets(config),
					     .peers = peers,
					     .connections = (size_t)config_integer(config, "link_connections")};
	if (worker->spec->make_service_token) {
		options.make_token = own_token;
		options.argument = worker;
	}
	worker->client = rpc_client_new(&options);
}

/* The issuer in tokens of a passport of the last version, whose key set does not name its issuers. */
#define ISSUER_UNTOLD "https://passport.eventloop"

static int make_verifier(struct daemon_thread *thread, struct context *ctx)
{
	const struct config *config = thread->process->config;
	struct daemon_worker *worker = &thread->worker;
	const char *passport = config_text(config, "passport_url");
	size_t length = strlen(passport);
	while (length > 0 && passport[length - 1] == '/')
		length--;
	const char *issuer = config_text(config, "token_issuer");
	struct token_verifier_options options = {
	    .issuer = issuer[0] != '\0' ? issuer : ISSUER_UNTOLD,
	    .audience = config_text(config, "token_audience"),
	    .http = worker->http_client,
	    .refetch = config_integer(config, "token_keys_refetch"),
	};
	if (!worker->spec->issues_tokens)
		options.jwks_url = arena_printf(&ctx->arena, "%.*s/.well-known/jwks.json", (int)length, passport);
	worker->verifier = token_verifier_new(&options);
	return worker->verifier ? 0 : context_fail_internal(ctx, "no coroutine is left for the keys");
}

static int make_dispatcher(struct daemon_thread *thread, struct context *ctx)
{
	const struct config *config = thread->process->config;
	struct daemon_worker *worker = &thread->worker;
	struct rpc_handler *handlers = fact_api_handlers(worker->spec);
	struct rpc_dispatcher_options options = {
	    .api = worker->api,
	    .handlers = handlers,
	    .verifier = worker->verifier,
	    .prototype = {.worker = worker,
			  .db = worker->db,
			  .client = worker->client,
			  .find_right = worker->spec->find_right ? worker->spec->find_right : client_find_right,
			  .find_member = client_find_member},
	    .max_batch = (size_t)config_integer(config, "max_batch"),
	    .max_answer = (size_t)config_integer(config, "max_answer"),
	    .max_depth = (size_t)config_integer(config, "max_depth"),
	    .expose_service_methods = true,
	};
	memcpy(options.lanes, thread->lanes, sizeof(options.lanes));
	char error[DAEMON_TEXT_SIZE];
	worker->dispatcher = rpc_dispatcher_new(&options, error, sizeof(error));
	free(handlers);
	return worker->dispatcher ? 0 : context_fail_internal(ctx, "%s", error);
}

int parts_make(struct daemon_thread *thread, struct context *ctx)
{
	struct daemon_worker *worker = &thread->worker;
	if (make_database(thread, ctx))
		return -1;
	worker->http_client = http_client_new(0);
	if (!worker->http_client)
		return context_fail_internal(ctx, "the HTTP client cannot be made");
	make_client(thread);
	if (make_verifier(thread, ctx))
		return -1;
	return make_dispatcher(thread, ctx);
}

void parts_free(struct daemon_thread *thread)
{
	struct daemon_worker *worker = &thread->worker;
	rpc_dispatcher_free(worker->dispatcher);
	token_verifier_free(worker->verifier);
	rpc_client_free(worker->client);
	http_client_free(worker->http_client);
	lanes_free(thread->lanes);
	pg_free(worker->db);
	worker->dispatcher = NULL;
	worker->verifier = NULL;
	worker->client = NULL;
	worker->http_client = NULL;
	worker->db = NULL;
}
