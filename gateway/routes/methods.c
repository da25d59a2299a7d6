#include "routes/methods.h"

#include "api/api.h"
#include "base/buffer.h"
#include "base/fatal.h"
#include "base/memory.h"
#include "base/shared_text.h"
#include "base/version.h"
#include "client/client.h"
#include "co/task.h"
#include "gateway.h"
#include "telemetry/log.h"

#include <stdlib.h>
#include <string.h>

#define RETRY (100 * CLOCK_MILLISECOND)
#define TIMEOUT (1 * CLOCK_SECOND)
#define REFRESH (30 * CLOCK_SECOND)
#define FETCH_DEADLINE (3 * CLOCK_SECOND)
#define MAX_DOCUMENT (16 << 20)

const char *const gateway_daemons[GATEWAY_DAEMONS] = {"passport", "events", "rating", "images"};

struct methods {
	struct rpc_client *client;
	struct co_task *fetcher;
	const struct api *own;
	const char *server;		  /* where the merged document says that calls are posted to */
	char *documents[GATEWAY_DAEMONS]; /* as they came, without what is internal; NULL: not yet */
	struct method_table *table;
	struct shared_text *merged;
	bool stale; /* merged is of other documents than these */
};

/* Takes what a daemon says of itself, if it is anything new. */
static void take_methods(struct methods *methods, size_t daemon, struct json_object *document)
{
	method_table_learn(methods->table, daemon, document);
	const char *text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN);
	if (methods->documents[daemon] && strcmp(methods->documents[daemon], text) == 0)
		return;
	free(methods->documents[daemon]);
	methods->documents[daemon] = must_strdup(text);
	methods->stale = true;
}

static void merge(struct methods *methods)
{
	struct arena arena = {0};
	size_t count = 0;
	const struct api_about about = {"EventLoop", version_number, methods->server};
	const char *own = api_document_at(methods->own, clock_wall(), &arena);
	methods->stale = false;
	memory_thrift_begin();
	struct api_source sources[GATEWAY_DAEMONS + 1];
	for (size_t i = 0; i < GATEWAY_DAEMONS; i++)
		if (methods->documents[i])
			sources[count++] = (struct api_source){gateway_daemons[i], methods->documents[i],
							       strlen(methods->documents[i])};
	sources[count++] = (struct api_source){"gateway", own, strlen(own)};
	struct buffer text;
	buffer_init(&text, MAX_DOCUMENT);
	char error[200];
	if (api_merge_documents(sources, count, &about, true, &arena, &text, error, sizeof(error))) {
		shared_text_drop(methods->merged);
		methods->merged = shared_text_new(buffer_text(&text), text.length);
	} else {
		log_event(LOG_WARNING, NULL, "the OpenRPC documents cannot be merged", LOG_STRING("cause", error));
	}
	buffer_done(&text);
	arena_done(&arena);
	memory_thrift_end();
}

static int fetch(struct methods *methods, size_t daemon)
{
	struct rpc_request request = {
	    .method = "rpc.discover",
	    .params = "{}",
	    .as = RPC_AS_ANONYMOUS,
	    .daemon = gateway_daemons[daemon],
	    .idempotent = true,
	};
	struct context ctx;
	context_init(&ctx, deadline_after(FETCH_DEADLINE));
	struct json_object *document = rpc_invoke(&ctx, methods->client, &request);
	memory_thrift_begin();
	if (document)
		take_methods(methods, daemon, document);
	context_done(&ctx);
	memory_thrift_end();
	return document ? 0 : -1;
}

/* Asks those whose time has come. Returns when the next one's comes. */
static int64_t fetch_due(struct methods *methods, int64_t due[static GATEWAY_DAEMONS])
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < GATEWAY_DAEMONS && !co_cancelled(); i++) {
		if (due[i] <= clock_monotonic())
			due[i] = deadline_after(fetch(methods, i) == 0 ? REFRESH : RETRY);
		next = due[i] < next ? due[i] : next;
	}
	return next;
}

/* Runs until methods_free. A daemon that has not answered is asked soon again, without bothering the others. */
static void keep_fetching(void *argument)
{
	struct methods *methods = argument;
	int64_t due[GATEWAY_DAEMONS] = {0}, next;
	do {
		next = fetch_due(methods, due);
		if (methods->stale)
			merge(methods);
	} while (co_task_rest(methods->fetcher, next) != CO_CANCELLED);
}

struct methods *methods_new(struct rpc_client *client, const struct api *own, const char *server)
{
	struct methods *methods = must_calloc(1, sizeof(*methods));
	methods->client = client;
	methods->own = own;
	methods->server = server;
	methods->table = method_table_new(gateway_daemons, GATEWAY_DAEMONS);
	merge(methods);
	methods->fetcher = co_task_start("method discovery", keep_fetching, methods);
	if (!methods->fetcher) {
		methods_free(methods);
		return NULL;
	}
	return methods;
}

void methods_free(struct methods *methods)
{
	if (!methods)
		return;
	co_task_stop(methods->fetcher);
	for (size_t i = 0; i < GATEWAY_DAEMONS; i++)
		free(methods->documents[i]);
	method_table_free(methods->table);
	shared_text_drop(methods->merged);
	free(methods);
}

enum methods_answer methods_await(struct context *ctx, const struct methods *methods, const char *name, size_t length,
				  struct remote_method *ret)
{
	int64_t until = deadline_earlier(ctx->deadline, deadline_after(TIMEOUT));
	enum methods_answer answer = method_table_find(methods->table, name, length, ret);
	while (answer == METHODS_UNSURE && deadline_left(until) > 0 &&
	       co_sleep_until(deadline_after(RETRY / 2)) == CO_TIMEOUT)
		answer = method_table_find(methods->table, name, length, ret);
	return answer;
}

struct shared_text *methods_document(const struct methods *methods)
{
	return methods->merged;
}
