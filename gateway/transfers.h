/*
 * Places for pictures that pass through: how many at once, of all clients and of one.
 *
 * Purpose: a picture occupies a connection to images for as long as its client takes to read or send it; slow clients
 * must not occupy all of them. Ownership: one a thread and direction, so that uploads and downloads do not take each
 * other's. Invariants: an address (an IPv6 /64 is one) has at most a quarter of the places, its further transfers wait
 * for its own, and only those that have got one of these wait for one of all; first come, first served.
 */
#ifndef EVENTLOOP_GATEWAY_TRANSFERS_H
#define EVENTLOOP_GATEWAY_TRANSFERS_H

#include "base/context.h"
#include "base/macros.h"

#include <stddef.h>

struct transfers;

/* places: at once, at least 1. */
struct transfers *transfers_new(size_t places);

/* No place may be taken. Accepts NULL. */
void transfers_free(struct transfers *transfers);

/* Takes a place for the client of that address (numeric), until the context ends. 0; -1 with overloaded when too many
 * wait already or it takes too long. */
int transfers_enter(struct context *ctx, struct transfers *transfers, const char *address) MAY_SUSPEND MUST_CHECK;

#endif
