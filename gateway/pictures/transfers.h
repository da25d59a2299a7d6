/*
 * Slots ("places") for pictures on their way through the gateway: how many at once, of all clients, of one site and of
 * one address.
 *
 * Purpose: a picture occupies a connection to images for as long as its client takes to read or send it; clients that
 * stand still must not occupy all of them. Ownership: one a thread and direction, so that uploads and downloads do not
 * take each other's; a slot belongs to its context. Invariants: an address (an IPv6 /64 is one) has at most a quarter
 * of the slots and a site (an IPv6 /48) half of them; first come, first served, except for clients whose own share is
 * used up. A stalled transfer loses its slot: while somebody has waited for more than a second, and not because of
 * their own address's share, the one that has stalled longest is ended, of the site with most slots first. A transfer
 * stalls when it has waited for its client for a second in which less than 32 KiB came or went; waiting for images
 * never counts.
 * Use: transfers_enter, then transfer_waits and transfer_goes_on around each wait for the client. When a wait fails,
 * transfer_ended tells whether the slot was given to others.
 */
#ifndef EVENTLOOP_GATEWAY_PICTURES_TRANSFERS_H
#define EVENTLOOP_GATEWAY_PICTURES_TRANSFERS_H

#include "base/context.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

struct transfers;
struct transfer_place;

/* places: at once, at least 1. direction: for metrics and the log, "download" or "upload"; static. */
struct transfers *transfers_new(size_t places, const char *direction);

/* No place may be taken. Accepts NULL. */
void transfers_free(struct transfers *transfers);

/* Takes a place for the client of that address (numeric), until the context ends. The running coroutine is cancelled
 * when the place is taken away. NULL with overloaded when too many wait already or it takes too long. */
struct transfer_place *transfers_enter(struct context *ctx, struct transfers *transfers,
				       const char *address) MAY_SUSPEND MUST_CHECK;

/* The transfer begins to wait for its client. */
void transfer_waits(struct transfer_place *place);

/* The wait is over; so many bytes have come or gone. */
void transfer_goes_on(struct transfer_place *place, size_t bytes);

/* True when the place was taken away. */
bool transfer_ended(const struct transfer_place *place);

#endif
