#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state)
{
	static struct arena arena;
	arena_init(&arena);
	*state = &arena;
	return 0;
}

static int drop_arena(void **state)
{
	arena_done(*state);
	return 0;
}

static void test_empty_arena_holds_nothing(void **state)
{
	struct arena *arena = *state;
	assert_int_equal(arena->total, 0);
	arena_reset(arena);
	arena_done(arena);
	arena_done(arena);
	assert_int_equal(arena->total, 0);
}

static void test_allocations_are_aligned_and_apart(void **state)
{
	struct arena *arena = *state;
	unsigned char *places[200];
	for (size_t i = 0; i < 200; i++) {
		places[i] = arena_alloc(arena, i);
		assert_non_null(places[i]);
		assert_int_equal((uintptr_t)places[i] % 16, 0);
		memset(places[i], (int)i, i);
	}
	for (size_t i = 0; i < 200; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(places[i][j], i);
	}
}

static void test_size_zero_gives_distinct_places(void **state)
{
	struct arena *arena = *state;
	char *first = arena_alloc(arena, 0);
	char *second = arena_alloc(arena, 0);
	assert_non_null(first);
	assert_ptr_not_equal(first, second);
}

static void test_first_block_is_small_and_later_ones_grow(void **state)
{
	struct arena *arena = *state;
	(void)arena_alloc(arena, 1);
	assert_int_equal(arena->total, 4096);
	for (int i = 0; i < 4; i++)
		(void)arena_alloc(arena, 1024);
	assert_int_equal(arena->total, 4096 + 8192);
	while (arena->total < 400000)
		(void)arena_alloc(arena, 1024);
	/* 4 + 8 + 16 + 32 + 64 KiB, then 64 KiB each. */
	assert_int_equal((arena->total - 60 * 1024) % (64 * 1024), 0);
}

static void test_large_allocation_leaves_the_room_of_the_block(void **state)
{
	struct arena *arena = *state;
	char *small = arena_alloc(arena, 16);
	char *large = arena_alloc(arena, 1000000);
	memset(large, 7, 1000000);
	char *next = arena_alloc(arena, 16);
	assert_ptr_equal(next, small + 16);
	assert_in_range(arena->total, 1004096, 1004096 + 64);
}

static void test_large_allocation_may_come_first(void **state)
{
	struct arena *arena = *state;
	char *large = arena_alloc(arena, 100000);
	memset(large, 1, 100000);
	char *small = arena_alloc(arena, 100);
	memset(small, 2, 100);
	assert_int_equal(large[99999], 1);
}

static void test_block_fits_what_does_not_double(void **state)
{
	struct arena *arena = *state;
	memset(arena_alloc(arena, 16 * 1024), 3, 16 * 1024);
	memset(arena_alloc(arena, 16 * 1024 + 1), 3, 16 * 1024 + 1);
	memset(arena_alloc(arena, 4080), 3, 4080);
}

static void test_reset_keeps_the_first_block(void **state)
{
	struct arena *arena = *state;
	char *first = arena_alloc(arena, 100);
	(void)arena_alloc(arena, 5000);
	(void)arena_alloc(arena, 500000);
	arena_reset(arena);
	assert_int_equal(arena->total, 4096);
	assert_ptr_equal(arena_alloc(arena, 100), first);
	arena_reset(arena);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 1), first);
}

static void test_reset_drops_blocks_of_other_sizes(void **state)
{
	struct arena *arena = *state;
	(void)arena_alloc(arena, 100000);
	arena_reset(arena);
	assert_int_equal(arena->total, 0);
	assert_non_null(arena_alloc(arena, 8));
}

static void test_zalloc_clears_used_memory(void **state)
{
	struct arena *arena = *state;
	memset(arena_alloc(arena, 4000), 0xFF, 4000);
	arena_reset(arena);
	const unsigned char *zeros = arena_zalloc(arena, 4000);
	for (size_t i = 0; i < 4000; i++)
		assert_int_equal(zeros[i], 0);
}

static void test_texts_are_copied(void **state)
{
	struct arena *arena = *state;
	char text[] = "venue";
	char *copy = arena_strdup(arena, text);
	char *part = arena_strndup(arena, text, 3);
	text[0] = 'X';
	assert_string_equal(copy, "venue");
	assert_string_equal(part, "ven");
	assert_null(arena_strdup(arena, NULL));
	assert_string_equal(arena_strndup(arena, NULL, 0), "");
	assert_memory_equal(arena_strndup(arena, "a\0b", 3), "a\0b", 4);
}

static void test_printf_takes_any_length(void **state)
{
	struct arena *arena = *state;
	assert_string_equal(arena_printf(arena, "%s", ""), "");
	assert_string_equal(arena_printf(arena, "%d-%s", 42, "x"), "42-x");
	for (int width = 250; width < 262; width++) {
		const char *text = arena_printf(arena, "%*d", width, 7);
		assert_int_equal(strlen(text), width);
		assert_int_equal(text[width - 1], '7');
	}
	assert_int_equal(strlen(arena_printf(arena, "%70000d", 1)), 70000);
}

#ifdef ARENA_POISON
static void test_what_was_not_asked_for_is_poisoned(void **state)
{
	struct arena *arena = *state;
	char *place = arena_alloc(arena, 24);
	assert_false(__asan_address_is_poisoned(place + 23));
	assert_true(__asan_address_is_poisoned(place + 24));
	arena_reset(arena);
	assert_true(__asan_address_is_poisoned(place));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_empty_arena_holds_nothing, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_allocations_are_aligned_and_apart, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_size_zero_gives_distinct_places, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_first_block_is_small_and_later_ones_grow, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_large_allocation_leaves_the_room_of_the_block, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_large_allocation_may_come_first, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_block_fits_what_does_not_double, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_reset_keeps_the_first_block, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_reset_drops_blocks_of_other_sizes, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_zalloc_clears_used_memory, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_texts_are_copied, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_printf_takes_any_length, make_arena, drop_arena),
#ifdef ARENA_POISON
	    cmocka_unit_test_setup_teardown(test_what_was_not_asked_for_is_poisoned, make_arena, drop_arena),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
