/*
 * API keys: how an integration acts for a company. The methods passport.api_key.*.
 *
 * Invariants: a key belongs to one company, has at most the right `manager` there and may call no more than its scope;
 * it stays valid when its maker leaves the company, so owners see all keys.
 */
#ifndef EVENTLOOP_PASSPORT_PROGRAMS_API_KEY_H
#define EVENTLOOP_PASSPORT_PROGRAMS_API_KEY_H

#include "rpc/call.h"

/* passport.api_key.create: answers the key, this once. */
int api_key_create(struct rpc_call *call) MAY_SUSPEND;

/* passport.api_key.rotate: a new key; the one before goes on for the overlap. */
int api_key_rotate(struct rpc_call *call) MAY_SUSPEND;

/* passport.api_key.list */
int api_key_list(struct rpc_call *call) MAY_SUSPEND;

/* passport.api_key.disable: for good; its tokens are void at once. */
int api_key_disable(struct rpc_call *call) MAY_SUSPEND;

#endif
