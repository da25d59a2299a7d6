/* How long a verified token is remembered: until it expires, with the skew that it was verified with, and no longer. */
#include "token/cache.h"
#include "token/token_fixture.h"

#include <time.h>

#define EXPIRES (INT64_C(1000000) * CLOCK_SECOND)

static struct token_text remember(struct token_cache *cache, const char *token)
{
	struct token_text text = token_text_of(token, strlen(token));
	struct identity identity = {.kind = IDENTITY_USER};
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	assert_non_null(token_cache_add(&ctx, cache, &text, &identity, EXPIRES));
	context_done(&ctx);
	return text;
}

static bool is_found(struct token_cache *cache, const struct token_text *token, int64_t now)
{
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	bool found = token_cache_find(&ctx, cache, token, now) != NULL;
	context_done(&ctx);
	return found;
}

static void test_a_token_is_found_until_it_expires(void **state)
{
	struct token_cache *cache = token_cache_new(8);
	(void)state;
	struct token_text token = remember(cache, "one");
	assert_true(is_found(cache, &token, EXPIRES - CLOCK_SECOND));
	assert_true(is_found(cache, &token, EXPIRES - 1));
	assert_false(is_found(cache, &token, EXPIRES));
	token_cache_free(cache);
}

static void test_an_expired_token_gives_its_place_back(void **state)
{
	struct token_cache *cache = token_cache_new(8);
	(void)state;
	struct token_text one = remember(cache, "one"), two = remember(cache, "two");
	assert_false(is_found(cache, &one, EXPIRES));
	assert_int_equal(token_cache_count(cache), 1);
	assert_false(is_found(cache, &one, EXPIRES - 1));
	assert_true(is_found(cache, &two, EXPIRES - 1));
	token_cache_free(cache);
}

static void wait_for_wall(int64_t moment)
{
	while (clock_wall() < moment)
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* One or two seconds before its end, as dates of claims are whole seconds. */
TEST(test_a_remembered_token_ends_with_its_skew)
{
	long shift = 2 - 600 - (long)(TOKEN_SKEW / CLOCK_SECOND);
	const char *token =
	    token_make(&ctx->arena, &key, token_header(&ctx->arena, &key), token_claims(&ctx->arena, shift, ""));
	const struct identity *identity = verify(ctx, verifier, token);
	assert_non_null(identity);
	assert_ptr_equal(identity, verify(ctx, verifier, token));
	wait_for_wall(identity->expires + TOKEN_SKEW);
	assert_null(verify(ctx, verifier, token));
	assert_string_equal(ctx->error.reason, "expired");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_token_is_found_until_it_expires),
	    cmocka_unit_test(test_an_expired_token_gives_its_place_back),
	    cmocka_unit_test(test_a_remembered_token_ends_with_its_skew),
	};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
