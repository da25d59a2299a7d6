/* Hashes of passwords: the same as the argon2 library's own, and the memory that they take. */
#include "base/clock.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"
#include "credentials/password.h"
#include "credentials/password_memory.h"
#include "credentials/phc.h"
#include "unit.h"

#include <argon2.h>
#include <string.h>

#define SIZE ((size_t)3 * 1024 * 1024)

static void run(void (*function)(void *argument))
{
	struct loop *loop = loop_new(NULL);
	struct offload_pool *pool = offload_pool_new(1, 4);
	offload_set_default(pool);
	assert_non_null(co_spawn("test", function, NULL));
	loop_run_until_idle(loop);
	offload_pool_free(pool);
	offload_set_default(NULL);
	loop_free(loop);
}

static void exchange_hashes(void *argument)
{
	static const char password[] = "correct horse";
	bool match = false;
	(void)argument;
	struct context ctx;
	context_init(&ctx, deadline_after(60 * CLOCK_SECOND));
	const char *ours = password_hash(&ctx, password);
	assert_non_null(ours);
	assert_int_equal(argon2id_verify(ours, password, strlen(password)), ARGON2_OK);
	char theirs[128];
	assert_int_equal(
	    argon2id_hash_encoded(3, 64, 2, password, strlen(password), "salt+salt/", 10, 20, theirs, sizeof(theirs)),
	    ARGON2_OK);
	assert_int_equal(password_verify(&ctx, password, theirs, &match), 0);
	assert_true(match);
	assert_true(password_outdated(theirs));
	assert_int_equal(password_verify(&ctx, "correct horsf", theirs, &match), 0);
	assert_false(match);
	assert_int_equal(password_memory_kept(), 0);
	context_done(&ctx);
}

static void test_hashes_are_those_of_the_library(void **state)
{
	(void)state;
	run(exchange_hashes);
}

static void test_only_sound_texts_are_read(void **state)
{
	static const char *const texts[] = {
	    "",
	    "$argon2id$v=19$m=64,t=2,p=1",
	    "$argon2i$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$dGFndGFn",
	    "$argon2id$v=16$m=64,t=2,p=1$c2FsdHNhbHQ$dGFndGFn",
	    "$argon2id$v=19$m=262145,t=2,p=1$c2FsdHNhbHQ$dGFndGFn",
	    "$argon2id$v=19$m=64,t=17,p=1$c2FsdHNhbHQ$dGFndGFn",
	    "$argon2id$v=19$m=64,t=2,p=5$c2FsdHNhbHQ$dGFndGFn",
	    "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ",
	    "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$",
	    "$argon2id$v=19$m=64,t=2,p=1$c2FsdA$dGFndGFn",
	    "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHQ$dGFndGFn$",
	    "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbH_-$dGFndGFn",
	};
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct phc phc;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (phc_read(&arena, texts[i], &phc))
			fail_msg("accepted: %s", texts[i]);
	}
	static const char sound[] = "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhb+/Q$dGFndGFn";
	assert_true(phc_read(&arena, sound, &phc));
	assert_string_equal(phc_write(&arena, &phc), sound);
	arena_done(&arena);
}

static void test_memory_is_kept_while_somebody_hashes(void **state)
{
	(void)state;
	password_memory_begin();
	uint8_t *first, *second;
	assert_int_equal(password_memory_take(&first, SIZE), 0);
	memset(first, 1, SIZE);
	password_memory_give(first, SIZE);
	assert_int_equal(password_memory_kept(), 1);
	assert_int_equal(password_memory_take(&second, SIZE), 0);
	assert_ptr_equal(second, first);
	password_memory_begin();
	password_memory_end();
	password_memory_give(second, SIZE);
	assert_int_equal(password_memory_kept(), 1);
	assert_int_equal(password_memory_take(&second, 2 * SIZE), 0);
	assert_ptr_not_equal(second, first);
	password_memory_give(second, 2 * SIZE); /* of another size than what is kept */
	assert_int_equal(password_memory_kept(), 1);
	password_memory_end();
	assert_int_equal(password_memory_kept(), 0);
}

static void test_what_comes_back_late_is_not_kept(void **state)
{
	(void)state;
	password_memory_begin();
	uint8_t *block;
	assert_int_equal(password_memory_take(&block, SIZE), 0);
	password_memory_end(); /* its caller's time was over */
	password_memory_give(block, SIZE);
	assert_int_equal(password_memory_kept(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hashes_are_those_of_the_library),
	    cmocka_unit_test(test_only_sound_texts_are_read),
	    cmocka_unit_test(test_memory_is_kept_while_somebody_hashes),
	    cmocka_unit_test(test_what_comes_back_late_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
