/*
 * Places for pictures that pass through: how many at once, of all clients, of one site and of one address.
 *
 * Purpose: a picture occupies a connection to images for as long as its client takes to read or send it; clients that
 * stand still must not occupy all of them. Ownership: one a thread and direction, so that uploads and downloads do not
 * take each other's; a place is its context's. Invariants: an address (an IPv6 /64 is one) has at most a quarter of the
 * places and a site (an IPv6 /48) half of them; first come, first served, but for those whose own share is taken.
 * Places are kept only by who uses them: while somebody has waited for more than a second, and not for a place of their
 * own address, the transfer that has stood still longest is ended, of those of the site that has most places first. It
 * stands still while its client has kept it waiting for a second and less than 32 KiB have come or gone since; what
 * images takes its time for never counts.
 * Use: transfers_enter, then transfer_waits and transfer_goes_on around each wait for the client. Where that fails,
 * transfer_ended tells whether it was for others.
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
