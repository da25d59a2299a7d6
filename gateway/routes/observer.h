/*
 * What the gateway counts and logs of the calls that pass through it: by daemon, so that label sets stay bounded.
 */
#ifndef EVENTLOOP_GATEWAY_ROUTES_OBSERVER_H
#define EVENTLOOP_GATEWAY_ROUTES_OBSERVER_H

#include "base/context.h"

#include <stdint.h>

struct observer;

/* Registers the metrics; one a thread. */
struct observer *observer_new(void);

/* Frees it; the metrics stay. */
void observer_free(struct observer *observer);

/* Counts and logs a call that was forwarded to daemon (static name; NULL: to none). The context's error is the outcome
 * as far as the gateway knows it: an error that the daemon answered is the daemon's to count. */
void observer_note(struct observer *observer, const struct context *ctx, const char *daemon, int64_t started);

#endif
