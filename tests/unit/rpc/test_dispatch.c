/* JSON-RPC from text to answer: the same over both HTTP engines and the link. */
#include "rpc/toy.h"

static void expect_reply(struct toy *toy, const char *body, int status, const char *reply)
{
	for (int engine = 0; engine < 2; engine++) {
		struct toy_answer answer;
		toy_post(toy, (enum http_engine_kind)engine, body, NULL, "X-Request-Id: r-1", &answer);
		assert_int_equal(answer.status, status);
		assert_string_equal(answer.length ? answer.text : "", reply);
		toy_answer_free(&answer);
	}
}

#define SAID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"text\":\"hi\",\"number\":7,\"request\":\"r-1\"}}"
#define SAY(id) "{\"jsonrpc\":\"2.0\",\"method\":\"toy.echo.say\",\"params\":{\"text\":\" hi \"},\"id\":" id "}"
#define FAILED(id, code, message, word)                                                          \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" message \
	"\",\"data\":{\"code\":\"" word "\",\"request_id\":\"r-1\""

static void envelopes(struct toy *toy)
{
	expect_reply(toy, SAY("1"), 200, SAID("1"));
	expect_reply(toy, SAY("\"a\\u0062\\n\""), 200, SAID("\"a\\u0062\\n\""));
	expect_reply(toy, SAY("-0.5e3"), 200, SAID("-0.5e3"));
	expect_reply(toy, SAY("12345678901234567890"), 200, SAID("12345678901234567890"));
	expect_reply(toy, SAY("null"), 200, SAID("null"));
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.echo.say\"}", 204, "");
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.none.such\"}", 204, "");
	expect_reply(toy, "[" SAY("1") "," SAY("2") "]", 200, "[" SAID("1") "," SAID("2") "]");
	expect_reply(toy, "[" SAY("1") "]", 200, "[" SAID("1") "]");
	expect_reply(toy, "[{\"jsonrpc\":\"2.0\",\"method\":\"toy.echo.say\"}]", 204, "");
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.none.such\",\"id\":1}", 200,
		     FAILED("1", "-32601", "Method not found", "method_not_found") "}}}");
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.fail.conflict\",\"id\":1}", 200,
		     FAILED("1", "-32009", "the hall is taken", "conflict") ",\"reason\":\"booked\"}}}");
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.fail.internal\",\"id\":1}", 200,
		     FAILED("1", "-32603", "Internal error", "internal") "}}}");
	expect_reply(toy, "{\"jsonrpc\":\"2.0\",\"method\":\"toy.fail.silent\",\"id\":1}", 200,
		     FAILED("1", "-32603", "Internal error", "internal") "}}}");
}

static void test_envelopes(void **state)
{
	(void)state;
	toy_run(envelopes);
}

static void expect_refused(struct toy *toy, const char *body, int status, const char *word)
{
	for (int engine = 0; engine < 2; engine++) {
		struct toy_answer answer;
		toy_post(toy, (enum http_engine_kind)engine, body, NULL, NULL, &answer);
		assert_int_equal(answer.status, status);
		assert_string_equal(toy_at(&answer, "/error/data/code"), word);
		assert_string_equal(toy_at(&answer, "/id"), "null");
		toy_answer_free(&answer);
	}
}

static void unreadable(struct toy *toy)
{
	expect_refused(toy, "{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]", 400,
		       "parse_error");
	expect_refused(toy, "", 400, "parse_error");
	expect_refused(toy, "[]", 400, "invalid_request");
	expect_refused(toy, "1", 400, "invalid_request");
	expect_refused(toy, "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}", 200, "invalid_request");
}

static void test_unreadable(void **state)
{
	(void)state;
	toy_run(unreadable);
}

