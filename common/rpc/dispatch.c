#include "rpc/dispatch_internal.h"

#include "base/fatal.h"
#include "rpc/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISCOVER "rpc.discover"
#define DEFAULT_MAX_BATCH 100
#define DEFAULT_MAX_ANSWER ((size_t)4 * 1024 * 1024)

static bool attach(struct rpc_dispatcher *dispatcher, const struct rpc_handler *handler, char *error, size_t error_size)
{
	const struct api_method *method = api_find(dispatcher->options.api, handler->name, strlen(handler->name));
	if (!method) {
		(void)snprintf(error, error_size, "%s has a handler but is not in the API files", handler->name);
		return false;
	}
	struct dispatch_entry *entry = &dispatcher->entries[method->index];
	if (entry->function) {
		(void)snprintf(error, error_size, "%s has two handlers", handler->name);
		return false;
	}
	entry->function = handler->function;
	return true;
}

static bool attach_all(struct rpc_dispatcher *dispatcher, char *error, size_t error_size)
{
	const struct api *api = dispatcher->options.api;
	size_t count = api_count(api);
	for (size_t i = 0; i < count; i++)
		dispatcher->entries[i] =
		    (struct dispatch_entry){.method = api_at(api, i), .name = api_at(api, i)->name};
	dispatcher->discover = &dispatcher->entries[count];
	dispatcher->discover->name = DISCOVER;
	dispatcher->unknown = &dispatcher->entries[count + 1];
	dispatcher->unknown->name = "unknown";
	for (const struct rpc_handler *handler = dispatcher->options.handlers; handler && handler->name; handler++) {
		if (!attach(dispatcher, handler, error, error_size))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (dispatcher->entries[i].function)
			continue;
		(void)snprintf(error, error_size, "%s is in the API files but has no handler",
			       dispatcher->entries[i].name);
		return false;
	}
	return true;
}

struct rpc_dispatcher *rpc_dispatcher_new(const struct rpc_dispatcher_options *options, char *error, size_t error_size)
{
	struct rpc_dispatcher *dispatcher = must_calloc(1, sizeof(*dispatcher));
	dispatcher->options = *options;
	if (dispatcher->options.max_batch == 0)
		dispatcher->options.max_batch = DEFAULT_MAX_BATCH;
	if (dispatcher->options.max_answer == 0)
		dispatcher->options.max_answer = DEFAULT_MAX_ANSWER;
	if (dispatcher->options.max_depth == 0)
		dispatcher->options.max_depth = JSON_DEPTH_DEFAULT;
	dispatcher->entries = must_calloc(api_count(options->api) + 2, sizeof(*dispatcher->entries));
	dispatcher->requests = metric_register(METRIC_COUNTER, "eventloop_rpc_requests_total",
					       "Calls by method and outcome.", "method,code");
	dispatcher->durations =
	    metric_register(METRIC_HISTOGRAM, "eventloop_rpc_duration_seconds", "How long calls took.", "method");
	bool complete = attach_all(dispatcher, error, error_size);
	dispatcher->options.handlers = NULL;
	if (complete)
		return dispatcher;
	rpc_dispatcher_free(dispatcher);
	return NULL;
}

void rpc_dispatcher_free(struct rpc_dispatcher *dispatcher)
{
	if (!dispatcher)
		return;
	free(dispatcher->entries);
	free(dispatcher);
}

void rpc_dispatcher_set_app(struct rpc_dispatcher *dispatcher, void *app)
{
	dispatcher->options.prototype.app = app;
}

struct dispatch_entry *dispatch_find(const struct rpc_dispatcher *dispatcher, struct json_span name)
{
	const struct api_method *method = api_find(dispatcher->options.api, name.data, name.length);
	if (!method) {
		bool discover = name.length == sizeof(DISCOVER) - 1 && memcmp(name.data, DISCOVER, name.length) == 0;
		return discover ? dispatcher->discover : dispatcher->unknown;
	}
	if (method->access == API_ACCESS_SERVICE && !dispatcher->options.expose_service_methods)
		return dispatcher->unknown;
	return &dispatcher->entries[method->index];
}

struct envelope_limits rpc_dispatch_limits(const struct rpc_dispatcher *dispatcher)
{
	return (struct envelope_limits){.max_depth = (unsigned)dispatcher->options.max_depth,
					.max_calls = dispatcher->options.max_batch};
}

static enum error_code code_of(enum envelope_status status)
{
	if (status == ENVELOPE_PARSE_ERROR)
		return ERROR_PARSE;
	return status == ENVELOPE_TOO_LARGE ? ERROR_TOO_LARGE : ERROR_INVALID_REQUEST;
}

const char *rpc_dispatch_envelope(struct context *ctx, struct rpc_dispatcher *dispatcher, const struct rpc_meta *meta,
				  const struct envelope *envelope, size_t *ret_length)
{
	if (envelope->status != ENVELOPE_OK) {
		(void)context_fail(ctx, code_of(envelope->status), NULL, "%s", envelope->message);
		struct dispatch_entry *entry = dispatcher->unknown;
		dispatch_observe(dispatcher, entry, ctx, clock_monotonic());
		return render_error(ctx, (struct json_span){NULL, 0}, ret_length);
	}
	struct dispatch_caller caller = {.meta = meta};
	if (envelope->batch)
		return dispatch_batch(ctx, dispatcher, &caller, envelope, ret_length);
	const char *answer = dispatch_call(ctx, dispatcher, &caller, &envelope->calls[0], ret_length);
	if (ctx->error.code != ERROR_NONE)
		error_clear(&ctx->error);
	return answer;
}

const char *rpc_dispatch(struct context *ctx, struct rpc_dispatcher *dispatcher, const struct rpc_meta *meta,
			 const char *text, size_t length, size_t *ret_length)
{
	struct envelope_limits limits = rpc_dispatch_limits(dispatcher);
	struct envelope envelope;
	(void)envelope_scan(text, length, &limits, &ctx->arena, &envelope);
	return rpc_dispatch_envelope(ctx, dispatcher, meta, &envelope, ret_length);
}
