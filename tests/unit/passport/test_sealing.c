/* Sealing under a master key, and changing the key. */
#include "unit.h"

#include "keys/sealing.h"

#include <string.h>

#define LABEL "test.secret"
#define OLD_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NEW_KEY "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"

static const char plain[] = "what nobody is to read";

static struct master_key parse(struct context *ctx, const char *text, const char *previous)
{
	struct master_key key;
	assert_int_equal(master_key_parse(ctx, text, previous, &key), 0);
	return key;
}

static unsigned char *sealed_with(struct context *ctx, const struct master_key *key, size_t *ret_length)
{
	unsigned char *sealed = seal(ctx, key, LABEL, plain, strlen(plain), ret_length);
	assert_non_null(sealed);
	return sealed;
}

static void assert_opens(struct context *ctx, const struct master_key *key, const unsigned char *sealed, size_t length)
{
	size_t opened = 0;
	assert_string_equal(unseal(ctx, key, LABEL, sealed, length, &opened), plain);
	assert_int_equal(opened, strlen(plain));
}

static void assert_stays_shut(struct context *ctx, const struct master_key *key, const char *label,
			      const unsigned char *sealed, size_t length)
{
	size_t opened = 0;
	assert_null(unseal(ctx, key, label, sealed, length, &opened));
	assert_int_equal(ctx->error.code, ERROR_INTERNAL);
	error_clear(&ctx->error);
}

static void test_only_the_key_and_the_label_open(void **state)
{
	size_t length = 0, other_length = 0;
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct master_key key = parse(&ctx, OLD_KEY, NULL), other = parse(&ctx, NEW_KEY, "");
	unsigned char *sealed = sealed_with(&ctx, &key, &length);
	assert_opens(&ctx, &key, sealed, length);
	assert_stays_shut(&ctx, &other, LABEL, sealed, length);
	assert_stays_shut(&ctx, &key, "test.other", sealed, length);
	assert_stays_shut(&ctx, &key, LABEL, sealed, length - 1);
	assert_stays_shut(&ctx, &key, LABEL, sealed, 27);
	/* A nonce is never used twice. */
	assert_memory_not_equal(sealed, sealed_with(&ctx, &key, &other_length), 12);
	sealed[length / 2] ^= 1;
	assert_stays_shut(&ctx, &key, LABEL, sealed, length);
	context_done(&ctx);
}

static void test_the_previous_key_opens_and_never_seals(void **state)
{
	size_t old_length = 0, new_length = 0;
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct master_key before = parse(&ctx, OLD_KEY, NULL), after = parse(&ctx, NEW_KEY, NULL);
	struct master_key both = parse(&ctx, NEW_KEY, OLD_KEY);
	unsigned char *old = sealed_with(&ctx, &before, &old_length);
	assert_opens(&ctx, &both, old, old_length);
	unsigned char *sealed = sealed_with(&ctx, &both, &new_length);
	assert_opens(&ctx, &both, sealed, new_length);
	assert_opens(&ctx, &after, sealed, new_length);
	assert_stays_shut(&ctx, &before, LABEL, sealed, new_length);
	context_done(&ctx);
}

static void test_what_was_derived_before_is_found_with_the_previous_key(void **state)
{
	(void)state;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	struct master_key before = parse(&ctx, OLD_KEY, NULL), both = parse(&ctx, NEW_KEY, OLD_KEY), previous;
	assert_false(master_key_previous(&before, &previous));
	assert_true(master_key_previous(&both, &previous));
	unsigned char first[32], again[32], fresh[32];
	master_key_derive(&before, LABEL, plain, strlen(plain), first);
	master_key_derive(&previous, LABEL, plain, strlen(plain), again);
	master_key_derive(&both, LABEL, plain, strlen(plain), fresh);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, fresh, sizeof(first));
	context_done(&ctx);
}

static void test_bad_keys_are_refused_by_name(void **state)
{
	static const char *const bad[][2] = {{"short", NULL}, {"", NULL}, {OLD_KEY, "short"}, {OLD_KEY, OLD_KEY "A"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct context ctx;
		context_init(&ctx, DEADLINE_NEVER);
		struct master_key key;
		assert_int_equal(master_key_parse(&ctx, bad[i][0], bad[i][1], &key), -1);
		assert_string_equal(ctx.error.cause, bad[i][1] ? "master_key_previous is not 32 bytes of base64url"
							       : "master_key is not 32 bytes of base64url");
		context_done(&ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_the_key_and_the_label_open),
	    cmocka_unit_test(test_the_previous_key_opens_and_never_seals),
	    cmocka_unit_test(test_what_was_derived_before_is_found_with_the_previous_key),
	    cmocka_unit_test(test_bad_keys_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
