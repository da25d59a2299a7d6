#include "base/context.h"

#include "base/ids.h"

#include <stdio.h>

_Static_assert(REQUEST_ID_SIZE == UUID_SIZE, "a request id is a UUID");

struct defer {
	struct defer *older;
	void (*function)(void *argument);
	void *argument;
};

static void begin(struct context *ctx, int64_t deadline)
{
	ctx->defers = NULL;
	error_clear(&ctx->error);
	ctx->deadline = deadline;
	uuid_make(ctx->request_id);
	ctx->traceparent[0] = '\0';
	ctx->method = NULL;
	ctx->user = NULL;
	ctx->actor = NULL;
	ctx->share = NULL;
}

void context_init(struct context *ctx, int64_t deadline)
{
	arena_init(&ctx->arena);
	begin(ctx, deadline);
}

static void run_defers(struct context *ctx)
{
	/* A clean-up may register another one: each is unlinked before it runs. */
	while (ctx->defers) {
		struct defer *newest = ctx->defers;
		ctx->defers = newest->older;
		newest->function(newest->argument);
	}
}

void context_done(struct context *ctx)
{
	run_defers(ctx);
	arena_done(&ctx->arena);
	/* What pointed into the arena must not be read after it. */
	ctx->error.details = NULL;
	ctx->method = NULL;
	ctx->user = NULL;
	ctx->actor = NULL;
	ctx->share = NULL;
}

void context_restart(struct context *ctx, int64_t deadline)
{
	run_defers(ctx);
	arena_reset(&ctx->arena);
	begin(ctx, deadline);
}

void context_defer(struct context *ctx, void (*function)(void *argument), void *argument)
{
	struct defer *defer = arena_alloc(&ctx->arena, sizeof(*defer));
	*defer = (struct defer){.older = ctx->defers, .function = function, .argument = argument};
	ctx->defers = defer;
}

int context_fail_internal_at(struct context *ctx, const char *file, int line, const char *format, ...)
{
	if (ctx->error.code != ERROR_NONE)
		return -1;
	(void)error_set_at(&ctx->error, file, line, ERROR_INTERNAL, NULL, NULL);
	va_list values;
	va_start(values, format);
	char cause[sizeof(ctx->error.cause)];
	(void)vsnprintf(cause, sizeof(cause), format, values);
	va_end(values);
	error_set_cause(&ctx->error, "%s", cause);
	return -1;
}
