#include "bulk/bulk_units.h"

#include "base/fatal.h"
#include "base/hash_map.h"

#include <string.h>

/* Numbers from 1 that are taken in the time of a booking. */
struct taken {
	bool at[BULK_UNIT_MOST + 1];
	int highest;
};

static void take(struct taken *taken, const int *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] < 1 || numbers[i] > BULK_UNIT_MOST)
			continue;
		taken->at[numbers[i]] = true;
		taken->highest = numbers[i] > taken->highest ? numbers[i] : taken->highest;
	}
}

/* What the batch has taken of the listing before the booking. False when one of those is not placed yet. */
static bool take_earlier(struct taken *taken, const struct bulk_booking *own)
{
	for (const struct bulk_booking *one = own->before; one; one = one->before) {
		if (one->place == BULK_LATER)
			return false;
		if (one->place == BULK_PLACED && one->from < own->to && own->from < one->to)
			take(taken, one->numbers, (size_t)one->wanted);
	}
	return true;
}

static bool wish_fits(const struct bulk_booking *own, const struct taken *taken)
{
	for (int i = 0; i < own->wanted; i++)
		if (taken->at[own->wish[i]] || (!own->over && own->wish[i] > own->units + own->overbooking))
			return false;
	return true;
}

/* The lowest free numbers up to `most`; NULL when there are too few. */
static const int *lowest(struct arena *arena, const struct taken *taken, int wanted, int most)
{
	int found = 0, *numbers = arena_alloc(arena, (size_t)wanted * sizeof(*numbers));
	for (int number = 1; number <= most && number <= BULK_UNIT_MOST && found < wanted; number++)
		if (!taken->at[number])
			numbers[found++] = number;
	return found == wanted ? numbers : NULL;
}

static enum bulk_place place(struct arena *arena, struct bulk_booking *own, const struct taken *taken)
{
	if (own->wish && wish_fits(own, taken)) {
		own->numbers = own->wish;
		bool known = taken->highest <= own->units + own->overbooking;
		return own->named || own->over || known ? BULK_PLACED : BULK_LATER;
	}
	if ((own->named && own->wish) || own->wanted > own->units + own->overbooking)
		return BULK_TAKEN;
	own->numbers = lowest(arena, taken, own->wanted, own->units + (own->named ? own->overbooking : 0));
	if (own->named)
		return own->numbers ? BULK_PLACED : BULK_TAKEN;
	if (own->numbers && taken->highest <= own->units)
		return BULK_PLACED;
	return own->units == 1 && own->overbooking == 0 && own->wanted == 1 ? BULK_TAKEN : BULK_LATER;
}

static bool is_above(const struct bulk_booking *own)
{
	for (int i = 0; i < own->wanted; i++)
		if (own->numbers[i] > own->units)
			return true;
	return false;
}

/* Finds of each booking the one before it of the same listing. */
static void chain(struct bulk_booking *bookings, size_t count)
{
	struct hash_map *last = hash_map_new(count, NULL);
	for (size_t i = 0; i < count; i++) {
		bookings[i].before = hash_map_get_text(last, bookings[i].listing_id);
		if (!hash_map_put_text(last, bookings[i].listing_id, &bookings[i]))
			fatal("more listings than bookings");
	}
	hash_map_free(last);
}

void bulk_units_place(struct arena *arena, struct bulk_booking *bookings, size_t count)
{
	chain(bookings, count);
	for (size_t i = 0; i < count; i++) {
		struct bulk_booking *own = &bookings[i];
		struct taken taken = {.highest = 0};
		own->place = BULK_PLACED;
		if (own->wanted == 0 && !own->apart)
			continue;
		own->place = BULK_LATER;
		if (own->apart || !take_earlier(&taken, own))
			continue;
		take(&taken, own->taken, own->taken_count);
		own->place = place(arena, own, &taken);
		own->above = own->place == BULK_PLACED && is_above(own);
	}
}
