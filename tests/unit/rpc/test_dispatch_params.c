/* What parameters may look like before their schema is asked: the same at every door. */
#include "rpc/toy.h"

/* The same answer at all doors: result's text, or the path and rule of the field that was refused. */
static void expect_say(struct toy *toy, const char *method, const char *params, const char *pointer, const char *value)
{
	struct arena arena;
	arena_init(&arena);
	const char *body =
	    arena_printf(&arena, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"%s\",\"params\":%s}", method, params);
	struct toy_answer answer;
	for (int door = 0; door < 3; door++) {
		if (door < 2)
			toy_post(toy, (enum http_engine_kind)door, body, NULL, NULL, &answer);
		else
			toy_link(toy, method, params, NULL, &answer);
		if (strcmp(toy_at(&answer, pointer), value) != 0)
			fail_msg("%s at door %d: %.*s", params, door, (int)answer.length, answer.text);
		if (door < 2)
			assert_string_equal(toy_at(&answer, "/id"), "5");
		toy_answer_free(&answer);
	}
	arena_done(&arena);
}

static void unfit_params(struct toy *toy)
{
	static const struct {
		const char *params, *path, *rule;
	} cases[] = {
	    {"{\"text\":\"a\",\"text\":\"b\"}", "/params/text", "uniqueNames"},
	    {"{\"text\":\"a\\u0000\"}", "/params/text", "noNul"},
	    {"{\"text\":[{\"a\":\"\\udc00\"}]}", "/params/text/0/a", "pairedSurrogates"},
	    {"{\"number\":1e999}", "/params/number", "numberRange"},
	    {"{\"\\u0000\":1}", "/params", "noNul"},
	    {"[\"\\u0000\"]", "/params/0", "noNul"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		expect_say(toy, "toy.echo.say", cases[i].params, "/error/code", "-32602");
		expect_say(toy, "toy.echo.say", cases[i].params, "/error/data/fields/0/path", cases[i].path);
		expect_say(toy, "toy.echo.say", cases[i].params, "/error/data/fields/0/rule", cases[i].rule);
		expect_say(toy, "rpc.discover", cases[i].params, "/error/data/fields/0/rule", cases[i].rule);
	}
	/* What is asked first of every call is asked first of these. */
	expect_say(toy, "toy.none.such", cases[0].params, "/error/data/code", "method_not_found");
	expect_say(toy, "toy.caller.user", cases[0].params, "/error/data/code", "unauthenticated");
}

static void test_unfit_params(void **state)
{
	(void)state;
	toy_run(unfit_params);
}

/* Only the call with it fails, the rest of its batch is answered. */
static void unfit_batch(struct toy *toy)
{
	static const char body[] =
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.echo.say\",\"params\":{\"text\":\"a\",\"text\":\"b\"}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"toy.echo.say\",\"params\":{\"text\":\"c\"}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"id\":4,\"method\":\"toy.echo.say\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"toy.echo.say\",\"x\":\"\\u0000\"}]";
	struct toy_answer answer;
	toy_post(toy, HTTP_ENGINE_DIRECT, body, NULL, NULL, &answer);
	assert_string_equal(toy_at(&answer, "/0/id"), "1");
	assert_string_equal(toy_at(&answer, "/0/error/data/fields/0/path"), "/params/text");
	assert_string_equal(toy_at(&answer, "/1/result/text"), "c");
	assert_string_equal(toy_at(&answer, "/2/id"), "null");
	assert_string_equal(toy_at(&answer, "/2/error/data/code"), "invalid_request");
	assert_string_equal(toy_at(&answer, "/3/id"), "5");
	assert_string_equal(toy_at(&answer, "/3/error/data/code"), "invalid_request");
	toy_answer_free(&answer);
}

static void test_unfit_batch(void **state)
{
	(void)state;
	toy_run(unfit_batch);
}

/* [] is no parameters, and null an optional parameter that is not given, for that is what libraries write. */
static void absent_params(struct toy *toy)
{
	expect_say(toy, "toy.echo.say", "[]", "/result/number", "7");
	expect_say(toy, "toy.echo.say", "[ \n]", "/result/number", "7");
	expect_say(toy, "toy.echo.say", "{\"number\":null,\"text\":null}", "/result/number", "7");
	expect_say(toy, "rpc.discover", "[]", "/result/openrpc", "1.2.6");
	expect_say(toy, "toy.echo.say", "[\"a\"]", "/error/message", "params: must be an object");
	expect_say(toy, "toy.echo.say", "[\"a\"]", "/error/data/fields/0/path", "/params");
	expect_say(toy, "toy.echo.say", "[[]]", "/error/data/fields/0/rule", "type");
	expect_say(toy, "toy.sleep.nap", "[]", "/error/data/fields/0/rule", "type");
	expect_say(toy, "toy.sleep.nap", "{\"milliseconds\":null}", "/error/data/fields/0/path",
		   "/params/milliseconds");
	expect_say(toy, "toy.echo.say", "{\"nobody\":null}", "/error/data/fields/0/path", "/params/nobody");
	expect_say(toy, "rpc.discover", "{\"a\":1}", "/error/data/code", "invalid_params");
}

static void test_absent_params(void **state)
{
	(void)state;
	toy_run(absent_params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unfit_params),
	    cmocka_unit_test(test_unfit_batch),
	    cmocka_unit_test(test_absent_params),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
