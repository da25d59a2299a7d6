/*
 * Throttles: how often something may be tried, shared by all replicas through PostgreSQL.
 *
 * Purpose: a try is counted before the work is done, so that simultaneous tries cannot exceed the limit.
 * throttle_enforce sets rate_limited, for keys that reveal nothing about accounts, such as networks; throttle_count
 * leaves the answer to its caller, which must not change when the key is an account.
 * Invariants: up to the limit within the window tries are allowed; the next one locks the key for the rule's lock time
 * (or until the window's end, when that is later). Keys are kept hashed, in an unlogged table.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_THROTTLE_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_THROTTLE_H

#include "rpc/call.h"

/* A rule. Static. */
struct throttle_rule {
	const char *name;	   /* "login.account" */
	const char *limit_setting; /* name of the setting that has the number of tries; 0 there: no limit */
	int64_t window;		   /* microseconds */
	int64_t lock;		   /* microseconds, once the limit is passed */
};

/* Counts one try at the key (any text). *ret_wait: 0 within the limit, else microseconds until it is free again. */
int throttle_count(struct rpc_call *call, const struct throttle_rule *rule, const char *key,
		   int64_t *ret_wait) MAY_SUSPEND MUST_CHECK;

/* Counts one try; beyond the limit -1 with rate_limited and retry_after_ms. */
int throttle_enforce(struct rpc_call *call, const struct throttle_rule *rule, const char *key) MAY_SUSPEND MUST_CHECK;

/* Takes one try back when nothing was verified, unless the limit was passed. */
int throttle_take_back(struct rpc_call *call, const struct throttle_rule *rule, const char *key) MAY_SUSPEND MUST_CHECK;

/* Forgets the tries at the key: after a success. */
int throttle_forget(struct rpc_call *call, const struct throttle_rule *rule, const char *key) MAY_SUSPEND MUST_CHECK;

/* The same in tx (queued). */
void throttle_forget_in(struct rpc_call *call, struct pg_tx *tx, const struct throttle_rule *rule, const char *key);

/* The caller's network as a key: the IPv4 address (mapped into IPv6 or not), or the first 64 bits of the IPv6 one; ""
 * when unknown. */
const char *throttle_network(const struct rpc_call *call);

#endif
