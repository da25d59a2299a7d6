/*
 * Token buckets, as arithmetic on one number.
 *
 * Purpose: a caller may take `rate` units a second, and `burst` of them at once after having taken nothing for a while.
 * A bucket is the instant at which it will be full again (the generic cell rate algorithm, ITU-T I.371 annex A, has the
 * same as its "theoretical arrival time"), so an unused one is 0, one in the past is full, and no timer refills it.
 * Invariants: instants are nanoseconds of the monotonic clock; nothing here keeps state or allocates.
 */
#ifndef EVENTLOOP_GATEWAY_BUCKET_H
#define EVENTLOOP_GATEWAY_BUCKET_H

#include <stdint.h>

struct bucket_rule {
	int64_t interval; /* nanoseconds until one unit has come back; 0: there is no limit */
	int64_t depth;	  /* nanoseconds that an empty bucket needs to be full */
};

/* The rule of `rate` units a second (0: no limit; up to a million) and a burst of so many (0 counts as 1). wider: how
 * many callers share such a bucket, at least 1; rate and burst are those of one. */
struct bucket_rule bucket_rule_of(int64_t rate, int64_t burst, int64_t wider);

/* Nanoseconds until `cost` units can be taken from a bucket that is full at full_at; 0: now. What costs more than the
 * burst can be taken from a full bucket. */
int64_t bucket_wait(int64_t full_at, const struct bucket_rule *rule, int64_t cost, int64_t now);

/* The bucket after `cost` units were taken, also when it lacked them: then the next caller waits for them too. */
int64_t bucket_take(int64_t full_at, const struct bucket_rule *rule, int64_t cost, int64_t now);

#endif
