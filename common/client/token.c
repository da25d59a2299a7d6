#include "client/internal.h"

#include "base/buffer.h"
#include "base/fatal.h"
#include "json/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FETCH_DEADLINE (5 * CLOCK_SECOND)
#define FETCH_PAUSE (200 * CLOCK_MILLISECOND)
#define METHOD "passport.auth.service_token"

static const char *fetch_params(struct context *ctx, const struct rpc_client *client)
{
	struct buffer params;
	buffer_init_arena(&params, &ctx->arena, 4096);
	buffer_append_text(&params, "{\"service\":");
	buffer_append_json_string(&params, client->self);
	buffer_append_text(&params, ",\"secret\":");
	buffer_append_json_string(&params, client->secret);
	buffer_append_char(&params, '}');
	return buffer_text(&params);
}

static void keep_token(struct client_token *token, const char *text, int64_t lifetime)
{
	free(token->text);
	token->text = must_strdup(text);
	token->renew_at = deadline_after(lifetime * 8 / 10);
	token->expires_at = deadline_after(lifetime * 95 / 100);
}

static int take_token(struct context *ctx, struct client_token *token, const char *result, size_t length)
{
	struct json_object *tree, *text = NULL, *seconds = NULL;
	if (client_tree(ctx, result, length, &tree))
		return -1;
	(void)json_object_object_get_ex(tree, "access_token", &text);
	(void)json_object_object_get_ex(tree, "expires_in", &seconds);
	int64_t lifetime = json_object_get_int64(seconds) * CLOCK_SECOND;
	if (!json_object_is_type(text, json_type_string) || lifetime <= 0)
		return context_fail_internal(ctx, "%s answered something else", METHOD);
	keep_token(token, json_object_get_string(text), lifetime);
	return 0;
}

static int make_own(struct context *ctx, struct rpc_client *client)
{
	int64_t lifetime = 0;
	const char *text = client->make_token(ctx, client->argument, &lifetime);
	if (!text)
		return -1;
	keep_token(&client->token, text, lifetime);
	return 0;
}

static int fetch(struct context *ctx, struct rpc_client *client)
{
	if (client->make_token)
		return make_own(ctx, client);
	const char *params = fetch_params(ctx, client);
	struct link_request request = {
	    .method = METHOD, .method_length = sizeof(METHOD) - 1, .params = params, .params_length = strlen(params)};
	struct client_peer *peer = client_find_peer(ctx, client, "passport", 8);
	if (!peer)
		return -1;
	size_t length, result_length;
	const char *text = client_send(ctx, peer, &request, true, &length);
	const char *result;
	if (!text || !client_read_answer(ctx, METHOD, text, length, &result, &result_length))
		return -1;
	return take_token(ctx, &client->token, result, result_length);
}

static void run_fetch(void *argument)
{
	struct rpc_client *client = argument;
	struct client_token *token = &client->token;
	struct context ctx;
	context_init(&ctx, deadline_after(FETCH_DEADLINE));
	co_set_context(&ctx);
	if (fetch(&ctx, client)) {
		const struct error *error = &ctx.error;
		(void)snprintf(token->failure, sizeof(token->failure), "%s %s %s", error_word(error->code),
			       error->reason, error->cause[0] != '\0' ? error->cause : error->message);
		token->retry_at = deadline_after(FETCH_PAUSE);
	}
	context_done(&ctx);
	token->fetching = false;
	co_queue_wake_all(&token->waiting);
	client_leave(client);
}

static void start_fetch(struct rpc_client *client)
{
	struct client_token *token = &client->token;
	if (token->fetching || client->closed || deadline_left(token->retry_at) > 0)
		return;
	client_enter(client);
	token->fetching = co_spawn("service token", run_fetch, client) != NULL;
	if (!token->fetching)
		client_leave(client);
}

static bool usable(const struct client_token *token)
{
	return token->text && deadline_left(token->expires_at) > 0;
}

static int fail_without_token(struct context *ctx, const struct client_token *token)
{
	(void)context_fail(ctx, ERROR_UNAVAILABLE, "service_token", "no service token can be had now");
	error_set_cause(&ctx->error, "%s: %s", METHOD, token->failure);
	ctx->error.retry_after_ms = (int)(FETCH_PAUSE / CLOCK_MILLISECOND);
	return -1;
}

const char *client_service_token(struct context *ctx, struct rpc_client *client)
{
	struct client_token *token = &client->token;
	if (client->secret[0] == '\0' && !client->make_token) {
		(void)context_fail_internal(ctx, "service_secret is not set: %s cannot call others", client->self);
		return NULL;
	}
	if (!usable(token) || deadline_left(token->renew_at) == 0)
		start_fetch(client);
	if (!usable(token) && token->fetching &&
	    co_check(ctx, co_queue_wait(&token->waiting, "service token", ctx->deadline)))
		return NULL;
	if (!usable(token)) {
		(void)fail_without_token(ctx, token);
		return NULL;
	}
	return arena_strdup(&ctx->arena, token->text);
}

void client_drop_token(struct rpc_client *client, const char *text)
{
	struct client_token *token = &client->token;
	if (!token->text || strcmp(token->text, text) != 0)
		return;
	free(token->text);
	token->text = NULL;
}