/* The example of JSON-RPC 2.0 section 7: an invalid batch is answered item by item. */
static void invalid_batch(struct toy *toy)
{
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_EVHTTP, "[1,2,{\"foo\":\"boo\"}]", NULL, NULL, &answer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(json_object_array_length(answer.tree), 3);
	assert_string_equal(toy_at(&answer, "/2/error/data/code"), "invalid_request");
	assert_string_equal(toy_at(&answer, "/2/id"), "null");
	toy_answer_free(&answer);
}

static void test_invalid_batch(void **state)
{
	(void)state;
	toy_run(invalid_batch);
}

static void fields(struct toy *toy)
{
	struct toy_answer answer;
	toy_post(
	    toy, HTTP_ENGINE_DIRECT,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.echo.say\",\"params\":{\"text\":\"123456789012345678901\","
	    "\"number\":0,\"other\":1}}",
	    NULL, NULL, &answer);
	assert_non_null(strstr(toy_at(&answer, "/error/message"), "(and 2 more)"));
	assert_string_equal(toy_at(&answer, "/error/code"), "-32602");
	assert_int_equal(json_object_array_length(json_object_object_get(
			     json_object_object_get(json_object_object_get(answer.tree, "error"), "data"), "fields")),
			 3);
	assert_non_null(strstr(answer.text, "{\"path\":\"/params/text\",\"rule\":\"maxLength\",\"expected\":20}"));
	assert_non_null(strstr(answer.text, "{\"path\":\"/params/number\",\"rule\":\"minimum\",\"expected\":1}"));
	assert_non_null(strstr(answer.text, "\"path\":\"/params/other\""));
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_DIRECT,
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.echo.say\",\"params\":[\"text\"]}", NULL, NULL,
		 &answer);
	assert_string_equal(toy_at(&answer, "/error/data/fields/0/path"), "/params");
	assert_string_equal(toy_at(&answer, "/error/data/fields/0/rule"), "type");
	toy_answer_free(&answer);
}

static void test_fields(void **state)
{
	(void)state;
	toy_run(fields);
}

static void batch_with_hanging(struct toy *toy)
{
	int64_t started = clock_monotonic();
	struct toy_answer answer;
	toy_post(
	    toy, HTTP_ENGINE_DIRECT,
	    "[" SAY(
		"1") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"toy.sleep.nap\",\"params\":{\"milliseconds\":60000}},"
		     "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"toy.sleep.hang\"}," SAY("4") "]",
	    NULL, "X-Deadline-Ms: 600", &answer);
	assert_true(clock_monotonic() - started >= 600 * CLOCK_MILLISECOND);
	assert_int_equal(json_object_array_length(answer.tree), 4);
	assert_string_equal(toy_at(&answer, "/0/result/text"), "hi");
	assert_string_equal(toy_at(&answer, "/1/error/data/code"), "deadline_exceeded");
	assert_string_equal(toy_at(&answer, "/2/error/data/code"), "deadline_exceeded");
	assert_string_equal(toy_at(&answer, "/3/result/text"), "hi");
	toy_answer_free(&answer);
}

static void test_batch_with_hanging(void **state)
{
	(void)state;
	toy_run(batch_with_hanging);
}

#define NAP "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"toy.sleep.nap\",\"params\":{\"milliseconds\":5}}"

static void batch_without_deadline(struct toy *toy)
{
	static const char batch[] = "[" SAY("1") "," NAP "]";
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	const struct rpc_meta meta = {.peer = "", .user_agent = ""};
	size_t length;
	const char *answer = rpc_dispatch(&ctx, toy->dispatcher, &meta, batch, sizeof(batch) - 1, &length);
	assert_non_null(answer);
	assert_null(strstr(answer, "error"));
	context_done(&ctx);
}

static void test_batch_without_deadline(void **state)
{
	(void)state;
	toy_run(batch_without_deadline);
}

/* Whatever of a batch starts once the session has ended and is not for anybody is refused, though the token was good
 * when the batch came. */
