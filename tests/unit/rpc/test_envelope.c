/* Requests and replies of JSON-RPC 2.0, read without a tree. */
#include "base/buffer.h"
#include "rpc/envelope.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct envelope scan(const char *text)
{
	static struct envelope envelope; /* calls of the copy returned point into it */
	(void)envelope_scan(text, strlen(text), &ENVELOPE_LIMITS_DEFAULT, &arena, &envelope);
	return envelope;
}

static void assert_span(struct json_span span, const char *expected)
{
	if (!expected) {
		assert_null(span.data);
		return;
	}
	assert_non_null(span.data);
	assert_int_equal(span.length, strlen(expected));
	assert_memory_equal(span.data, expected, span.length);
}

static void assert_call_fault(const char *text, const char *fault, const char *id)
{
	struct envelope envelope = scan(text);
	assert_int_equal(envelope.status, ENVELOPE_OK);
	assert_int_equal(envelope.count, 1);
	if (!envelope.calls[0].fault || strcmp(envelope.calls[0].fault, fault) != 0)
		fail_msg("%s: %s", text, envelope.calls[0].fault ? envelope.calls[0].fault : "valid");
	assert_span(envelope.calls[0].id, id);
	assert_false(envelope.calls[0].notification);
}

static void test_reads_a_call(void **state)
{
	static const char text[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":7, \"method\":\"events.booking.get\",\"params\" : {\"id\": [1]},"
	    "\"extra\":null,\"meta\":{\"deadline_ms\":5}}";
	(void)state;
	struct envelope envelope = scan(text);
	assert_int_equal(envelope.status, ENVELOPE_OK);
	assert_false(envelope.batch);
	assert_int_equal(envelope.count, 1);
	const struct envelope_call *call = &envelope.calls[0];
	assert_null(call->fault);
	assert_false(call->notification);
	assert_span(call->method, "events.booking.get");
	assert_span(call->id, "7");
	assert_span(call->params, "{\"id\": [1]}");
	assert_span(call->meta, "{\"deadline_ms\":5}");
	assert_span(call->text, text);
}

static void test_reads_ids_of_any_kind(void **state)
{
	static const char *const ids[] = {"1", "-1.5e3", "\"a\\u0041\"", "null", "\"\"", "123456789012345678901"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		char text[200];
		(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%s}", ids[i]);
		struct envelope envelope = scan(text);
		assert_null(envelope.calls[0].fault);
		assert_span(envelope.calls[0].id, ids[i]);
		assert_false(envelope.calls[0].notification);
	}
	assert_true(scan("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}").calls[0].notification);
}

static void test_unescapes_names_and_methods(void **state)
{
	(void)state;
	struct envelope envelope =
	    scan("{\"jsonrpc\":\"\\u0032.0\",\"\\u006d\\u0065\\u0074\\u0068\\u006f\\u0064\":\"a\\u002eb\",\"id\":1}");
	assert_null(envelope.calls[0].fault);
	assert_span(envelope.calls[0].method, "a.b");
	assert_call_fault("{\"id\":1,\"\\u0069d\":2}", "member name used twice in an object at byte 9", NULL);
}

static void test_names_the_fault_of_a_call(void **state)
{
	(void)state;
	assert_call_fault("{\"method\":\"m\",\"id\":1}", "jsonrpc is missing", "1");
	assert_call_fault("{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":1}", "jsonrpc must be the string \"2.0\"", "1");
	assert_call_fault("{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":\"a\"}", "jsonrpc must be the string \"2.0\"",
			  "\"a\"");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"id\":1}", "method is missing", "1");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"bar\"}", "method must be a string", NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"\"}", "method must not be empty", NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"bar\",\"id\":2}",
			  "params must be an object or an array", "2");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":2}",
			  "params must be an object or an array", "2");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{}}", "id must be a string, a number or null",
			  NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[1]}", "id must be a string, a number or null",
			  NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":true}", "id must be a string, a number or null",
			  NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"meta\":1}", "meta must be an object", NULL);
	assert_call_fault("[1]", "a call must be an object", NULL);
}

static void test_limits_method_and_id(void **state)
{
	(void)state;
	char text[600], filler[300];
	memset(filler, 'm', sizeof(filler));
	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"%.128s\",\"id\":1}", filler);
	assert_null(scan(text).calls[0].fault);
	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"%.129s\",\"id\":1}", filler);
	assert_call_fault(text, "method is longer than 128 bytes", "1");
	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"%.254s\"}", filler);
	assert_null(scan(text).calls[0].fault);
	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"%.255s\"}", filler);
	assert_call_fault(text, "id is longer than 256 bytes", NULL);
}

