#include "base/clock.h"
#include "postgres/postgres.h"

const char *pg_range_text(struct arena *arena, int64_t from, int64_t to)
{
	char lower[CLOCK_TEXT_SIZE], upper[CLOCK_TEXT_SIZE];
	clock_format(from, lower);
	clock_format(to, upper);
	return arena_printf(arena, "[%s,%s)", lower, upper);
}
