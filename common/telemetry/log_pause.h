/*
 * At most one log line a second for events that clients can cause at will, so that they cannot fill the disk.
 *
 * Use: int64_t count = log_pause_count(&pause); if (count > 0) log_event(..., LOG_NUMBER("count", count)).
 * Ownership: the caller's; zero-initialised is ready. Safe from any thread.
 */
#ifndef EVENTLOOP_TELEMETRY_LOG_PAUSE_H
#define EVENTLOOP_TELEMETRY_LOG_PAUSE_H

#include <stdatomic.h>
#include <stdint.h>

struct log_pause {
	atomic_int_least64_t silent_until; /* monotonic microseconds */
	atomic_int_least64_t unlogged;	   /* since the last line */
};

/* Counts one event. Returns how many events the line to be written now stands for; 0: write none yet. */
int64_t log_pause_count(struct log_pause *pause);

#endif
