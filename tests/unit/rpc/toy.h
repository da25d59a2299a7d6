/*
 * A daemon in miniature: an API with one method of each kind, a dispatcher, both HTTP engines and the link, and ways to
 * call them from the same loop.
 */
#ifndef EVENTLOOP_TESTS_RPC_TOY_H
#define EVENTLOOP_TESTS_RPC_TOY_H

#include "api/api.h"
#include "base/fatal.h"
#include "client/client.h"
#include "co/co.h"
#include "co/loop.h"
#include "http/client.h"
#include "http/server.h"
#include "link/link.h"
#include "rpc/dispatch.h"
#include "rpc/http_endpoint.h"
#include "token/revocation.h"
#include "token/token.h"
#include "toy_token.h"
#include "unit.h"
#include "json/tree.h"

#include <string.h>

#define TOY_METHOD(name, params, access, idempotent, deadline)                                                   \
	"{\"name\":\"" name "\",\"summary\":\"s\",\"description\":\"d\",\"params\":[" params                     \
	"],\"result\":{\"name\":\"r\",\"schema\":{}},\"errors\":[],\"examples\":[{\"name\":\"e\",\"params\":[]," \
	"\"result\":{\"name\":\"r\",\"value\":null}}],\"x-access\":[" access "],\"x-idempotent\":" idempotent    \
	",\"x-deadline-ms\":" deadline ",\"x-cost\":1}"
#define TOY_PARAM(name, schema) "{\"name\":\"" name "\",\"schema\":" schema "}"
#define TOY_REQUIRED(name, schema) "{\"name\":\"" name "\",\"required\":true,\"schema\":" schema "}"

static const char toy_api_text[] = "{\"methods\":[" TOY_METHOD(
    "toy.echo.say",
    TOY_PARAM("text", "{\"type\":\"string\",\"maxLength\":20,\"x-trim\":true}") "," TOY_PARAM(
	"number", "{\"type\":\"integer\",\"minimum\":1}"),
    "\"public\"", "true",
    "3000") "," TOY_METHOD("toy.sleep.nap", TOY_REQUIRED("milliseconds", "{\"type\":\"integer\"}"),
			   "\"public\"", "true", "200") "," TOY_METHOD("toy.sleep.hang", "", "\"public\"", "true",
								       "60000") "," TOY_METHOD("toy.fail.conflict", "",
											       "\"public\"", "true", "3000") "," TOY_METHOD("toy.fail.internal",
																	    "", "\"public\"", "true", "3000") "," TOY_METHOD("toy.fail.silent", "", "\"public\"", "true", "3000") "," TOY_METHOD("toy.big.text", TOY_REQUIRED("bytes", "{\"type\":\"integer\"}"), "\"public\"", "true", "3000") "," TOY_METHOD("toy.deadline.left",
																																													       "",
																																													       "\"public\"", "true", "5000") "," TOY_METHOD("toy.caller.user",
																																																			    "", "\"user\"", "true", "3000") "," TOY_METHOD("toy.caller.admin",
																																																									   "", "\"admin\"", "true", "3000") "," TOY_METHOD("toy.caller.service",
																																																															   "",
																																																															   "\"service\"",
																																																															   "true", "3000") "," TOY_METHOD("toy.caller.manager",
																																																																			  TOY_REQUIRED("company_id", "{\"type\":\"string\"}"), "\"company:manager\"", "true", "3000") "," TOY_METHOD("toy.caller.owner", TOY_REQUIRED("company_id", "{\"type\":\"string\"}"), "\"company:owner\"",
																																																																																     "true", "3000") "," TOY_METHOD("passport.auth.service_token",
																																																																																				    TOY_REQUIRED("service", "{\"type\":\"string\"}") "," TOY_REQUIRED("secret", "{\"type\":\"string\"}"), "\"public\"", "true", "3000") "]}";

/* Methods with rules of their own about who may call. */
static const char toy_rules_text[] =
    "{\"methods\":[" TOY_METHOD("toy.client.say", "", "\"client\",\"user\"", "true", "3000") "," TOY_METHOD("toy.fresh.say", "", "\"user\",\"service\",\"client\"", "true", "3000,\"x-auth-max-age\":600") "," TOY_METHOD(
	"toy.fresh.owner", TOY_PARAM("company_id", "{\"type\":\"string\"}"), "\"company:staff\"", "true",
	"3000,\"x-auth-max-age\":600") "," TOY_METHOD("toy.session.end", "", "\"user\"", "false",
						      "3000") "," TOY_METHOD("toy.lane.show", "", "\"public\"", "true",
									     "3000,\"x-lane\":\"search\"") "," TOY_METHOD("toy.sleep.work",
															  TOY_REQUIRED(
															      "milliseconds",
															      "{\"type\":\"integer\"}"),
															  "\"public\"",
															  "false",
															  "3000") "]}";

