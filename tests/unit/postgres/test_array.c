#include "base/buffer.h"
#include "postgres/pg_run.h"
#include "postgres/pg_server.h"

static const char *url;

static void check_text(const char *const *values, size_t count, const char *expected)
{
	struct buffer out;
	buffer_init(&out, 1000);
	pg_array_text(&out, values, count);
	assert_false(buffer_failed(&out));
	assert_string_equal(buffer_text(&out), expected);
	buffer_done(&out);
}

static void test_literals(void **state)
{
	(void)state;
	check_text(NULL, 0, "{}");
	check_text((const char *const[]){"a", "b"}, 2, "{\"a\",\"b\"}");
	check_text((const char *const[]){"", NULL, "NULL"}, 3, "{\"\",NULL,\"NULL\"}");
	check_text((const char *const[]){"q\"\\{,}"}, 1, "{\"q\\\"\\\\{,}\"}");
}

static void test_ranges(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	assert_string_equal(pg_range_text(&arena, 0, 1500000),
			    "[1970-01-01T00:00:00.000000Z,1970-01-01T00:00:01.500000Z)");
	arena_done(&arena);
}

/* The server reads back exactly what went in. */
static void body_round(struct context *ctx, struct pg *pg)
{
	static const char *const values[] = {"",   " a ", "NULL",	"\"",	    "\\",
					     "{}", "a,b", "two\nlines", "\xc3\xa9", "'; --"};
	struct buffer out;
	buffer_init_arena(&out, &ctx->arena, 1000);
	pg_array_text(&out, values, ARRAY_SIZE(values));
	const struct pg_result *result = pg_read(ctx, pg, "SELECT unnest($1::text[])", buffer_text(&out));
	pg_run_check(ctx);
	assert_int_equal(pg_count(result), ARRAY_SIZE(values));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_string_equal(pg_text(result, i, 0), values[i]);
}

static void test_round_trip_through_the_server(void **state)
{
	(void)state;
	pg_run(&(struct pg_options){.url = url}, body_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_literals),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_round_trip_through_the_server),
	};
	url = pg_server_database();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
