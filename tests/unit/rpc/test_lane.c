/* Methods whose work grows with the data get the connections of their lane. */
#include "rpc/toy.h"

static void over_http(struct toy *toy)
{
	struct toy_answer answer;
	for (int engine = 0; engine < 2; engine++) {
		toy_post(toy, (enum http_engine_kind)engine,
			 "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"toy.lane.show\"}]", NULL, NULL, &answer);
		assert_string_equal(toy_at(&answer, "/0/result/search"), "true");
		assert_string_equal(toy_at(&answer, "/0/result/share"), "127.0.0.1");
		toy_answer_free(&answer);
	}
}

static void expect_share(struct toy *toy, const char *peer, const char *share)
{
	struct link_request request = {.method = "toy.lane.show", .method_length = 13, .peer = peer};
	struct toy_answer answer;
	context_init(&answer.ctx, deadline_after(20 * CLOCK_SECOND));
	answer.tree = NULL;
	answer.text = link_call(&answer.ctx, toy->caller, &request, &answer.length);
	toy_parse(&answer);
	assert_string_equal(toy_at(&answer, "/result/search"), "true");
	assert_string_equal(toy_at(&answer, "/result/share"), share);
	toy_answer_free(&answer);
}

static void over_the_link(struct toy *toy)
{
	expect_share(toy, "192.0.2.7", "192.0.2.7");
	expect_share(toy, "::ffff:192.0.2.7", "192.0.2.7");
	expect_share(toy, "2001:db8:1:2:3:4:5:6", "2001:db8:1::");
	expect_share(toy, NULL, "127.0.0.1");
}

static void test_lane_and_share_over_http(void **state)
{
	(void)state;
	toy_run(over_http);
}

static void test_lane_and_share_over_the_link(void **state)
{
	(void)state;
	toy_run(over_the_link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lane_and_share_over_http),
	    cmocka_unit_test(test_lane_and_share_over_the_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
