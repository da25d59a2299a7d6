/*
 * Removes files of the store that belong to no image: bytes whose upload failed after they had been stored, and files
 * of a daemon that died while writing them.
 *
 * Invariants: only what is older than SWEEP_AGE, and of that only what has no row while the lock of its hash is held
 * (STORE_LOCK). Runs in the first worker, at its start and then every sweep_interval, a folder of the store at a time,
 * the store's own directory last; directories are read, and files are removed, on the offload pool.
 */
#ifndef EVENTLOOP_IMAGES_STORE_SWEEP_H
#define EVENTLOOP_IMAGES_STORE_SWEEP_H

#include "images.h"

#define SWEEP_AGE 3600 /* seconds */

struct sweep;

/* Starts it. NULL when there is no coroutine left. */
struct sweep *sweep_new(struct images *images) MUST_CHECK;

/* Ends it. Accepts NULL. */
void sweep_free(struct sweep *sweep) MAY_SUSPEND;

#endif