struct toy {
	struct loop *loop;
	struct toy_key key;
	struct api *api;
	struct rpc_dispatcher *dispatcher;
	struct token_verifier *verifier;
	struct http_server *http[2]; /* by enum http_engine_kind */
	struct link_server *link;
	struct link_server *passport; /* the same methods, as the daemon of tokens */
	struct http_client *fetcher;
	struct link_client *caller;
	int naps, hangs, works, tokens_given; /* works: those that came to their end */
	bool refuse_tokens;		      /* service_token fails */
	int search;			      /* its address stands for the connections of the lane search */
	void (*test)(struct toy *toy);
	size_t max_answer, max_in_flight;
	int64_t proof_timeout, line_timeout;
};

#define TOY_LINK_SECRET "the link's secret, the same for all"
#define TOY_LINK_SECRETS ((struct link_secrets){TOY_LINK_SECRET, NULL})

/* --- handlers --- */

static inline int toy_say(struct rpc_call *call)
{
	return rpc_reply_printf(call, "{\"text\":\"%s\",\"number\":%lld,\"request\":\"%s\"}",
				rpc_param(call, "text") ? rpc_param(call, "text") : "",
				(long long)rpc_param_integer(call, "number", 7), call->ctx->request_id);
}

static inline int toy_nap(struct rpc_call *call)
{
	struct toy *toy = call->app;
	toy->naps++;
	int64_t end = deadline_after(rpc_param_integer(call, "milliseconds", 0) * CLOCK_MILLISECOND);
	enum co_result result = co_sleep_until(deadline_earlier(end, call->ctx->deadline));
	if (result == CO_CANCELLED || deadline_left(end) > 0)
		return co_check(call->ctx, result);
	return rpc_reply_printf(call, "\"slept\"");
}

/* A nap that changes something in the end. */
static inline int toy_work(struct rpc_call *call)
{
	if (toy_nap(call))
		return -1;
	((struct toy *)call->app)->works++;
	return 0;
}

/* Ignores its deadline. */
static inline int toy_hang(struct rpc_call *call)
{
	struct toy *toy = call->app;
	toy->hangs++;
	return co_check(call->ctx, co_sleep_until(DEADLINE_NEVER));
}

static inline int toy_conflict(struct rpc_call *call)
{
	return rpc_conflict(call, "booked", "the %s is taken", "hall");
}

static inline int toy_internal(struct rpc_call *call)
{
	return context_fail_internal(call->ctx, "password=hunter2 of the database");
}

static inline int toy_silent(struct rpc_call *call)
{
	(void)call;
	return -1;
}

static inline int toy_big(struct rpc_call *call)
{
	size_t bytes = (size_t)rpc_param_integer(call, "bytes", 0);
	char *text = arena_alloc(&call->ctx->arena, bytes + 2);
	memset(text, 'x', bytes + 2);
	text[0] = text[bytes + 1] = '"';
	return rpc_reply_text(call, text, bytes + 2);
}

static inline int toy_left(struct rpc_call *call)
{
	return rpc_reply_printf(call, "%lld", (long long)(deadline_left(call->ctx->deadline) / CLOCK_MILLISECOND));
}

static inline int toy_who(struct rpc_call *call)
{
	return rpc_reply_printf(call, "{\"id\":\"%s\",\"trace\":\"%s\",\"peer\":\"%s\",\"agent\":\"%s\"}",
				call->caller->id, call->ctx->traceparent, call->peer, call->user_agent);
}

/* Without a wait, so that it is over before the next call of a batch starts. */
static inline int toy_end_session(struct rpc_call *call)
{
	token_revocation_add_session(call->caller->session, clock_wall());
	return rpc_reply_printf(call, "true");
}

/* Which connections it was given, and for whom. */
static inline int toy_show_lane(struct rpc_call *call)
{
	struct toy *toy = call->app;
	return rpc_reply_printf(call, "{\"search\":%s,\"share\":\"%s\"}",
				call->db == (struct pg *)(void *)&toy->search ? "true" : "false",
				call->ctx->share ? call->ctx->share : "");
}

static inline int toy_give_token(struct rpc_call *call)
{
	struct toy *toy = call->app;
	toy->tokens_given++;
	if (toy->refuse_tokens || strcmp(rpc_param(call, "secret"), "secret") != 0)
		return context_fail(call->ctx, ERROR_UNAUTHENTICATED, "credentials", NULL);
	(void)co_sleep_until(deadline_after(5 * CLOCK_MILLISECOND));
	return rpc_reply_printf(call, "{\"access_token\":\"%s\",\"expires_in\":600}",
				toy_service_token(&toy->key, rpc_param(call, "service")));
}

