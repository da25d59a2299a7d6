/*
 * The token buckets (bucket.h) of all payers that this process remembers.
 *
 * Purpose: a payer has three token buckets: for calls that read or write a few rows (point), for those whose work grows
 * with the data (lane, see x-lane), and for writes, each of which costs one whatever its size. Emptying one leaves the
 * others.
 * Ownership: one table a process, made with the first user and freed with the last: a client's connections reach
 * several workers and must share one bucket. Safe from any thread (one lock, held for some 100 ns).
 * Invariants: the table has a fixed size, 32 bytes a payer; nothing is allocated after the start. A payer is in one of
 * eight slots, by its key. When they are taken, the one that has been full for longest is evicted, which loses nothing;
 * when none is full, the one that would be full first. So a client that causes evictions (with many addresses) can only
 * make the buckets of others fuller, never emptier.
 */
#ifndef EVENTLOOP_GATEWAY_BUCKETS_H
#define EVENTLOOP_GATEWAY_BUCKETS_H

#include "limits/bucket.h"
#include "limits/caller.h"

#include <stdbool.h>

enum bucket { BUCKET_POINT, BUCKET_LANE, BUCKET_WRITE };
enum { BUCKETS = BUCKET_WRITE + 1 };

/* The rule of each bucket of each kind of payer. */
struct bucket_rules {
	struct bucket_rule of[PAYER_KINDS][BUCKETS];
};

/* What a call costs. */
struct charge {
	enum bucket bucket; /* POINT or LANE: what `cost` is taken from */
	int64_t cost;	    /* units of 100 us, x-cost */
	bool writes;	    /* one unit of WRITE besides */
};

/* Which bucket lacked tokens, of which payer, and for how long. */
struct bucket_refusal {
	enum bucket bucket;
	enum payer_kind payer;
	int64_t wait; /* nanoseconds */
};

/* Has the table made, for at least so many payers, or takes the one that is there. */
void buckets_open(size_t payers);

/* Ends the use of it. */
void buckets_close(void);

/* Takes the charge from all of the caller's payers; when one lacks tokens, takes nothing and returns false: *ret is the
 * one that must wait longest. now: monotonic nanoseconds. */
bool buckets_charge(const struct caller *caller, const struct bucket_rules *rules, const struct charge *charge,
		    int64_t now, struct bucket_refusal *ret);

/* Takes it in any case: for a cost that is known only afterwards. */
void buckets_charge_later(const struct caller *caller, const struct bucket_rules *rules, const struct charge *charge,
			  int64_t now);

#endif