/* JSON that nobody should have to read spoils its call, and only that: in params for whoever runs it, elsewhere for
 * all.
 */
static void test_spoils_the_call_with_unfit_json(void **state)
{
	(void)state;
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"method\":\"n\"}",
			  "member name used twice in an object at byte 38", "1");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"id\":2}",
			  "member name used twice in an object at byte 38", NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"params\":{},\"id\":1,\"params\":{}}",
			  "member name used twice in an object at byte 37", "1");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\\u0000\",\"id\":1}", "U+0000 in a string at byte 29",
			  "1");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"\\ud800\"}",
			  "unpaired surrogate in a string at byte 37", NULL);
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1,\"x\":[1e999]}",
			  "number too large for a double at byte 42", "1");
	assert_call_fault("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"meta\":{\"token\":\"a\",\"token\":\"b\"}}",
			  "member name used twice in an object at byte 58", "1");
	struct envelope envelope = scan("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"a\":1,\"a\":2}},"
					"[\"\\u0000\"],"
					"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"m\",\"params\":{\"a\":1}}]");
	assert_int_equal(envelope.status, ENVELOPE_OK);
	assert_int_equal(envelope.count, 3);
	assert_null(envelope.calls[0].fault);
	assert_int_equal(envelope.calls[0].params_error.fault, JSON_FAULT_DUPLICATE_NAME);
	assert_int_equal(envelope.calls[0].params_error.offset, 8);
	assert_span(envelope.calls[0].id, "1");
	assert_string_equal(envelope.calls[1].fault, "a call must be an object");
	assert_null(envelope.calls[2].fault);
	assert_int_equal(envelope.calls[2].params_error.fault, JSON_OK);
}

static void assert_place(const char *params, const char *place)
{
	char text[400];
	(void)snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":%s}", params);
	struct envelope envelope = scan(text);
	const struct envelope_call *call = &envelope.calls[0];
	assert_int_not_equal(call->params_error.fault, JSON_OK);
	assert_string_equal(json_place(call->params, call->params_error.offset, &arena), place);
}

static void test_tells_where_params_are_unfit(void **state)
{
	(void)state;
	assert_place("{\"a\":1,\"a\":2}", "/a");
	assert_place("{\"x\":{\"y\":\"}\\\\\"},\"a\":[{},{\"b/~\":{\"c\":1 , \"c\" :2}}]}", "/a/1/b~1~0/c");
	assert_place("[[],[1,2],\"a\\\"[\",\"\\u0000\"]", "/3");
	assert_place("{\"a\":{\"b\":1,\"c\":\"x\\ud800\",\"c\":2}}", "/a/c");
	assert_place("{\"a\":[0,-1e999]}", "/a/1");
	assert_place("{\"a\":{\"b\":1,\"\\u0000\":2}}", "/a");
	assert_place("{\"\\ud800\":1}", "");
	assert_place("{\"\\u0061\":1,\"a\":1}", "/a");
}

/* The batch of the specification's section 7. */
static void test_reads_a_batch(void **state)
{
	(void)state;
	struct envelope envelope =
	    scan("[{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1,2,4], \"id\": \"1\"},"
		 "{\"jsonrpc\": \"2.0\", \"method\": \"notify_hello\", \"params\": [7]},"
		 "{\"foo\": \"boo\"}, 1, [],"
		 "{\"jsonrpc\": \"2.0\", \"method\": \"get_data\", \"id\": \"9\"}]");
	assert_int_equal(envelope.status, ENVELOPE_OK);
	assert_true(envelope.batch);
	assert_int_equal(envelope.count, 6);
	assert_span(envelope.calls[0].params, "[1,2,4]");
	assert_true(envelope.calls[1].notification);
	assert_string_equal(envelope.calls[2].fault, "jsonrpc is missing");
	assert_string_equal(envelope.calls[3].fault, "a call must be an object");
	assert_span(envelope.calls[3].text, "1");
	assert_string_equal(envelope.calls[4].fault, "a call must be an object");
	assert_span(envelope.calls[5].id, "\"9\"");
}