static const struct rpc_handler toy_handlers[] = {
    {"toy.echo.say", toy_say},
    {"toy.sleep.nap", toy_nap},
    {"toy.sleep.hang", toy_hang},
    {"toy.sleep.work", toy_work},
    {"toy.fail.conflict", toy_conflict},
    {"toy.fail.internal", toy_internal},
    {"toy.fail.silent", toy_silent},
    {"toy.big.text", toy_big},
    {"toy.deadline.left", toy_left},
    {"toy.caller.user", toy_who},
    {"toy.caller.admin", toy_who},
    {"toy.caller.service", toy_who},
    {"toy.caller.manager", toy_who},
    {"toy.caller.owner", toy_who},
    {"toy.client.say", toy_who},
    {"toy.fresh.say", toy_who},
    {"toy.fresh.owner", toy_who},
    {"toy.session.end", toy_end_session},
    {"toy.lane.show", toy_show_lane},
    {"passport.auth.service_token", toy_give_token},
    {NULL, NULL},
};

/* --- life --- */

static inline void toy_make_api(struct toy *toy)
{
	char error[300] = "";
	const struct embedded_file files[] = {
	    {"toy.json", toy_api_text, toy_api_text + sizeof(toy_api_text) - 1},
	    {"rules.json", toy_rules_text, toy_rules_text + sizeof(toy_rules_text) - 1},
	    {NULL, NULL, NULL},
	};
	toy->api = api_load(files, &(struct api_about){"Toy", "1", NULL}, error, sizeof(error));
	if (!toy->api)
		fatal("%s", error);
}

static inline struct link_server *toy_listen_as(struct toy *toy, const char *name, uint16_t port)
{
	char error[300] = "";
	struct link_server *link = link_server_new(&(struct link_server_options){.address = "127.0.0.1",
										 .port = port,
										 .name = name,
										 .secrets = TOY_LINK_SECRETS,
										 .speaker = "gateway",
										 .dispatcher = toy->dispatcher,
										 .max_in_flight = toy->max_in_flight,
										 .request_deadline = 2 * CLOCK_SECOND,
										 .proof_timeout = toy->proof_timeout,
										 .line_timeout = toy->line_timeout},
						   error, sizeof(error));
	assert_string_equal(error, "");
	return link;
}

/* Starts the server of the link, on the port (0: any free one). */
static inline void toy_listen(struct toy *toy, uint16_t port)
{
	toy->link = toy_listen_as(toy, "toy", port);
}

/* A client of the link at that port of this machine, as the daemon `self`. */
static inline struct link_client *toy_client_as(const char *self, uint16_t port, size_t connections)
{
	return link_client_new(&(struct link_client_options){.host = "127.0.0.1",
							     .port = port,
							     .connections = connections,
							     .self = self,
							     .server = "toy",
							     .secrets = TOY_LINK_SECRETS});
}

static inline struct link_client *toy_client(uint16_t port, size_t connections)
{
	return toy_client_as("gateway", port, connections);
}

static inline void toy_make(struct toy *toy)
{
	char error[300] = "";
	toy_key_make(&toy->key);
	toy_make_api(toy);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	toy->verifier =
	    token_verifier_new(&(struct token_verifier_options){.issuer = TOY_ISSUER, .audience = TOY_AUDIENCE});
	assert_int_equal(token_verifier_set_keys(toy->verifier, &ctx, toy->key.jwks, strlen(toy->key.jwks)), 0);
	context_done(&ctx);
	toy->dispatcher = rpc_dispatcher_new(
	    &(struct rpc_dispatcher_options){.api = toy->api,
					     .handlers = toy_handlers,
					     .verifier = toy->verifier,
					     .prototype = {.app = toy},
					     .lanes = {[API_LANE_SEARCH] = (struct pg *)(void *)&toy->search},
					     .max_answer = toy->max_answer,
					     .expose_service_methods = true},
	    error, sizeof(error));
	assert_string_equal(error, "");
	for (int i = 0; i < 2; i++) {
		struct http_server_options options = {.engine = (enum http_engine_kind)i,
						      .address = "127.0.0.1",
						      .request_deadline = 2 * CLOCK_SECOND,
						      .on_fault = rpc_http_fault};
		toy->http[i] = http_server_new(&options, error, sizeof(error));
		assert_non_null(toy->http[i]);
		http_server_route(toy->http[i], "POST", "/rpc", 0, rpc_http_endpoint, toy->dispatcher);
	}
	toy_listen(toy, 0);
	toy->passport = toy_listen_as(toy, "passport", 0);
	toy->fetcher = http_client_new(0);
	toy->caller = toy_client(link_server_port(toy->link), 0);
}

