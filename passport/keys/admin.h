/*
 * Signing keys as an administrator sees them: the methods passport.key.*.
 */
#ifndef EVENTLOOP_PASSPORT_KEYS_ADMIN_H
#define EVENTLOOP_PASSPORT_KEYS_ADMIN_H

#include "rpc/call.h"

/* passport.key.list: the keys with their stages; never the private key. */
int key_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.key.rotate: begins a rotation, or, with `immediate`, replaces all keys at once. */
int key_rotate(struct rpc_call *call) MAY_SUSPEND;

#endif
