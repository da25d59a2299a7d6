/*
 * Limits on one user's uploads: how many may be under way, and how many of them are decoded at once, so that threads
 * are left for other users.
 *
 * Ownership: one a worker, used by its coroutines only. Invariants: a place (a slot for an upload), and a turn to
 * decode, are released when the request's context ends. Turns come in the order in which they were asked for. Use:
 * upload_place_take before the body is read, upload_place_turn before it is decoded.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_PLACES_H
#define EVENTLOOP_IMAGES_UPLOAD_PLACES_H

#include "base/context.h"

#include <stddef.h>

#define UPLOAD_OWNERS_MAX 4096 /* owners with uploads under way, in all */

struct upload_places;
struct upload_place;

/* at_once: uploads of one owner under way; decoded: how many of them are decoded at once. Both at least 1. */
struct upload_places *upload_places_new(size_t at_once, size_t decoded);

/* No upload is under way any more. Accepts NULL. */
void upload_places_free(struct upload_places *places);

/* Takes a place for the owner (an id) until ctx ends. NULL with rate_limited and reason "uploads_at_once" when the
 * owner has none left, or with overloaded when there are UPLOAD_OWNERS_MAX owners. */
struct upload_place *upload_place_take(struct context *ctx, struct upload_places *places, const char *owner) MUST_CHECK;

/* Waits for the owner's turn to decode, which is held until ctx ends. 0, or -1 with deadline_exceeded or cancelled. */
int upload_place_turn(struct context *ctx, struct upload_place *place) MAY_SUSPEND MUST_CHECK;

#endif
