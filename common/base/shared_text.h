/*
 * A text that several hold at once and nobody changes: many answers that are still leaving need one copy of it.
 *
 * Purpose: a large document that everybody asks for costs its size once, however many answers are under way.
 * Ownership: counted references; the last shared_text_drop frees it. Invariants: the bytes never change and never move.
 * Threads: one; the count is not atomic.
 */
#ifndef EVENTLOOP_BASE_SHARED_TEXT_H
#define EVENTLOOP_BASE_SHARED_TEXT_H

#include <stddef.h>

struct shared_text {
	size_t references; /* private */
	size_t length;
	char bytes[]; /* NUL-terminated */
};

/* Makes one of a copy of length bytes, held once. */
struct shared_text *shared_text_new(const char *bytes, size_t length);

/* Holds it once more; returns it. */
struct shared_text *shared_text_hold(struct shared_text *text);

/* Gives one hold up. Accepts NULL. */
void shared_text_drop(struct shared_text *text);

#endif
