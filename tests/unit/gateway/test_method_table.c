/* The methods behind the gateway, as the daemons' latest documents have them. */
#include "routes/method_table.h"
#include "unit.h"

#include <string.h>

static const char *const daemons[] = {"passport", "events"};

static void learn(struct method_table *table, size_t daemon, const char *methods)
{
	struct json_object *document = json_object_new_object();
	json_object_object_add(document, "methods", json_tokener_parse(methods));
	method_table_learn(table, daemon, document);
	json_object_put(document);
}

static enum methods_answer find(const struct method_table *table, const char *name, struct remote_method *ret)
{
	return method_table_find(table, name, strlen(name), ret);
}

static void test_follows_the_latest_document(void **state)
{
	struct method_table *table = method_table_new(daemons, ARRAY_SIZE(daemons));
	(void)state;
	struct remote_method method;
	assert_int_equal(find(table, "events.type.get", &method), METHODS_UNSURE);
	assert_int_equal(find(table, "rating.review.get", &method), METHODS_UNKNOWN);
	assert_int_equal(find(table, "events", &method), METHODS_UNKNOWN);
	learn(table, 1,
	      "[{\"name\":\"events.type.get\",\"x-access\":[\"public\"],\"x-idempotent\":true,\"x-deadline-ms\":3000},"
	      "{\"name\":\"events.type.put\",\"x-access\":[\"admin\"],\"x-idempotent\":false,\"x-deadline-ms\":10}]");
	assert_int_equal(find(table, "events.type.get", &method), METHODS_KNOWN);
	assert_string_equal(method.daemon, "events");
	assert_true(method.idempotent && method.public);
	assert_int_equal(method.deadline, 3000000);
	assert_int_equal(find(table, "events.type.put", &method), METHODS_KNOWN);
	assert_false(method.idempotent || method.public);
	assert_int_equal(find(table, "passport.user.me", &method), METHODS_UNSURE);
	learn(table, 1, "[{\"name\":\"events.type.put\",\"x-access\":[\"public\",\"user\"],\"x-deadline-ms\":20}]");
	assert_int_equal(find(table, "events.type.get", &method), METHODS_UNKNOWN);
	assert_int_equal(find(table, "events.type.put", &method), METHODS_KNOWN);
	assert_true(method.public);
	assert_int_equal(method.deadline, 20000);
	method_table_free(table);
}

static void test_hides_what_is_for_daemons(void **state)
{
	struct method_table *table = method_table_new(daemons, ARRAY_SIZE(daemons));
	(void)state;
	learn(table, 1,
	      "[{\"name\":\"events.fact.take\",\"x-access\":[\"service\"]},"
	      "{\"name\":\"events.a.b\",\"x-access\":[\"service\",\"admin\"]},"
	      "{\"name\":\"events.c.d\",\"x-access\":[\"public\"],\"x-internal\":true}]");
	struct remote_method method;
	assert_int_equal(find(table, "events.fact.take", &method), METHODS_UNKNOWN);
	assert_int_equal(find(table, "events.a.b", &method), METHODS_KNOWN);
	assert_int_equal(find(table, "events.c.d", &method), METHODS_UNKNOWN);
	method_table_free(table);
}

static void test_knows_what_a_call_costs(void **state)
{
	struct method_table *table = method_table_new(daemons, ARRAY_SIZE(daemons));
	(void)state;
	learn(table, 1,
	      "[{\"name\":\"events.a.get\",\"x-access\":[\"public\"],\"x-idempotent\":true,\"x-cost\":7},"
	      "{\"name\":\"events.a.find\",\"x-access\":[\"public\"],\"x-idempotent\":true,\"x-cost\":90,"
	      "\"x-lane\":\"search\"},"
	      "{\"name\":\"events.a.drop\",\"x-access\":[\"user\"],\"x-idempotent\":true,\"x-writes\":true},"
	      "{\"name\":\"events.a.make\",\"x-access\":[\"user\"],\"x-idempotent\":false,\"x-cost\":-5}]");
	struct remote_method method;
	assert_int_equal(find(table, "events.a.get", &method), METHODS_KNOWN);
	assert_true(method.charge.bucket == BUCKET_POINT && method.charge.cost == 7 && !method.charge.writes);
	assert_int_equal(find(table, "events.a.find", &method), METHODS_KNOWN);
	assert_true(method.charge.bucket == BUCKET_LANE && method.charge.cost == 90 && !method.charge.writes);
	assert_int_equal(find(table, "events.a.drop", &method), METHODS_KNOWN);
	assert_true(method.charge.bucket == BUCKET_POINT && method.charge.cost == 1 && method.charge.writes);
	assert_int_equal(find(table, "events.a.make", &method), METHODS_KNOWN);
	assert_true(method.charge.cost == 1 && method.charge.writes);
	method_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_follows_the_latest_document),
	    cmocka_unit_test(test_hides_what_is_for_daemons),
	    cmocka_unit_test(test_knows_what_a_call_costs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
