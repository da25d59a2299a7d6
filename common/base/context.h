/*
 * The context of one piece of work, usually one request: its memory, its clean-ups, its deadline, its error, and the
 * names that log lines and calls to other programs carry.
 *
 * Purpose: the first argument of everything that may suspend, so that one deadline and one error span the whole work.
 * Ownership: whoever starts the work owns the context (on its coroutine's stack) and ends it with context_done, which
 * runs the deferred clean-ups, last registered first, and frees the arena.
 * Invariants: a context belongs to one coroutine at a time; texts it points to live in its arena or are static.
 * Use: context_init(&ctx, deadline); work; context_done(&ctx).
 */
#ifndef EVENTLOOP_BASE_CONTEXT_H
#define EVENTLOOP_BASE_CONTEXT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/macros.h"

#include <stdint.h>

#define REQUEST_ID_SIZE 37  /* UUID text and NUL */
#define TRACEPARENT_SIZE 56 /* W3C trace context, version 00, and NUL */

struct defer;

struct context {
	struct arena arena;
	struct defer *defers; /* newest first */
	struct error error;
	int64_t deadline; /* monotonic microseconds */
	char request_id[REQUEST_ID_SIZE];
	char traceparent[TRACEPARENT_SIZE]; /* of this span; "" when tracing is off */
	const char *method;		    /* for logs; NULL outside a method */
	const char *user;		    /* caller's id for logs; NULL when anonymous */
	const char *actor;		    /* id of who acts as that user, for logs; NULL when nobody does */
	const char *share; /* whose share of connections the work uses: the client's site; NULL: nobody's */
};

/* Starts an empty context. deadline: monotonic microseconds or DEADLINE_NEVER. Makes a new request_id. */
void context_init(struct context *ctx, int64_t deadline);

/* Runs the clean-ups and frees the arena. Safe to call twice. */
void context_done(struct context *ctx);

/* Ends the work as context_done does and starts the next one, keeping the arena's first block. */
void context_restart(struct context *ctx, int64_t deadline);

/* Registers function(argument) to run at context_done, before those registered earlier. */
void context_defer(struct context *ctx, void (*function)(void *argument), void *argument);

/* Sets the error of the context; see error_set. Returns -1. */
#define context_fail(ctx, ...) error_set_at(&(ctx)->error, __FILE__, __LINE__, __VA_ARGS__)

/* Sets ERROR_INTERNAL whose cause only the log shows. Returns -1. */
int context_fail_internal_at(struct context *ctx, const char *file, int line, const char *format, ...) PRINTF(4, 5);
#define context_fail_internal(ctx, ...) context_fail_internal_at((ctx), __FILE__, __LINE__, __VA_ARGS__)

#endif
