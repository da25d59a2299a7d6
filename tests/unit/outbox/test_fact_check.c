/* Facts against their lists: what is not valid is neither published nor folded, what is unknown is counted. */
#include "api/fact_check.h"
#include "outbox/outbox_fixture.h"
#include "telemetry/metrics.h"

#define PAYLOAD(most) \
	"{\"type\":\"object\",\"required\":[\"n\"],\"properties\":{\"n\":{\"type\":\"integer\",\"maximum\":" most "}}}"
#define FACT(topic) \
	"{\"topic\":\"" topic "\",\"summary\":\"s\",\"key\":\"k\",\"payload\":" PAYLOAD("9") ",\"example\":{\"n\":1}}"

/* The consumer takes less than the publisher promises. */
static const char lists[] = "{\"facts\":[" FACT("events.thing.made") "," FACT(
    "events.quiet.made") "],\"consumes\":[{\"topic\":\"events.thing.made\",\"payload\":" PAYLOAD("5") "}]}";

static struct api *api;

static void lists_open(struct context *ctx)
{
	const struct embedded_file files[] = {{"facts.json", lists, lists + strlen(lists)}, {NULL, NULL, NULL}};
	outbox_open(ctx);
	char error[200];
	api = api_load(files, &(struct api_about){"events", "1", NULL}, error, sizeof(error));
	assert_non_null(api);
	assert_true(fact_check_begin(api, files, error, sizeof(error)));
}

static void lists_close(void)
{
	fact_check_end();
	api_free(api);
	outbox_close();
}

static int64_t counted(const char *what, const char *side)
{
	const char *name =
	    strcmp(what, "invalid") == 0 ? "eventloop_facts_invalid_total" : "eventloop_facts_unknown_total";
	return metric_value(metric_series(metric_register(METRIC_COUNTER, name, "", "side"), &side));
}

static void publish(struct context *ctx, const char *topic, const char *payload)
{
	struct rpc_call call = write_call(ctx, world.producer, "{}");
	struct pg_tx *tx = rpc_begin(&call);
	assert_int_equal(rpc_publish(&call, tx, topic, "a", payload), 0);
	assert_int_equal(rpc_commit_text(&call, tx, "{}"), 0);
}

static void assert_not_published(struct context *ctx, const char *payload, const char *cause)
{
	struct context own;
	context_init(&own, ctx->deadline);
	int64_t before = counted("invalid", "published");
	struct rpc_call call = write_call(&own, world.producer, "{}");
	struct pg_tx *tx = rpc_begin(&call);
	assert_int_equal(rpc_publish(&call, tx, "events.thing.made", "a", payload), -1);
	assert_int_equal(own.error.code, ERROR_INTERNAL);
	assert_string_equal(own.error.cause, cause);
	pg_rollback(tx);
	context_done(&own);
	assert_int_equal(counted("invalid", "published"), before + 1);
	assert_int_equal(write_number(ctx, world.producer, "SELECT count(*) FROM outbox"), 0);
}

WRITE_TEST(test_what_is_not_valid_is_not_published)
{
	lists_open(ctx);
	assert_not_published(ctx, "{\"n\": 10}", "the payload of events.thing.made is not valid: /n: maximum");
	assert_not_published(ctx, "{}", "the payload of events.thing.made is not valid: /n: required");
	assert_not_published(ctx, "{\"n\"", "the payload of events.thing.made is no JSON");
	assert_not_published(ctx, NULL, "the payload of events.thing.made is no JSON");
	publish(ctx, "events.thing.made", "{\"n\": 9}");
	lists_close();
}

WRITE_TEST(test_what_the_consumer_cannot_read_is_refused_and_buried)
{
	lists_open(ctx);
	int64_t before = counted("invalid", "consumed");
	struct outbox_relay *relay = outbox_start();
	outbox_publish(ctx, "b", 6);
	outbox_publish(ctx, "a", 5);
	outbox_await(ctx, 1);
	outbox_await_number(ctx, world.producer, "SELECT count(*) FROM outbox_dead_letter", 1);
	struct pg_result *row = write_sql(ctx, world.producer, "SELECT key, reason FROM outbox_dead_letter");
	assert_string_equal(pg_text(row, 0, 0), "b");
	assert_string_equal(pg_text(row, 0, 1), "internal: the payload is not valid: /n: maximum");
	assert_int_equal(counted("invalid", "consumed"), before + 3);
	outbox_assert_applied(ctx, "5");
	outbox_end(relay);
	lists_close();
}

/* What no handler wants is no fault as long as its topic is known. */
WRITE_TEST(test_unknown_topics_pass_and_are_counted)
{
	lists_open(ctx);
	int64_t sent = counted("unknown", "published"), came = counted("unknown", "consumed");
	struct outbox_relay *relay = outbox_start();
	publish(ctx, "events.quiet.made", "{\"n\": 1}");
	publish(ctx, "events.strange.made", "{}");
	outbox_publish(ctx, "a", 1);
	outbox_await(ctx, 1);
	assert_int_equal(counted("unknown", "published"), sent + 1);
	assert_int_equal(counted("unknown", "consumed"), came + 1);
	outbox_end(relay);
	lists_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_not_valid_is_not_published),
	    cmocka_unit_test(test_what_the_consumer_cannot_read_is_refused_and_buried),
	    cmocka_unit_test(test_unknown_topics_pass_and_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
