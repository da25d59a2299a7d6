#include "booking/store/unit_pack.h"

#include <stdbool.h>

/* By unit number less 1: until when it is in use. */
struct units {
	int64_t *until;
	int count;
};

/* As many as hold everything whatever is placed where: those in use, and those wished for. */
static struct units make_units(struct arena *arena, const struct unit_row *rows, size_t count, int wished)
{
	int highest = 0;
	for (size_t i = 0; i < count; i++)
		highest = rows[i].unit > highest ? rows[i].unit : highest;
	struct units units = {.count = highest + wished};
	units.until = arena_alloc(arena, (size_t)units.count * sizeof(*units.until));
	for (int i = 0; i < units.count; i++)
		units.until[i] = INT64_MIN;
	return units;
}

static int take_lowest(struct units *units, int64_t from, int64_t to)
{
	int i = 0;
	while (units->until[i] > from)
		i++;
	units->until[i] = to;
	return i + 1;
}

/* Whoever need not move stays: an update less. */
static void place(struct units *units, struct unit_row *row, const struct unit_wish *wish)
{
	int64_t *own = &units->until[row->unit - 1];
	bool stays = row->from < wish->from || (row->unit <= wish->usual && *own <= row->from);
	row->packed = stays ? row->unit : take_lowest(units, row->from, row->to);
	if (stays)
		*own = row->to;
}

void unit_pack(struct arena *arena, struct unit_row *rows, size_t count, const struct unit_wish *wish, int *ret_units)
{
	struct units units = make_units(arena, rows, count, wish->count);
	size_t next = 0;
	for (; next < count && rows[next].from <= wish->from; next++)
		place(&units, &rows[next], wish);
	for (int i = 0; i < wish->count; i++)
		ret_units[i] = take_lowest(&units, wish->from, wish->to);
	for (; next < count; next++)
		place(&units, &rows[next], wish);
}
