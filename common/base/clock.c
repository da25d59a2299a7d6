#include "base/clock.h"

#include "base/fatal.h"

#include <time.h>

static int64_t clock_read(clockid_t id)
{
	struct timespec now;
	if (clock_gettime(id, &now) != 0)
		fatal("clock %d cannot be read", (int)id);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t deadline_left(int64_t deadline)
{
	if (deadline == DEADLINE_NEVER)
		return DEADLINE_NEVER;
	int64_t now = clock_monotonic();
	return deadline > now ? deadline - now : 0;
}

int64_t deadline_after(int64_t timeout)
{
	int64_t now = clock_monotonic();
	return timeout < DEADLINE_NEVER - now ? now + timeout : DEADLINE_NEVER;
}

int64_t deadline_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
