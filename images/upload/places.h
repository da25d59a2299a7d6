/*
 * Who uploads at this moment: so many uploads of one user may be under way, and so few of them are decoded at once that
 * one user leaves threads for the others.
 *
 * Ownership: one a worker, with its coroutines alone. Invariants: a place, and a turn to decode, are given back when
 * the request's context ends, whichever way it does. Turns come in the order in which they were asked for. Use:
 * upload_place_take before the body is read, upload_place_turn before it is decoded.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_PLACES_H
#define EVENTLOOP_IMAGES_UPLOAD_PLACES_H

#include "base/context.h"

#include <stddef.h>

#define UPLOAD_OWNERS_MAX 4096 /* who upload at once, in all */

struct upload_places;
struct upload_place;

/* at_once: uploads of one owner; decoded: those of them whose turn it is. Both at least 1. */
struct upload_places *upload_places_new(size_t at_once, size_t decoded);

/* No upload is under way any more. Accepts NULL. */
void upload_places_free(struct upload_places *places);

/* Takes a place for the owner (an id) until ctx ends. NULL with rate_limited and reason "uploads_at_once" when the
 * owner has none left, or with overloaded when there are UPLOAD_OWNERS_MAX owners. */
struct upload_place *upload_place_take(struct context *ctx, struct upload_places *places, const char *owner) MUST_CHECK;

/* Waits for the owner's turn to decode, which is held until ctx ends. 0, or -1 with deadline_exceeded or cancelled. */
int upload_place_turn(struct context *ctx, struct upload_place *place) MAY_SUSPEND MUST_CHECK;

#endif