static inline void toy_free(struct toy *toy)
{
	link_client_free(toy->caller);
	http_client_free(toy->fetcher);
	while (toy->link && link_server_in_flight(toy->link) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	while (link_server_in_flight(toy->passport) > 0)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	link_server_free(toy->link);
	link_server_free(toy->passport);
	http_server_free(toy->http[0]);
	http_server_free(toy->http[1]);
	rpc_dispatcher_free(toy->dispatcher);
	token_verifier_free(toy->verifier);
	api_free(toy->api);
	toy_key_done(&toy->key);
}

static inline void toy_main(void *argument)
{
	struct toy *toy = argument;
	toy_make(toy);
	toy->test(toy);
	toy_free(toy);
}

/* Runs the test in a coroutine, with everything listening on free ports. */
static inline void toy_run_with(struct toy *toy, void (*test)(struct toy *toy))
{
	toy->test = test;
	toy->loop = loop_new(NULL);
	assert_non_null(toy->loop);
	assert_non_null(co_spawn("test", toy_main, toy));
	loop_run_until_idle(toy->loop);
	loop_free(toy->loop);
}

static inline void toy_run(void (*test)(struct toy *toy))
{
	struct toy toy = {.max_answer = 0};
	toy_run_with(&toy, test);
}

/* --- calling --- */

struct toy_answer {
	struct context ctx;
	int status;	  /* of HTTP; 0 from the link */
	const char *text; /* NULL when nothing came */
	size_t length;
	struct json_object *tree;
};

static inline void toy_answer_free(struct toy_answer *answer)
{
	json_object_put(answer->tree);
	context_done(&answer->ctx);
}

static inline void toy_parse(struct toy_answer *answer)
{
	if (!answer->text || answer->length == 0)
		return;
	struct json_error fault;
	assert_true(json_tree_parse(answer->text, answer->length, 64, 0, &answer->ctx.arena, &answer->tree, &fault));
}

/* POST /rpc. headers: up to three lines, or NULL. */
static inline void toy_post(struct toy *toy, enum http_engine_kind engine, const char *body, const char *token,
			    const char *header, struct toy_answer *answer)
{
	context_init(&answer->ctx, deadline_after(20 * CLOCK_SECOND));
	struct arena *arena = &answer->ctx.arena;
	const char *headers[4] = {"Content-Type: application/json"};
	size_t count = 1;
	if (token)
		headers[count++] = arena_printf(arena, "Authorization: Bearer %s", token);
	if (header)
		headers[count++] = header;
	struct http_outgoing request = {
	    .url = arena_printf(arena, "http://127.0.0.1:%u/rpc", http_server_port(toy->http[engine])),
	    .headers = headers,
	    .body = body,
	    .body_length = strlen(body)};
	struct http_answer got;
	assert_int_equal(http_fetch(&answer->ctx, toy->fetcher, &request, &got), 0);
	answer->status = got.status;
	answer->text = got.body;
	answer->length = got.body_length;
	answer->tree = NULL;
	toy_parse(answer);
}

/* One call over the link. */
static inline void toy_link(struct toy *toy, const char *method, const char *params, const char *token,
			    struct toy_answer *answer)
{
	struct link_request request = {.method = method,
				       .method_length = strlen(method),
				       .params = params,
				       .params_length = params ? strlen(params) : 0,
				       .token = token};
	context_init(&answer->ctx, deadline_after(20 * CLOCK_SECOND));
	answer->status = 0;
	answer->tree = NULL;
	answer->text = link_call(&answer->ctx, toy->caller, &request, &answer->length);
	toy_parse(answer);
}

/* The link gave an error of its own. */
static inline void toy_expect_fails(struct toy_answer *answer, enum error_code code, const char *reason)
{
	assert_null(answer->text);
	assert_int_equal(answer->ctx.error.code, code);
	assert_string_equal(answer->ctx.error.reason, reason);
	toy_answer_free(answer);
}

/* One call over a link, with little time. */
static inline void toy_link_within(struct link_client *client, const char *method, const char *params, int64_t timeout,
				   struct toy_answer *answer)
{
	struct link_request request = {
	    .method = method, .method_length = strlen(method), .params = params, .params_length = strlen(params)};
	context_init(&answer->ctx, deadline_after(timeout));
	answer->tree = NULL;
	answer->text = link_call(&answer->ctx, client, &request, &answer->length);
	toy_parse(answer);
}

/* The value at a JSON pointer as text: strings as they are, "" when absent. */
static inline const char *toy_at(struct toy_answer *answer, const char *pointer)
{
	struct json_object *value;
	if (!json_tree_pointer(answer->tree, pointer, &value))
		return "";
	if (!value)
		return "null";
	return json_object_get_string(value);
}

#endif