static void batch_that_ends_its_session(struct toy *toy)
{
	static const char *const codes[] = {"/2/error/data/code", "/3/error/data/code"};
	static const char *const reasons[] = {"/2/error/data/reason", "/3/error/data/reason"};
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_DIRECT,
		 "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.caller.user\"},"
		 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"toy.session.end\"},"
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"toy.caller.user\"},"
		 "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"toy.caller.user\"}," SAY("5") "]",
		 toy_user_token(&toy->key, "user"), NULL, &answer);
	assert_string_equal(toy_at(&answer, "/0/result/id"), TOY_USER);
	assert_string_equal(toy_at(&answer, "/1/result"), "true");
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_string_equal(toy_at(&answer, codes[i]), "unauthenticated");
		assert_string_equal(toy_at(&answer, reasons[i]), "revoked");
	}
	assert_string_equal(toy_at(&answer, "/4/result/text"), "hi");
	toy_answer_free(&answer);
	token_revocation_clear();
}

static void test_batch_that_ends_its_session(void **state)
{
	(void)state;
	toy_run(batch_that_ends_its_session);
}

static char *repeat(struct arena *arena, const char *item, int count)
{
	size_t length = strlen(item);
	char *text = arena_alloc(arena, (size_t)count * (length + 1) + 2), *cursor = text;
	for (int i = 0; i < count; i++) {
		*cursor++ = i == 0 ? '[' : ',';
		cursor = mempcpy(cursor, item, length);
	}
	memcpy(cursor, "]", 2);
	return text;
}

static void large_batches(struct toy *toy)
{
	struct arena arena;
	arena_init(&arena);
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_EVHTTP, repeat(&arena, SAY("1"), 100), NULL, NULL, &answer);
	assert_int_equal(json_object_array_length(answer.tree), 100);
	assert_string_equal(toy_at(&answer, "/99/result/text"), "hi");
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_EVHTTP, repeat(&arena, SAY("1"), 10000), NULL, NULL, &answer);
	assert_int_equal(answer.status, 413);
	assert_string_equal(toy_at(&answer, "/error/data/code"), "too_large");
	toy_answer_free(&answer);
	arena_done(&arena);
}

static void test_large_batches(void **state)
{
	(void)state;
	toy_run(large_batches);
}

#define BIG(id, bytes) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"toy.big.text\",\"params\":{\"bytes\":" bytes "}}"

static void large_answers(struct toy *toy)
{
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_EVHTTP, BIG("1", "5001"), NULL, NULL, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(toy_at(&answer, "/error/data/code"), "too_large");
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_EVHTTP,
		 "[" BIG("1", "2000") "," BIG("2", "2000") "," BIG("3", "2000") "," SAY("4") "]", NULL, NULL, &answer);
	assert_int_equal(strlen(toy_at(&answer, "/0/result")), 2000);
	assert_int_equal(strlen(toy_at(&answer, "/1/result")), 2000);
	assert_string_equal(toy_at(&answer, "/2/error/data/code"), "too_large");
	/* What had not started when the answer was full is not called. */
	assert_string_equal(toy_at(&answer, "/3/error/data/code"), "too_large");
	assert_string_equal(toy_at(&answer, "/3/error/data/reason"), "answer");
	assert_non_null(strstr(toy_at(&answer, "/3/error/message"), "not called"));
	toy_answer_free(&answer);
}

static void test_large_answers(void **state)
{
	struct toy toy = {.max_answer = 5000};
	(void)state;
	toy_run_with(&toy, large_answers);
}

