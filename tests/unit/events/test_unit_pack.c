/* Generated histories of a listing's units, packed anew at every booking that needs it, against counting by instants.
 */
#include "booking/store/unit_pack.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define HISTORIES 400
#define WISHES 60
#define MAX_ROWS 256
#define DAYS 30

/* A listing: its rows in the order of their beginnings. */
struct listing {
	struct unit_row rows[MAX_ROWS];
	size_t count;
	int units, overbooking;
};

struct tally {
	int fitting, refused, under_way, moved, overbooked;
};

static uint32_t random_state;

/* 0 to below - 1, the same at every run (Numerical Recipes' generator, its upper bits). */
static int draw(int below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (int)((random_state >> 8) % (uint32_t)below);
}

static int taken_at(const struct listing *listing, int64_t instant)
{
	int taken = 0;
	for (size_t i = 0; i < listing->count; i++)
		taken += listing->rows[i].from <= instant && instant < listing->rows[i].to;
	return taken;
}

/* The most units that are taken at an instant of the wish. Instants are whole numbers here. */
static int most_taken(const struct listing *listing, const struct unit_wish *wish)
{
	int most = 0;
	for (int64_t instant = wish->from; instant < wish->to; instant++)
		most = taken_at(listing, instant) > most ? taken_at(listing, instant) : most;
	return most;
}

static int compare_rows(const void *left, const void *right)
{
	const struct unit_row *a = left, *b = right;
	return a->from != b->from ? (a->from > b->from) - (a->from < b->from) : a->unit - b->unit;
}

/* Copies the rows that end after `from`; returns how many there are. */
static size_t copy_present(struct listing *listing, int64_t from, struct unit_row present[static MAX_ROWS])
{
	size_t count = 0;
	for (size_t i = 0; i < listing->count; i++)
		if (listing->rows[i].to > from)
			present[count++] = listing->rows[i];
	return count;
}

static void put_back(struct listing *listing, int64_t from, const struct unit_row *present)
{
	for (size_t i = 0; i < listing->count; i++)
		if (listing->rows[i].to > from)
			listing->rows[i].unit = (present++)->packed;
}

static void check_disjoint(const struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(listing->rows[i].unit == listing->rows[j].unit &&
				     listing->rows[i].from < listing->rows[j].to &&
				     listing->rows[j].from < listing->rows[i].to);
}

/* What begins where no more than the listing has are taken has a unit of those; all have one that may be given. */
static void check_numbers(const struct listing *listing, int64_t from)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct unit_row *row = &listing->rows[i];
		assert_in_range(row->unit, 1, listing->units + listing->overbooking);
		if (row->from >= from && taken_at(listing, row->from) <= listing->units)
			assert_in_range(row->unit, 1, listing->units);
	}
}

static void add(struct listing *listing, const struct unit_wish *wish, const int *numbers)
{
	for (int i = 0; i < wish->count; i++) {
		assert_true(i == 0 || numbers[i] > numbers[i - 1]);
		listing->rows[listing->count++] = (struct unit_row){wish->from, wish->to, numbers[i], 0};
	}
	qsort(listing->rows, listing->count, sizeof(*listing->rows), compare_rows);
}

static void count_moves(const struct unit_row *rows, size_t count, const struct unit_wish *wish, struct tally *tally)
{
	for (size_t i = 0; i < count; i++) {
		tally->under_way += rows[i].from < wish->from;
		tally->moved += rows[i].packed != rows[i].unit;
		if (rows[i].from < wish->from)
			assert_int_equal(rows[i].packed, rows[i].unit);
	}
}

static void book(struct listing *listing, const struct unit_wish *wish, struct tally *tally)
{
	int most = most_taken(listing, wish) + wish->count;
	if (most > listing->units + listing->overbooking) {
		tally->refused++;
		return;
	}
	static struct unit_row present[MAX_ROWS];
	size_t count = copy_present(listing, wish->from, present);
	struct arena arena;
	arena_init(&arena);
	int numbers[8];
	unit_pack(&arena, present, count, wish, numbers);
	arena_done(&arena);
	count_moves(present, count, wish, tally);
	put_back(listing, wish->from, present);
	add(listing, wish, numbers);
	check_numbers(listing, wish->from);
	tally->fitting++;
	tally->overbooked += most > listing->units;
}

static void cancel(struct listing *listing)
{
	size_t gone = (size_t)draw((int)listing->count);
	memmove(&listing->rows[gone], &listing->rows[gone + 1],
		(--listing->count - gone) * sizeof(listing->rows[gone]));
}

static void run_history(uint32_t seed, struct tally *tally)
{
	random_state = seed;
	struct listing listing = {.units = 1 + draw(5), .overbooking = draw(3)};
	for (int i = 0; i < WISHES; i++) {
		int64_t from = draw(DAYS);
		const struct unit_wish wish = {from, from + 1 + draw(7), 1 + draw(listing.units > 2 ? 3 : 1),
					       listing.units};
		book(&listing, &wish, tally);
		check_disjoint(&listing);
		if (listing.count > 0 && draw(3) == 0)
			cancel(&listing);
	}
}

static void test_a_wish_that_fits_by_count_always_gets_units(void **state)
{
	(void)state;
	struct tally tally = {0};
	for (uint32_t seed = 0; seed < HISTORIES; seed++)
		run_history(seed, &tally);
	assert_true(tally.fitting > 5000 && tally.refused > 5000 && tally.under_way > 5000 && tally.moved > 1000 &&
		    tally.overbooked > 1000);
}

static void test_what_is_under_way_keeps_its_unit_and_what_need_not_move_does_not(void **state)
{
	(void)state;
	int number = 0;
	struct unit_row rows[] = {{0, 5, 2, 0}, {4, 6, 1, 0}, {8, 12, 1, 0}, {9, 10, 2, 0}};
	const struct unit_wish wish = {5, 9, 1, 2};
	struct arena arena;
	arena_init(&arena);
	unit_pack(&arena, rows + 1, 3, &wish, &number);
	arena_done(&arena);
	assert_int_equal(rows[1].packed, 1);
	assert_int_equal(number, 2);
	assert_int_equal(rows[2].packed, 1);
	assert_int_equal(rows[3].packed, 2);
}

static void test_a_unit_above_the_usual_ones_is_left_when_one_of_those_is_free(void **state)
{
	(void)state;
	int number = 0;
	struct unit_row rows[] = {{2, 4, 2, 0}};
	const struct unit_wish wish = {0, 1, 1, 1};
	struct arena arena;
	arena_init(&arena);
	unit_pack(&arena, rows, 1, &wish, &number);
	arena_done(&arena);
	assert_int_equal(number, 1);
	assert_int_equal(rows[0].packed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_wish_that_fits_by_count_always_gets_units),
	    cmocka_unit_test(test_what_is_under_way_keeps_its_unit_and_what_need_not_move_does_not),
	    cmocka_unit_test(test_a_unit_above_the_usual_ones_is_left_when_one_of_those_is_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
