/*
 * What one caller may take of the system: the cost of each call (x-cost, in steps of 100 us of work) comes out of the
 * caller's purses (limits/purses.h), and whoever has not enough is told when to come again.
 *
 * How to use it: limits_caller once a request, limits_charge before each call, limits_owe for what is known only when
 * it has been done (the bytes of a picture). What a refused call did not get costs nothing.
 * Ownership: one a thread; the purses are the process's. Several gateways do not know of each other: each gives its
 * callers the whole rate. Settings: limit_* of the gateway (docs/limits.md); the rates are read anew every second, so
 * that a reload counts.
 */
#ifndef EVENTLOOP_GATEWAY_LIMITS_H
#define EVENTLOOP_GATEWAY_LIMITS_H

#include "base/context.h"
#include "config/config.h"
#include "limits/purses.h"

#include <stddef.h>

/* What nothing can be cheaper than: a call that cannot be read, or that there is no method for. */
#define LIMITS_CHEAP ((const struct charge){.cost = 1})

struct limits;

/* config: borrowed. NULL with the error in ctx when limit_exempt is no list of networks. */
struct limits *limits_new(struct context *ctx, const struct config *config) MUST_CHECK;

/* Accepts NULL. */
void limits_free(struct limits *limits);

/* Who pays for what the client at `address` asks with this identity; NULL for none or a void token. */
void limits_caller(const struct limits *limits, struct caller *caller, const char *address,
		   const struct identity *identity);

/* Takes the charge. -1 with rate_limited in ctx (reason point, lane or write, and when to come again) when a payer has
 * not enough; nothing is taken then. */
int limits_charge(struct limits *limits, struct context *ctx, const struct caller *caller,
		  const struct charge *charge) MUST_CHECK;

/* What it costs to read, copy or send so many bytes: 0 for a few. */
int64_t limits_cost_of_bytes(size_t bytes);

/* Lets a request some of which was refused rest for a moment before it is answered: whoever asks over and over without
 * waiting gets refusals no faster than that on a connection. So many rest at most, others are answered at once. */
void limits_rest(struct limits *limits) MAY_SUSPEND;

/* Takes units of the point purses whether they are there or not. */
void limits_owe(struct limits *limits, const struct caller *caller, int64_t cost);

#endif
