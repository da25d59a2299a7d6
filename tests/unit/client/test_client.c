/* Calls to other daemons: service tokens, errors of peers, several addresses, the circuit breaker, passing through. */
#include "client/client_fixture.h"

#include "co/sync.h"
#include "link/raw_link.h"

#include <errno.h>

static void expect_id(struct rpc_client *client, const char *method, enum rpc_as as, const char *token, const char *id)
{
	struct context ctx;
	struct json_object *result = invoke(&ctx, client, method, as, token);
	assert_non_null(result);
	assert_string_equal(json_object_get_string(json_object_object_get(result, "id")), id);
	context_done(&ctx);
}

/* --- tokens --- */

struct caller {
	struct rpc_client *client;
	bool done;
};

static void call_as_service(void *argument)
{
	struct caller *caller = argument;
	expect_id(caller->client, "toy.caller.service", RPC_AS_SERVICE, NULL, "events");
	caller->done = true;
}

static void tokens(struct toy *toy)
{
	struct rpc_client *client = make_client(address(toy), passport_address(toy), "secret");
	struct caller callers[20];
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i] = (struct caller){.client = client};
		assert_non_null(co_spawn("caller", call_as_service, &callers[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		while (!callers[i].done)
			co_yield ();
	}
	assert_int_equal(toy->tokens_given, 1);
	expect_id(client, "toy.caller.user", RPC_AS_CALLER, toy_user_token(&toy->key, "user"), TOY_USER);
	expect_error(client, "toy.caller.user", RPC_AS_ANONYMOUS, NULL, ERROR_UNAUTHENTICATED, "missing");
	expect_error(client, "toy.caller.user", RPC_AS_SERVICE, NULL, ERROR_FORBIDDEN, "access");
	assert_int_equal(toy->tokens_given, 1);
	rpc_client_free(client);
}

static void test_tokens(void **state)
{
	(void)state;
	toy_run(tokens);
}

static void refused_tokens(struct toy *toy)
{
	struct rpc_client *client = make_client(address(toy), passport_address(toy), "wrong");
	expect_error(client, "toy.caller.service", RPC_AS_SERVICE, NULL, ERROR_UNAVAILABLE, "service_token");
	int given = toy->tokens_given;
	/* Not asked for again at once. */
	expect_error(client, "toy.caller.service", RPC_AS_SERVICE, NULL, ERROR_UNAVAILABLE, "service_token");
	assert_int_equal(toy->tokens_given, given);
	rpc_client_free(client);
	client = make_client(address(toy), passport_address(toy), "");
	expect_error(client, "toy.caller.service", RPC_AS_SERVICE, NULL, ERROR_INTERNAL, "");
	rpc_client_free(client);
	/* The peer's keys have changed since the token was made: a fresh one is fetched and the call goes through. */
	client = make_client(address(toy), passport_address(toy), "secret");
	expect_id(client, "toy.caller.service", RPC_AS_SERVICE, NULL, "events");
	given = toy->tokens_given;
	toy_key_done(&toy->key);
	toy_key_make(&toy->key);
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_int_equal(token_verifier_set_keys(toy->verifier, &ctx, toy->key.jwks, strlen(toy->key.jwks)), 0);
	context_done(&ctx);
	expect_id(client, "toy.caller.service", RPC_AS_SERVICE, NULL, "events");
	assert_int_equal(toy->tokens_given, given + 1);
	rpc_client_free(client);
}

static void test_refused_tokens(void **state)
{
	(void)state;
	toy_run(refused_tokens);
}

static const char *own_token(struct context *ctx, void *argument, int64_t *ret_lifetime)
{
	struct toy *toy = argument;
	*ret_lifetime = 600 * CLOCK_SECOND;
	return arena_strdup(&ctx->arena, toy_service_token(&toy->key, "passport"));
}

static void tokens_of_its_own(struct toy *toy)
{
	const struct rpc_peer peers[] = {{"toy", address(toy)}, {NULL, NULL}};
	struct rpc_client *client = rpc_client_new(&(struct rpc_client_options){
	    .self = "passport", .link = TOY_LINK_SECRETS, .peers = peers, .make_token = own_token, .argument = toy});
	expect_id(client, "toy.caller.service", RPC_AS_SERVICE, NULL, "passport");
	assert_int_equal(toy->tokens_given, 0);
	rpc_client_free(client);
}

static void test_tokens_of_its_own(void **state)
{
	(void)state;
	toy_run(tokens_of_its_own);
}

/* --- errors of peers --- */

static void errors(struct toy *toy)
{
	struct rpc_client *client = make_client(address(toy), passport_address(toy), "secret");
	expect_error(client, "toy.fail.conflict", RPC_AS_ANONYMOUS, NULL, ERROR_CONFLICT, "booked");
	expect_error(client, "toy.fail.internal", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "peer");
	expect_error(client, "toy.none.such", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "peer");
	expect_error(client, "nobody.is.there", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_configured");
	struct context ctx;
	assert_null(invoke(&ctx, client, "toy.big.text", RPC_AS_ANONYMOUS, NULL));
	assert_int_equal(ctx.error.code, ERROR_INVALID_PARAMS);
	assert_non_null(strstr(ctx.error.details, "\"fields\":[{\"path\":\"\\/params\\/bytes\"") ||
				strstr(ctx.error.details, "\"fields\":[{\"path\":\"/params/bytes\"")
			    ? ctx.error.details
			    : NULL);
	context_done(&ctx);
	rpc_client_free(client);
}

static void test_errors(void **state)
{
	(void)state;
	toy_run(errors);
}

/* --- addresses --- */

static void two_addresses(struct toy *toy)
{
	const char *both = arena_printf(&toy->key.arena, "127.0.0.1:%u, %s", raw_dead_port(), address(toy));
	struct rpc_client *client = make_client(both, passport_address(toy), "secret");
	assert_true(rpc_client_peer_up(client, "toy"));
	for (int i = 0; i < 10; i++)
		expect_id(client, "toy.caller.user", RPC_AS_CALLER, toy_user_token(&toy->key, "user"), TOY_USER);
	assert_true(rpc_client_peer_up(client, "toy"));
	rpc_client_free(client);
	client = make_client(arena_printf(&toy->key.arena, "127.0.0.1:%u", raw_dead_port()), "", "secret");
	expect_error(client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_sent");
	assert_false(rpc_client_peer_up(client, "toy"));
	assert_false(rpc_client_peer_up(client, "nobody"));
	expect_error(client, "toy.echo.say", RPC_AS_SERVICE, NULL, ERROR_UNAVAILABLE, "service_token");
	rpc_client_free(client);
}

static void test_two_addresses(void **state)
{
	(void)state;
	toy_run(two_addresses);
}

struct hangs_up {
	int listener, requests;
};

static void hang_up(void *argument)
{
	struct hangs_up *server = argument;
	int fd = raw_link_accept(server->listener);
	char line[2000];
	server->requests += raw_line(fd, line, sizeof(line)) > 0;
	(void)close(fd);
}

/* A call that may have been seen is sent again only when it is idempotent. */
static void lost_connection(struct toy *toy)
{
	struct hangs_up server = {0};
	uint16_t port;
	server.listener = raw_listen(&port);
	for (int idempotent = 0; idempotent < 2; idempotent++) {
		const char *both = arena_printf(&toy->key.arena, "127.0.0.1:%u,%s", port, address(toy));
		struct rpc_client *client = make_client(both, "", "");
		struct rpc_request request = {
		    .method = "toy.echo.say", .params = "{}", .as = RPC_AS_ANONYMOUS, .idempotent = idempotent == 1};
		assert_non_null(co_spawn("hang up", hang_up, &server));
		struct context ctx;
		context_init(&ctx, deadline_after(20 * CLOCK_SECOND));
		struct json_object *result = rpc_invoke(&ctx, client, &request);
		if (idempotent) {
			assert_non_null(result);
		} else {
			assert_null(result);
			assert_string_equal(ctx.error.reason, "connection_lost");
			assert_string_equal(ctx.error.message, "the connection to toy was lost");
			assert_true(ctx.error.retry_after_ms > 0);
		}
		assert_int_equal(server.requests, idempotent + 1);
		context_done(&ctx);
		rpc_client_free(client);
	}
	(void)close(server.listener);
}

static void test_lost_connection(void **state)
{
	(void)state;
	toy_run(lost_connection);
}

struct waits {
	struct rpc_client *client;
	int *ended;
};

static void wait_in_vain(void *argument)
{
	struct waits *waits = argument;
	struct rpc_request request = {
	    .method = "toy.echo.say", .params = "{}", .as = RPC_AS_ANONYMOUS, .idempotent = true};
	struct context ctx;
	context_init(&ctx, deadline_after(1050 * CLOCK_MILLISECOND));
	assert_null(rpc_invoke(&ctx, waits->client, &request));
	assert_int_equal(ctx.error.code, ERROR_DEADLINE_EXCEEDED);
	context_done(&ctx);
	(*waits->ended)++;
}

struct odd {
	int listener;
	const char *format; /* of the answer; @: the id */
	int skip;	    /* requests that are not answered */
};

/* Answers one request in its own way. */
static void answer_oddly(void *argument)
{
	static const char stray[] = "{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":1}\n";
	struct odd *odd = argument;
	int fd = raw_link_accept(odd->listener);
	char line[2000], reply[2200], id[32];
	for (int i = 0; i < odd->skip; i++)
		assert_true(raw_line(fd, line, sizeof(line)) > 0);
	assert_true(raw_line(fd, line, sizeof(line)) > 0);
	const char *number = strstr(line, "\"id\":") + 5;
	(void)snprintf(id, sizeof(id), "%.*s", (int)strspn(number, "0123456789"), number);
	const char *place = strchr(odd->format, '@');
	int length =
	    snprintf(reply, sizeof(reply), "%.*s%s%s\n", (int)(place - odd->format), odd->format, id, place + 1);
	raw_send(fd, stray, sizeof(stray) - 1);
	raw_send(fd, reply, (size_t)length);
	(void)raw_line(fd, line, sizeof(line));
	(void)close(fd);
}

/* A peer that takes connections and says nothing is left alone for a while, and asked again after it. */
static void breaker(struct toy *toy)
{
	int ended = 0;
	uint16_t port;
	int listener = raw_listen(&port);
	struct rpc_client *client = make_client(arena_printf(&toy->key.arena, "127.0.0.1:%u", port), "", "");
	struct waits waits = {client, &ended};
	struct odd odd = {.listener = listener, .format = "{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":{}}", .skip = 5};
	assert_non_null(co_spawn("odd", answer_oddly, &odd));
	for (int i = 0; i < 5; i++)
		assert_non_null(co_spawn("wait", wait_in_vain, &waits));
	while (ended < 5)
		(void)co_sleep_until(deadline_after(10 * CLOCK_MILLISECOND));
	int64_t started = clock_monotonic();
	expect_error(client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL, ERROR_UNAVAILABLE, "not_sent");
	assert_true(clock_monotonic() - started < 500 * CLOCK_MILLISECOND);
	(void)co_sleep_until(deadline_after(1100 * CLOCK_MILLISECOND));
	struct context ctx;
	assert_non_null(invoke(&ctx, client, "toy.echo.say", RPC_AS_ANONYMOUS, NULL));
	context_done(&ctx);
	(void)close(listener);
	rpc_client_free(client);
}

static void test_breaker(void **state)
{
	(void)state;
	toy_run(breaker);
}

/* --- passing through --- */

static void expect_forward(struct rpc_client *client, const char *method, const char *params, const char *id,
			   const char *expected)
{
	size_t length = 99;
	struct rpc_raw_call call = {.daemon = "toy",
				    .method = method,
				    .method_length = strlen(method),
				    .params = params,
				    .params_length = params ? strlen(params) : 0,
				    .id = id,
				    .id_length = id ? strlen(id) : 0};
	struct context ctx;
	context_init(&ctx, deadline_after(20 * CLOCK_SECOND));
	memcpy(ctx.request_id, "r-1", 4);
	const char *answer = rpc_forward(&ctx, client, &call, &length);
	assert_non_null(answer);
	assert_string_equal(answer, expected);
	assert_int_equal(length, strlen(expected));
	context_done(&ctx);
}

static void forwards(struct toy *toy)
{
	struct rpc_client *client = make_client(address(toy), "", "");
	expect_forward(
	    client, "toy.echo.say", "{\"text\":\"a\",\r\n\"number\":9}", "\"x\\u0041\"",
	    "{\"jsonrpc\":\"2.0\",\"id\":\"x\\u0041\",\"result\":{\"text\":\"a\",\"number\":9,\"request\":\"r-1\"}}");
	expect_forward(
	    client, "toy.fail.conflict", NULL, "1.50",
	    "{\"jsonrpc\":\"2.0\",\"id\":1.50,\"error\":{\"code\":-32009,\"message\":\"the hall is taken\",\"data\":{"
	    "\"code\":\"conflict\",\"request_id\":\"r-1\",\"reason\":\"booked\"}}}");
	expect_forward(client, "toy.echo.say", NULL, NULL, "");
	rpc_client_free(client);
}

static void test_forwards(void **state)
{
	(void)state;
	toy_run(forwards);
}

/* Answers of others than our servers are read properly, whatever their order. */
static void odd_answers(struct toy *toy)
{
	struct odd odd = {.format = "{ \"result\" : [1, 2], \"id\" : @ , \"jsonrpc\" : \"2.0\" }"};
	uint16_t port;
	odd.listener = raw_listen(&port);
	struct rpc_client *client = make_client(arena_printf(&toy->key.arena, "127.0.0.1:%u", port), "", "");
	assert_non_null(co_spawn("odd", answer_oddly, &odd));
	expect_forward(client, "toy.echo.say", NULL, "5", "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":[1, 2]}");
	rpc_client_free(client);
	(void)close(odd.listener);
}

static void test_odd_answers(void **state)
{
	(void)state;
	toy_run(odd_answers);
}

/* Freed while a call waits: the call ends with an error. */
static void hang_as_service(void *argument)
{
	struct caller *caller = argument;
	expect_error(caller->client, "toy.sleep.hang", RPC_AS_SERVICE, NULL, ERROR_UNAVAILABLE, "connection_lost");
	caller->done = true;
}

static void freed_in_use(struct toy *toy)
{
	struct caller caller = {.client = make_client(address(toy), passport_address(toy), "secret")};
	assert_non_null(co_spawn("hang", hang_as_service, &caller));
	while (toy->hangs == 0)
		co_yield ();
	rpc_client_free(caller.client);
	while (!caller.done)
		(void)co_sleep_until(deadline_after(CLOCK_MILLISECOND));
	link_server_cancel(toy->link);
}

static void test_freed_in_use(void **state)
{
	(void)state;
	toy_run(freed_in_use);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens),
	    cmocka_unit_test(test_refused_tokens),
	    cmocka_unit_test(test_tokens_of_its_own),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_two_addresses),
	    cmocka_unit_test(test_lost_connection),
	    cmocka_unit_test(test_breaker),
	    cmocka_unit_test(test_forwards),
	    cmocka_unit_test(test_odd_answers),
	    cmocka_unit_test(test_freed_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
