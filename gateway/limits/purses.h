/*
 * The purses of all payers that this process remembers.
 *
 * Purpose: a payer has three token buckets: for calls that read or write a few rows (point), for those whose work grows
 * with the data (lane, see x-lane), and for writes, each of which costs one whatever its size. Emptying one leaves the
 * others.
 * Ownership: one table a process, made with the first user and freed with the last: a client's connections reach
 * several workers and must not get a purse at each. Safe from any thread (one lock, held for some 100 ns).
 * Invariants: the table has a fixed size, 32 bytes a payer; nothing is allocated after the start. A payer's place is
 * one of eight by its key. When they are taken, the one leaves that has been full for longest, which loses nothing;
 * when none is full, the one that would be full first. Who makes them leave (with many addresses of their own) gives
 * others a purse that is fuller than it was, never an emptier one.
 */
#ifndef EVENTLOOP_GATEWAY_PURSES_H
#define EVENTLOOP_GATEWAY_PURSES_H

#include "limits/bucket.h"
#include "limits/caller.h"

#include <stdbool.h>

enum purse { PURSE_POINT, PURSE_LANE, PURSE_WRITE };
enum { PURSES = PURSE_WRITE + 1 };

/* The rule of each purse of each kind of payer. */
struct purse_rules {
	struct bucket_rule of[PAYER_KINDS][PURSES];
};

/* What a call costs. */
struct charge {
	enum purse purse; /* POINT or LANE: what `cost` is taken from */
	int64_t cost;	  /* units of 100 us, x-cost */
	bool writes;	  /* one unit of WRITE besides */
};

/* Whose purse had not enough, and for how long. */
struct purse_refusal {
	enum purse purse;
	enum payer_kind payer;
	int64_t wait; /* nanoseconds */
};

/* Has the table made, for at least so many payers, or takes the one that is there. */
void purses_open(size_t payers);

/* Ends the use of it. */
void purses_close(void);

/* Takes the charge from all of the caller's payers, or nothing from anybody when one has not enough: then false, and
 * *ret is who must wait longest. now: monotonic nanoseconds. */
bool purses_pay(const struct caller *caller, const struct purse_rules *rules, const struct charge *charge, int64_t now,
		struct purse_refusal *ret);

/* Takes it in any case: for what is known only afterwards. */
void purses_owe(const struct caller *caller, const struct purse_rules *rules, const struct charge *charge, int64_t now);

#endif
