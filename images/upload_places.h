/*
 * Who uploads at this moment: a user has a few places at once, so that the others find one free.
 *
 * Invariants: counted for the whole process, under a lock; a place is given back when the request's context ends,
 * whichever way it does.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_PLACES_H
#define EVENTLOOP_IMAGES_UPLOAD_PLACES_H

#include "base/context.h"

#include <stdint.h>

#define UPLOAD_USERS_MAX 1024 /* who upload at once, in all */

/* Takes a place for the owner (an id) until ctx ends. limit: places of one owner. 0, or -1 with rate_limited and reason
 * "uploads_at_once", or with overloaded when there are UPLOAD_USERS_MAX owners. */
int upload_place_take(struct context *ctx, const char *owner, int64_t limit) MUST_CHECK;

#endif
