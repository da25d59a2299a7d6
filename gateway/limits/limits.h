/*
 * What one caller may take of the system: the cost of each call (x-cost, in steps of 100 us of work) is taken from the
 * caller's token buckets (limits/buckets.h), and a caller over the limit is told when to try again.
 *
 * How to use it: limits_caller once a request, limits_charge before each call, limits_charge_later for costs that are
 * known only afterwards (the bytes of a picture). A refused call costs nothing. Ownership: one a thread; the buckets
 * are the process's. Several gateways do not know of each other: each gives its callers the whole rate. Settings:
 * limit_* of the gateway (docs/limits.md); the rates are read anew every second, so that a reload counts.
 */
#ifndef EVENTLOOP_GATEWAY_LIMITS_H
#define EVENTLOOP_GATEWAY_LIMITS_H

#include "base/context.h"
#include "config/config.h"
#include "limits/buckets.h"

#include <stddef.h>

/* The least cost: of a call that cannot be read, or whose method does not exist. */
#define LIMITS_CHEAP ((const struct charge){.cost = 1})

struct limits;

/* config: borrowed. NULL with the error in ctx when limit_exempt is no list of networks. */
struct limits *limits_new(struct context *ctx, const struct config *config) MUST_CHECK;

/* Accepts NULL. */
void limits_free(struct limits *limits);

/* Finds the payers of a request from `address` with this identity (NULL: none, or a void token). */
void limits_caller(const struct limits *limits, struct caller *caller, const char *address,
		   const struct identity *identity);

/* Takes the charge. -1 with rate_limited in ctx (reason point, lane or write, and when to come again) when a payer has
 * not enough; nothing is taken then. */
int limits_charge(struct limits *limits, struct context *ctx, const struct caller *caller,
		  const struct charge *charge) MUST_CHECK;

/* What it costs to read, copy or send so many bytes: 0 for a few. */
int64_t limits_cost_of_bytes(size_t bytes);

/* Delays the answer to a request of which a part was refused, so that a client that repeats without waiting gets
 * refusals no faster than that on a connection. Only so many are delayed, others are answered at once. */
void limits_rest(struct limits *limits) MAY_SUSPEND;

/* Takes units from the point buckets, also when that makes them negative. */
void limits_charge_later(struct limits *limits, const struct caller *caller, int64_t cost);

#endif
