#include "base/clock.h"
#include "base/hash_map.h"
#include "base/ids.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 20000, THREADS = 4 };

static void test_ids_are_version_7_of_now(void **state)
{
	(void)state;
	int64_t before = clock_wall() / 1000;
	char id[UUID_SIZE];
	uuid_make(id);
	int64_t after = clock_wall() / 1000;
	assert_true(uuid_valid(id));
	assert_int_equal(id[14], '7');
	assert_non_null(strchr("89ab", id[19]));
	char digits[13];
	(void)snprintf(digits, sizeof(digits), "%.8s%.4s", id, id + 9);
	int64_t made = strtoll(digits, NULL, 16);
	assert_true(made >= before && made <= after);
}

static void test_ids_of_a_thread_increase(void **state)
{
	(void)state;
	char last[UUID_SIZE];
	uuid_make(last);
	char next[UUID_SIZE];
	for (int i = 0; i < MANY; i++) {
		uuid_make(next);
		assert_true(strcmp(last, next) < 0);
		memcpy(last, next, sizeof(last));
	}
}

static void *make_many(void *argument)
{
	char(*ids)[UUID_SIZE] = argument;
	for (int i = 0; i < MANY; i++)
		uuid_make(ids[i]);
	return NULL;
}

static void test_ids_of_threads_differ(void **state)
{
	(void)state;
	char(*ids)[UUID_SIZE] = calloc((size_t)MANY * THREADS, sizeof(*ids));
	assert_non_null(ids);
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, ids + (ptrdiff_t)i * MANY), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	struct hash_map *seen = hash_map_new((size_t)MANY * THREADS, NULL);
	for (int i = 0; i < MANY * THREADS; i++)
		assert_true(hash_map_put_text(seen, ids[i], ids[i]));
	assert_int_equal(hash_map_count(seen), MANY * THREADS);
	hash_map_free(seen);
	free(ids);
}

/* The random part of a child's identifiers must not be what the parent gives out next. */
static void test_child_process_does_not_repeat_its_parent(void **state)
{
	(void)state;
	char own[UUID_SIZE];
	uuid_make(own);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	char theirs[UUID_SIZE];
	if (child == 0) {
		uuid_make(theirs);
		_exit(write(ends[1], theirs, UUID_SIZE) == UUID_SIZE ? 0 : 1);
	}
	uuid_make(own);
	assert_int_equal(read(ends[0], theirs, UUID_SIZE), UUID_SIZE);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(uuid_valid(theirs));
	assert_string_not_equal(own + 19, theirs + 19);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void test_only_lower_case_ids_are_valid(void **state)
{
	(void)state;
	assert_true(uuid_valid("01940c6e-6e1a-7c3b-8a5f-0123456789ab"));
	static const char *const texts[] = {
	    "",
	    "01940c6e-6e1a-7c3b-8a5f-0123456789a",
	    "01940c6e-6e1a-7c3b-8a5f-0123456789abc",
	    "01940C6E-6E1A-7C3B-8A5F-0123456789AB",
	    "01940c6e-6e1a-7c3b-8a5f-0123456789ag",
	    "01940c6e66e1a-7c3b-8a5f-0123456789ab",
	    "01940c6e-6e1a7-c3b-8a5f-0123456789ab",
	    "{1940c6e-6e1a-7c3b-8a5f-0123456789a}",
	    "01940c6e-6e1a-7c3b-8a5f-0123456789 b",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(uuid_valid(texts[i]));
}

static void test_random_bytes_differ(void **state)
{
	(void)state;
	unsigned char first[32] = {0};
	unsigned char second[32] = {0};
	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
	random_bytes(first, 0);
}

static void test_hexadecimal_is_lower_case(void **state)
{
	(void)state;
	char text[9];
	hex_encode("\x00\x9f\xA0\xff", 4, text);
	assert_string_equal(text, "009fa0ff");
	hex_encode(NULL, 0, text);
	assert_string_equal(text, "");
}

static void test_hexadecimal_is_read_strictly(void **state)
{
	(void)state;
	unsigned char bytes[4];
	assert_true(hex_decode("009fA0fF", bytes, 4));
	assert_memory_equal(bytes, "\x00\x9f\xA0\xff", 4);
	static const char *const texts[] = {"", "009fa0f", "009fa0fff", "009fa0fg", "0x9fa0ff", "009f a0f"};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(hex_decode(texts[i], bytes, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids_are_version_7_of_now),
	    cmocka_unit_test(test_ids_of_a_thread_increase),
	    cmocka_unit_test(test_ids_of_threads_differ),
	    cmocka_unit_test(test_child_process_does_not_repeat_its_parent),
	    cmocka_unit_test(test_only_lower_case_ids_are_valid),
	    cmocka_unit_test(test_random_bytes_differ),
	    cmocka_unit_test(test_hexadecimal_is_lower_case),
	    cmocka_unit_test(test_hexadecimal_is_read_strictly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
