/* What is a bearer token in Authorization, and what a client without a good one is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants those first. */
#include <cmocka.h>

#include "base/context.h"
#include "token/bearer.h"

#include <string.h>

static void test_the_token_follows_the_scheme(void **state)
{
	(void)state;
	static const struct {
		const char *value, *token;
	} ROWS[] = {
	    {"Bearer a.b.c", "a.b.c"},
	    {"bearer a.b.c", "a.b.c"},
	    {"BEARER a.b.c", "a.b.c"},
	    {"Bearer    a.b.c", "a.b.c"},
	    {"Bearer a, Bearer b", "a, Bearer b"}, /* two headers: no token looks like that */
	    {"", ""},
	    {"a.b.c", ""},
	    {"Bearer", ""},
	    {"Bearer ", ""},
	    {"Bearer\ta.b.c", ""},
	    {"Bearera.b.c", ""},
	    {"Bearer: a.b.c", ""},
	    {"Bearer=a.b.c", ""},
	    {"Basic YTpi", ""},
	    {"Token a.b.c", ""},
	    {"Basic YTpi, Bearer a.b.c", ""},
	};
	assert_null(bearer_token(NULL));
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)
		assert_string_equal(bearer_token(ROWS[i].value), ROWS[i].token);
}

static void assert_challenge(const char *reason, const char *message, const char *challenge)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	(void)context_fail(&ctx, ERROR_UNAUTHENTICATED, reason, "%s", message);
	assert_string_equal(bearer_challenge(&ctx), challenge);
	context_done(&ctx);
}

static void test_the_challenge_says_what_was_wrong(void **state)
{
	(void)state;
	assert_challenge("missing", "an access token is needed", "Bearer");
	assert_challenge("expired", "the access token has expired",
			 "Bearer error=\"invalid_token\", error_description=\"the access token has expired\"");
	/* What may not stand between the quotes does not. */
	assert_challenge("malformed", "a \"b\" \\ \xC3\xA4",
			 "Bearer error=\"invalid_token\", error_description=\"a 'b' ' ''\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_token_follows_the_scheme),
	    cmocka_unit_test(test_the_challenge_says_what_was_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
