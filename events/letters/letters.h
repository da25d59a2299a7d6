/*
 * Letters about bookings: what happened is told to the customer or to the company's staff, by passport.letter.send.
 *
 * Purpose: a consumer of the daemon's own facts (letters_own), and what the clock tells: that half of the time for an
 * answer is over, and the day before (letters_tell_due).
 * Invariants: whatever is told has a key (the fact's id, or what several bookings have in common) under which passport
 * writes it once, so that a fact delivered twice, or told again after a crash, is one letter. What was made, confirmed
 * or ended together is one letter. A letter is about the booking as it is when it is told; what is no longer so is not
 * told. Nothing here holds a lock or a transaction while it waits for passport. After each letter the consumer rests
 * for longer than that took, so that letters never take more than a part of the daemon from those who book.
 */
#ifndef EVENTLOOP_EVENTS_LETTERS_H
#define EVENTLOOP_EVENTS_LETTERS_H

#include "outbox/outbox.h"

/* The consumer, for daemon_spec. */
extern const struct outbox_own letters_own;

/* Tells what is due by the clock and goes on where it ended the last time, also after the daemon was down; what has
 * passed by then is not told. call: a prototype with worker, db and client. -1 with an error: it goes on there the next
 * time. */
int letters_tell_due(const struct rpc_call *prototype, struct context *ctx) MAY_SUSPEND MUST_CHECK;

#endif
