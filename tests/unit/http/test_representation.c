/* What a representation's headers mean: Accept-Encoding with weights, If-None-Match with its lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "http/representation.h"

static void test_gzip_is_taken_only_by_those_who_prefer_it(void **state)
{
	(void)state;
	static const char *const yes[] = {"gzip",
					  "GZIP",
					  "x-gzip",
					  "deflate, gzip;q=1.0, *;q=0.5",
					  "gzip;q=0.001",
					  "gzip ; q=0.5 , br",
					  "*",
					  "br;q=1, *;q=0.1",
					  "identity;q=0.5, gzip;q=0.5",
					  "gzip;Q=1",
					  "identity;q=0, *"};
	static const char *const no[] = {
	    "",		"identity", "gzip;q=0", "gzip;q=0.000", "*;q=0",	"gzip;q=0, *",		"br, deflate",
	    "gzipped",	"gzip;q=",  "gzip;q=2", "gzip;q=x",	"gzip;level=9", "identity, gzip;q=0.9", ",,",
	    "gzip;q=-1"};
	assert_false(http_accepts_gzip(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!http_accepts_gzip(yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (http_accepts_gzip(no[i]))
			fail_msg("%s", no[i]);
}

static void test_a_tag_is_found_in_a_list(void **state)
{
	(void)state;
	static const char *const yes[] = {
	    "\"a\"",	       "W/\"a\"",      "*",	 " * ", "\"b\", \"a\"", "\"b\",W/\"a\"",
	    "\"x,y\", \"a\" ", "\"a\", \"b\"", "\"a\"\t"};
	static const char *const no[] = {"", "a", "\"A\"", "\"ab\"", "\"b\"", "\"x, \\\"a\\\"\"", "\"a", "\"a\"b"};
	assert_false(http_tag_matches(NULL, "\"a\""));
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!http_tag_matches(yes[i], "\"a\""))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (http_tag_matches(no[i], "\"a\""))
			fail_msg("%s", no[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_gzip_is_taken_only_by_those_who_prefer_it),
	    cmocka_unit_test(test_a_tag_is_found_in_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
