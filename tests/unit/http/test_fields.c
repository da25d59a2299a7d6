/* The table of a request's headers. */
#include "http/parser.h"
#include "unit.h"

#include <string.h>

enum { LINES = 40 };

/* "a, b" of all lines, in memory of its own: what is taken from the arena later does not reach into it. */
static void test_values_of_one_name_are_joined(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct http_fields fields;
	http_fields_begin(&fields, &arena, 4096);
	for (int i = 0; i < LINES; i++) {
		assert_true(http_fields_add(&fields, i % 2 ? "Accept" : "accept", "a/b"));
		assert_true(http_fields_add(&fields, "Accept-Language", "no"));
	}
	const char *joined = http_fields_list(&fields, &arena, "ACCEPT");
	memset(arena_alloc(&arena, 256), 'x', 256);
	assert_int_equal(strlen(joined), LINES * 5 - 2);
	for (size_t i = 0; i < LINES; i++)
		assert_memory_equal(joined + i * 5, "a/b, ", i + 1 < LINES ? 5 : 3);
	arena_done(&arena);
}

static void test_one_value_is_given_as_it_is(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct http_fields fields;
	http_fields_begin(&fields, &arena, 4096);
	assert_true(http_fields_add(&fields, "Accept", "a/b, c/d"));
	assert_string_equal(http_fields_list(&fields, &arena, "accept"), "a/b, c/d");
	assert_null(http_fields_list(&fields, &arena, "Accept-Language"));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_of_one_name_are_joined),
	    cmocka_unit_test(test_one_value_is_given_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
