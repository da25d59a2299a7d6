/*
 * The background work on signing keys: takes the steps that are due and reloads the key ring (keys/key.h).
 *
 * Ownership: one keeper a worker; it borrows the worker's app until key_keeper_free. Invariants: every worker reloads,
 * on a notification, at the moment of the next change, and every key_reload_interval; the first worker of each process
 * also takes the steps, under the lock, so that any replica alone keeps rotation going. While the database is down the
 * ring keeps its keys, and steps are taken later.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_KEEPER_H
#define EVENTLOOP_PASSPORT_KEYS_KEEPER_H

#include "base/macros.h"

struct daemon_worker;
struct key_keeper;

/* NULL when no coroutine can be started. */
struct key_keeper *key_keeper_new(struct daemon_worker *worker) MUST_CHECK;

/* Ends the work. Accepts NULL. */
void key_keeper_free(struct key_keeper *keeper) MAY_SUSPEND;

#endif
