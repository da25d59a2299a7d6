/*
 * The feed of revocations: from the table to this process, and to the daemons that watch it.
 *
 * Purpose: whatever replica of passport commits a revocation, each process of passport refuses the tokens concerned,
 * and answers the long polls of the daemons, as soon as it learns of it: by notification, by its own commit, or by
 * reading the table every second. Ownership: one feed a thread; the first thread's reads the table. Invariants: numbers
 * (`seq`) are given in the order of commits, so a reader that has seen one has seen all below it. A number above the
 * table's present one comes from an earlier database; it is answered with all entries.
 */
#ifndef EVENTLOOP_PASSPORT_SESSIONS_REVOCATION_FEED_H
#define EVENTLOOP_PASSPORT_SESSIONS_REVOCATION_FEED_H

#include "daemon/daemon.h"

#define REVOCATION_CHANNEL "revocation"

struct revocation_feed;

/* Makes this thread's feed. The first thread reads the table, once before this returns and then for good. NULL with the
 * error in ctx. */
struct revocation_feed *revocation_feed_new(struct daemon_worker *worker, struct context *ctx) MAY_SUSPEND MUST_CHECK;

/* Answers this thread's long polls now, and later ones at once. Accepts NULL. */
void revocation_feed_drain(struct revocation_feed *feed);

/* Ends the reading and frees. No long poll may be under way. Accepts NULL. */
void revocation_feed_free(struct revocation_feed *feed) MAY_SUSPEND;

/* Reads what is new in the table: tokens that it voids are refused once this returns. -1 with the error in ctx. */
int revocation_feed_look(struct context *ctx, struct pg *db) MAY_SUSPEND MUST_CHECK;

/* The method passport.revocation.watch. */
int revocation_watch(struct rpc_call *call) MAY_SUSPEND;

#endif
