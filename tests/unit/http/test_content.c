/* Content-Type and Content-Encoding of every right, wrong and odd kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "base/macros.h"
#include "http/content.h"

static void test_types_of_json(void **state)
{
	(void)state;
	static const char *const TYPES[] = {
	    "application/json",
	    "application/json-rpc",
	    "application/jsonrequest",
	    "APPLICATION/JSON-RPC",
	    "application/json;charset=utf-8",
	    "application/json ; charset=UTF-8",
	    "application/json; charset=\"utf-8\"",
	    "application/json; charset=utf8",
	    "application/json;",
	    "application/json; ; charset=utf-8;",
	    "application/json; odata=\"a;\\\"b, charset=x\"",
	    "application/json; version=1; charset=utf-8",
	};
	for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++)
		if (!http_content_is_json(TYPES[i]))
			fail_msg("%s is refused", TYPES[i]);
}

static void test_other_types(void **state)
{
	(void)state;
	static const char *const TYPES[] = {
	    "",
	    "json",
	    "*/*",
	    "text/plain",
	    "text/json",
	    "application/x-www-form-urlencoded",
	    "application/json-rpc2",
	    "application/jsonx",
	    "application/json+x",
	    "application/vnd.api+json",
	    "application /json",
	    " application/json",
	    "application/json application/json",
	    "application/json, application/json",
	    "application/json, text/plain",
	    "application/json; charset=utf-16",
	    "application/json; charset=\"UTF-16LE\"",
	    "application/json; charset=iso-8859-1",
	    "application/json; charset=utf-8; charset=utf-16",
	    "application/json; charset=",
	    "application/json; charset",
	    "application/json; charset=\"utf-8",
	    "application/json; charset=\"utf-8\\",
	    "application/json; charset=\"",
	    "application/json; =utf-8",
	    "application/json; charset =utf-8",
	    "application/json=",
	};
	assert_false(http_content_is_json(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++)
		if (http_content_is_json(TYPES[i]))
			fail_msg("%s is taken", TYPES[i]);
}

static void test_encodings(void **state)
{
	(void)state;
	static const char *const PLAIN[] = {"", "identity", "IDENTITY", "identity, identity", ", identity ,"};
	static const char *const ENCODED[] = {"gzip",		"x-gzip",  "br",       "identity, gzip",
					      "gzip, identity", "rubbish", "identityx"};
	assert_false(http_content_is_encoded(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(PLAIN); i++)
		assert_false(http_content_is_encoded(PLAIN[i]));
	for (size_t i = 0; i < ARRAY_SIZE(ENCODED); i++)
		assert_true(http_content_is_encoded(ENCODED[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_types_of_json),
	    cmocka_unit_test(test_other_types),
	    cmocka_unit_test(test_encodings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
