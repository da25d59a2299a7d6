#include "base/hash.h"
#include "base/hash_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 5000 };

/* Appendix A of the paper: key 00 01 ... 0f, 15 bytes 00 01 ... 0e. */
static void test_siphash_gives_the_published_result(void **state)
{
	(void)state;
	uint8_t bytes[16];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_true(hash_siphash(bytes, bytes, 15) == UINT64_C(0xa129ca6149be45e5));
	assert_true(hash_siphash(bytes, NULL, 0) == UINT64_C(0x726fdb47dd0e0e31));
}

static void test_siphash_depends_on_every_bit(void **state)
{
	(void)state;
	uint8_t key[HASH_KEY_SIZE] = {0};
	uint8_t bytes[20] = {0};
	uint64_t plain = hash_siphash(key, bytes, sizeof(bytes));
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(hash_siphash(key, bytes, sizeof(bytes)) != plain);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < sizeof(key) * 8; bit++) {
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(hash_siphash(key, bytes, sizeof(bytes)) != plain);
		key[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(hash_siphash(key, bytes, 19) != plain);
}

static int values_freed;

static void count_freed(void *value)
{
	(void)value;
	values_freed++;
}

static void test_empty_map_finds_nothing(void **state)
{
	(void)state;
	struct hash_map *map = hash_map_new(10, NULL);
	assert_null(hash_map_get_text(map, "a"));
	assert_null(hash_map_get(map, NULL, 0));
	assert_false(hash_map_remove_text(map, "a"));
	assert_int_equal(hash_map_count(map), 0);
	hash_map_free(map);
	hash_map_free(NULL);
}

static void test_keys_are_bytes_and_copied(void **state)
{
	(void)state;
	struct hash_map *map = hash_map_new(10, NULL);
	char key[] = "a\0b";
	int first, second, third;
	assert_true(hash_map_put(map, key, 3, &first));
	assert_true(hash_map_put(map, key, 1, &second));
	assert_true(hash_map_put(map, NULL, 0, &third));
	key[0] = 'x';
	assert_ptr_equal(hash_map_get(map, "a\0b", 3), &first);
	assert_ptr_equal(hash_map_get_text(map, "a"), &second);
	assert_ptr_equal(hash_map_get_text(map, ""), &third);
	assert_null(hash_map_get(map, "a\0c", 3));
	hash_map_free(map);
}

static void test_replaced_values_are_freed(void **state)
{
	(void)state;
	struct hash_map *map = hash_map_new(2, count_freed);
	values_freed = 0;
	int first, second;
	assert_true(hash_map_put_text(map, "a", &first));
	assert_true(hash_map_put_text(map, "a", &first));
	assert_int_equal(values_freed, 0);
	assert_true(hash_map_put_text(map, "a", &second));
	assert_int_equal(values_freed, 1);
	assert_int_equal(hash_map_count(map), 1);
	assert_true(hash_map_put_text(map, "b", &first));
	assert_true(hash_map_remove_text(map, "b"));
	assert_int_equal(values_freed, 2);
	hash_map_free(map);
	assert_int_equal(values_freed, 3);
}

static void test_limit_refuses_new_keys_only(void **state)
{
	(void)state;
	struct hash_map *map = hash_map_new(2, count_freed);
	int value, other;
	assert_true(hash_map_put_text(map, "a", &value));
	assert_true(hash_map_put_text(map, "b", &value));
	values_freed = 0;
	assert_false(hash_map_put_text(map, "c", &value));
	assert_int_equal(values_freed, 0);
	assert_null(hash_map_get_text(map, "c"));
	assert_true(hash_map_put_text(map, "a", &other));
	assert_true(hash_map_remove_text(map, "b"));
	assert_true(hash_map_put_text(map, "c", &value));
	hash_map_free(map);
}

static size_t name_key(char *key, size_t size, int number)
{
	int length = snprintf(key, size, "key-%d", number);
	assert_true(length > 0);
	return (size_t)length;
}

/* Against what must be there: every third key removed, then put again. */
static void test_many_keys_survive_removals(void **state)
{
	(void)state;
	static char values[MANY];
	struct hash_map *map = hash_map_new(MANY, NULL);
	char key[32];
	for (int i = 0; i < MANY; i++)
		assert_true(hash_map_put(map, key, name_key(key, sizeof(key), i), &values[i]));
	for (int i = 0; i < MANY; i += 3)
		assert_true(hash_map_remove(map, key, name_key(key, sizeof(key), i)));
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(hash_map_get(map, key, name_key(key, sizeof(key), i)), i % 3 == 0 ? NULL : &values[i]);
	for (int i = 0; i < MANY; i += 3)
		assert_true(hash_map_put(map, key, name_key(key, sizeof(key), i), &values[i]));
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(hash_map_get(map, key, name_key(key, sizeof(key), i)), &values[i]);
	assert_int_equal(hash_map_count(map), MANY);
	hash_map_free(map);
}

static bool keep_even(const void *key, size_t length, void *value, void *argument)
{
	int *seen = value;
	int *visits = argument;
	assert_int_equal(strlen(key), length);
	++*seen;
	++*visits;
	return *(const char *)((const char *)key + length - 1) % 2 == 0;
}

static void test_each_visits_once_and_removes(void **state)
{
	(void)state;
	static int seen[MANY];
	struct hash_map *map = hash_map_new(MANY, NULL);
	int visits = 0;
	char key[32];
	for (int i = 0; i < MANY; i++)
		assert_true(hash_map_put(map, key, name_key(key, sizeof(key), i), &seen[i]));
	hash_map_each(map, keep_even, &visits);
	assert_int_equal(visits, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(seen[i], 1);
		assert_int_equal(hash_map_get(map, key, name_key(key, sizeof(key), i)) != NULL, i % 2 == 0);
	}
	assert_int_equal(hash_map_count(map), MANY / 2);
	hash_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_siphash_gives_the_published_result),
	    cmocka_unit_test(test_siphash_depends_on_every_bit),
	    cmocka_unit_test(test_empty_map_finds_nothing),
	    cmocka_unit_test(test_keys_are_bytes_and_copied),
	    cmocka_unit_test(test_replaced_values_are_freed),
	    cmocka_unit_test(test_limit_refuses_new_keys_only),
	    cmocka_unit_test(test_many_keys_survive_removals),
	    cmocka_unit_test(test_each_visits_once_and_removes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