static void test_refuses_whole_texts(void **state)
{
	static const struct {
		const char *text;
		enum envelope_status status;
		const char *message;
	} cases[] = {
	    {"", ENVELOPE_PARSE_ERROR, "no JSON value at byte 0"},
	    {"{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]", ENVELOPE_PARSE_ERROR,
	     "unexpected character at byte 39"},
	    {"[{\"jsonrpc\":\"2.0\",\"method\":\"m\"},", ENVELOPE_PARSE_ERROR,
	     "the text ends inside a value at byte 32"},
	    {"{\"params\":{\"a\":1,\"a\":2},}", ENVELOPE_PARSE_ERROR, "unexpected character at byte 24"},
	    {"\"\\u0000\"", ENVELOPE_INVALID_REQUEST, "a request must be an object or an array"},
	    {"{} x", ENVELOPE_PARSE_ERROR, "more text after the value at byte 3"},
	    {"[]", ENVELOPE_INVALID_REQUEST, "a batch must not be empty"},
	    {"1", ENVELOPE_INVALID_REQUEST, "a request must be an object or an array"},
	    {"\"x\"", ENVELOPE_INVALID_REQUEST, "a request must be an object or an array"},
	    {"null", ENVELOPE_INVALID_REQUEST, "a request must be an object or an array"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct envelope envelope = scan(cases[i].text);
		if (envelope.status != cases[i].status || strcmp(envelope.message, cases[i].message) != 0)
			fail_msg("%s: %s", cases[i].text, envelope.message);
		assert_int_equal(envelope.count, 0);
	}
}

static void test_limits_batches_and_depth(void **state)
{
	(void)state;
	struct buffer text;
	buffer_init(&text, 1U << 20);
	for (int i = 0; i < 101; i++)
		buffer_printf(&text, "%c{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":%d}", i == 0 ? '[' : ',', i);
	buffer_append_char(&text, ']');
	struct envelope envelope = scan(text.data);
	assert_int_equal(envelope.status, ENVELOPE_TOO_LARGE);
	assert_string_equal(envelope.message, "a batch of 101 calls, at most 100 are allowed");
	assert_int_equal(envelope.count, 0);
	struct envelope_limits limits = {.max_depth = 32, .max_calls = 101};
	struct envelope exact;
	assert_int_equal(envelope_scan(text.data, text.length, &limits, &arena, &exact), ENVELOPE_OK);
	assert_int_equal(exact.count, 101);
	assert_span(exact.calls[100].id, "100");
	buffer_reset(&text);
	for (int i = 0; i < 10000; i++)
		buffer_append_char(&text, '[');
	envelope = scan(text.data);
	assert_int_equal(envelope.status, ENVELOPE_TOO_LARGE);
	assert_string_equal(envelope.message, "nested deeper than 32 at byte 32");
	buffer_done(&text);
}

static bool reply(const char *text, struct envelope_reply *ret, struct json_error *ret_error)
{
	return envelope_scan_reply(text, strlen(text), 32, &arena, ret, ret_error);
}

static void test_reads_replies(void **state)
{
	(void)state;
	struct json_error error;
	struct envelope_reply got;
	assert_true(reply("{\"jsonrpc\":\"2.0\",\"result\":[1, 2],\"id\":5}", &got, &error));
	assert_span(got.result, "[1, 2]");
	assert_span(got.id, "5");
	assert_null(got.error.data);
	assert_true(reply("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700}}", &got, &error));
	assert_span(got.error, "{\"code\":-32700}");
	assert_null(got.result.data);
	assert_true(reply("{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":5}", &got, &error));
	assert_span(got.result, "null");
}

static void test_refuses_what_is_no_reply(void **state)
{
	static const char *const shapes[] = {
	    "{}",
	    "[]",
	    "{\"jsonrpc\":\"2.0\",\"id\":1}",
	    "{\"jsonrpc\":\"2.0\",\"result\":1}",
	    "{\"id\":1,\"result\":1}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":1}",
	};
	struct envelope_reply got = {.id = {NULL, 0}};
	(void)state;
	struct json_error error;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		assert_false(reply(shapes[i], &got, &error));
	assert_null(got.id.data);
	assert_false(reply("{\"jsonrpc\":\"2.0\",\"id\":1,", &got, &error));
	assert_int_equal(error.fault, JSON_FAULT_UNEXPECTED_END);
	assert_false(reply("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}}", &got, &error));
	assert_int_equal(error.fault, JSON_FAULT_TRAILING);
}

static int empty_arena(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_a_call),
	    cmocka_unit_test(test_reads_ids_of_any_kind),
	    cmocka_unit_test(test_unescapes_names_and_methods),
	    cmocka_unit_test(test_names_the_fault_of_a_call),
	    cmocka_unit_test(test_limits_method_and_id),
	    cmocka_unit_test(test_spoils_the_call_with_unfit_json),
	    cmocka_unit_test(test_tells_where_params_are_unfit),
	    cmocka_unit_test(test_reads_a_batch),
	    cmocka_unit_test(test_refuses_whole_texts),
	    cmocka_unit_test(test_limits_batches_and_depth),
	    cmocka_unit_test(test_reads_replies),
	    cmocka_unit_test(test_refuses_what_is_no_reply),
	};
	return cmocka_run_group_tests(tests, NULL, empty_arena);
}
