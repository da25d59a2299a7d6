#include "telemetry/log_pause.h"

#include "base/clock.h"

#define PAUSE CLOCK_SECOND

int64_t log_pause_count(struct log_pause *pause)
{
	int64_t now = clock_monotonic(), until = atomic_load(&pause->silent_until);
	atomic_fetch_add(&pause->unlogged, 1);
	if (now < until || !atomic_compare_exchange_strong(&pause->silent_until, &until, now + PAUSE))
		return 0;
	return atomic_exchange(&pause->unlogged, 0);
}