static void headers(struct toy *toy)
{
	const char *left = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.deadline.left\"}";
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_EVHTTP, left, NULL, "X-Deadline-Ms: 700", &answer);
	int64_t milliseconds = json_object_get_int64(json_object_object_get(answer.tree, "result"));
	assert_true(milliseconds <= 700);
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_EVHTTP, left, NULL, "X-Deadline-Ms: 99999", &answer);
	milliseconds = json_object_get_int64(json_object_object_get(answer.tree, "result"));
	assert_true(milliseconds <= 2000);
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_EVHTTP, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.fail.conflict\"}", NULL,
		 "X-Request-Id: bad id\"", &answer);
	assert_int_equal(strlen(toy_at(&answer, "/error/data/request_id")), 36);
	toy_answer_free(&answer);
	toy_post(toy, HTTP_ENGINE_DIRECT, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.caller.user\"}",
		 toy_user_token(&toy->key, "user"),
		 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", &answer);
	assert_string_equal(toy_at(&answer, "/result/trace"),
			    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_string_equal(toy_at(&answer, "/result/id"), TOY_USER);
	toy_answer_free(&answer);
}

static void test_headers(void **state)
{
	(void)state;
	toy_run(headers);
}

static void content_types(struct toy *toy)
{
	static const struct {
		const char *header;
		int status;
	} cases[] = {
	    {"Content-Type: application/json; charset=utf-8", 200},
	    {"Content-Type: APPLICATION/JSON", 200},
	    {"Content-Type: text/plain", 415},
	    {"Content-Type: application/jsonx", 415},
	    {"Content-Type:", 415},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct context ctx;
		context_init(&ctx, deadline_after(20 * CLOCK_SECOND));
		struct http_outgoing request = {
		    .url = arena_printf(&ctx.arena, "http://127.0.0.1:%u/rpc", http_server_port(toy->http[i % 2])),
		    .headers = (const char *const[]){cases[i].header, NULL},
		    .body = SAY("1"),
		    .body_length = sizeof(SAY("1")) - 1};
		struct http_answer answer;
		assert_int_equal(http_fetch(&ctx, toy->fetcher, &request, &answer), 0);
		assert_int_equal(answer.status, cases[i].status);
		assert_string_equal(answer.content_type, "application/json");
		context_done(&ctx);
	}
}

static void test_content_types(void **state)
{
	(void)state;
	toy_run(content_types);
}

static void discover(struct toy *toy)
{
	struct toy_answer answer;
	toy_link(toy, "rpc.discover", NULL, NULL, &answer);
	assert_string_equal(toy_at(&answer, "/result/info/title"), "Toy");
	assert_string_equal(toy_at(&answer, "/result/methods/0/name"), "toy.echo.say");
	toy_answer_free(&answer);
}

static void test_discover(void **state)
{
	(void)state;
	toy_run(discover);
}

static void test_handlers_and_api_must_agree(void **state)
{
	static const struct rpc_handler unknown[] = {{"toy.none.such", toy_say}, {NULL, NULL}};
	static const struct rpc_handler few[] = {{"toy.echo.say", toy_say}, {NULL, NULL}};
	static const struct rpc_handler twice[] = {{"toy.echo.say", toy_say}, {"toy.echo.say", toy_say}, {NULL, NULL}};
	const struct {
		const struct rpc_handler *handlers;
		const char *error;
	} cases[] = {
	    {unknown, "toy.none.such has a handler but is not in the API files"},
	    {few, "toy.sleep.nap is in the API files but has no handler"},
	    {twice, "toy.echo.say has two handlers"},
	};
	struct toy toy = {.max_answer = 0};
	(void)state;
	toy_make_api(&toy);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char error[300] = "";
		struct rpc_dispatcher_options options = {.api = toy.api, .handlers = cases[i].handlers};
		assert_null(rpc_dispatcher_new(&options, error, sizeof(error)));
		assert_string_equal(error, cases[i].error);
	}
	api_free(toy.api);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_envelopes),
	    cmocka_unit_test(test_unreadable),
	    cmocka_unit_test(test_invalid_batch),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_batch_with_hanging),
	    cmocka_unit_test(test_batch_without_deadline),
	    cmocka_unit_test(test_batch_that_ends_its_session),
	    cmocka_unit_test(test_large_batches),
	    cmocka_unit_test(test_large_answers),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_content_types),
	    cmocka_unit_test(test_discover),
	    cmocka_unit_test(test_handlers_and_api_must_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
