#include "routes/batch.h"

#include "base/fatal.h"
#include "co/sync.h"
#include "gateway.h"
#include "http/stream.h"
#include "rpc/http_endpoint.h"

#include <stdlib.h>
#include <string.h>

#define PACKED_MAX 1024 /* bytes of an answer */

/* One call: from its start it has a context of its own, which lives until the batch is answered or its answer is
 * dropped. One that has not started costs next to nothing. */
struct item {
	const struct envelope_call *call;
	struct context *ctx; /* NULL: not started, or dropped */
	struct forward_answer answer;
};

struct batch {
	struct http_exchange *exchange;
	const struct forward_request *request;
	struct item *items;
	size_t count, next; /* of the items; the next one to run */
	size_t answered;    /* bytes of the answers that are kept */
	size_t held;	    /* bytes of memory that they take */
	size_t max_answer;
	bool full;	    /* an answer did not fit */
	struct error error; /* why the server takes no more of it; none */
};

static void begin_item(const struct batch *batch, struct item *item)
{
	const struct context *ctx = batch->exchange->ctx;
	item->ctx = must_calloc(1, sizeof(*item->ctx));
	context_init(item->ctx, ctx->deadline);
	memcpy(item->ctx->request_id, ctx->request_id, sizeof(ctx->request_id));
	memcpy(item->ctx->traceparent, ctx->traceparent, sizeof(ctx->traceparent));
}

static void end_item(struct item *item)
{
	if (!item->ctx)
		return;
	context_done(item->ctx);
	free(item->ctx);
	item->ctx = NULL;
}

static void end_items(void *argument)
{
	struct batch *batch = argument;
	for (size_t i = 0; i < batch->count; i++)
		end_item(&batch->items[i]);
}

/* Answers the item with an error in the place of what it has. The errors of a batch lie together in the exchange's
 * arena: a hundred arenas of a page each, times all batches that a hanging daemon leaves, would be much. */
static void fail_item(struct batch *batch, struct item *item, enum error_code code, const char *reason,
		      const char *message)
{
	struct context *ctx = batch->exchange->ctx;
	end_item(item);
	item->answer = (struct forward_answer){0};
	context_fail(ctx, code, reason, "%s", message);
	if (!item->call->notification)
		forward_error(ctx, item->call, &item->answer);
	error_clear(&ctx->error);
}

static void stop_item(struct batch *batch, struct item *item, const char *message)
{
	if (batch->error.code != ERROR_NONE)
		fail_item(batch, item, batch->error.code, NULL, batch->error.message);
	else
		fail_item(batch, item, ERROR_TOO_LARGE, "answer", message);
}

/* A short answer moves into the exchange's arena, so that it does not keep an arena of its own. */
static void pack_answer(const struct batch *batch, struct item *item)
{
	struct forward_answer *answer = &item->answer;
	if (answer->document || answer->length > PACKED_MAX)
		return;
	if (answer->text)
		answer->text = arena_strndup(&batch->exchange->ctx->arena, answer->text, answer->length);
	end_item(item);
}

/* Keeps the answer, or drops it when the batch has no room. */
static void keep_answer(struct batch *batch, struct item *item)
{
	struct context *ctx = batch->exchange->ctx;
	size_t length = forward_answer_length(&item->answer);
	bool over = length > 0 && batch->answered + length > batch->max_answer;
	batch->full = batch->full || over;
	if (!over && batch->error.code == ERROR_NONE) {
		batch->answered += length;
		pack_answer(batch, item);
		if (!item->ctx)
			return;
		batch->held += item->ctx->arena.total;
		if (http_exchange_hold(batch->exchange, batch->held) == 0)
			return;
		batch->held -= item->ctx->arena.total;
		batch->error = ctx->error;
		error_clear(&ctx->error);
	}
	stop_item(batch, item, "the batch's answer is too large");
}

/* Runs items until none is left; several of these run side by side. Not the exchange's own coroutine, which a client
 * that hangs up may have cancelled by one call, and with it those that write. */
static void run_items(void *argument)
{
	struct batch *batch = argument;
	while (batch->next < batch->count) {
		struct item *item = &batch->items[batch->next++];
		/* The client has gone, so the other items need no error. */
		if (batch->error.code == ERROR_UNAVAILABLE)
			continue;
		if (batch->full || batch->error.code != ERROR_NONE) {
			stop_item(batch, item, "not called: the batch's answer is too large already");
			continue;
		}
		begin_item(batch, item);
		forward_call(item->ctx, batch->request, item->call, &item->answer);
		keep_answer(batch, item);
	}
}

static void run_beside(void *argument)
{
	struct batch *batch = argument;
	run_items(batch);
	co_semaphore_release(&batch->request->gateway->batch_places);
}

/* One more of those that run its items: the first of each batch, and others while all batches together have few enough
 * of them. */
static bool start_one(struct batch *batch, struct co_group *group, bool first)
{
	struct co_semaphore *places = &batch->request->gateway->batch_places;
	if (!first && !co_semaphore_try(places))
		return false;
	if (co_group_start(group, "batch", first ? run_items : run_beside, batch) == 0)
		return true;
	error_clear(&batch->exchange->ctx->error);
	if (!first)
		co_semaphore_release(places);
	return false;
}

static void run_all(struct batch *batch)
{
	struct context *ctx = batch->exchange->ctx;
	struct co_group *group = co_group_new(ctx);
	for (size_t i = 0; i < batch->count && i < BATCH_AT_ONCE && start_one(batch, group, i == 0); i++)
		continue;
	/* Each item keeps its own deadline; what is left then was cancelled and has answered so. */
	if (co_group_wait_all(group, DEADLINE_NEVER) != CO_OK)
		error_clear(&ctx->error);
	for (; batch->next < batch->count; batch->next++)
		fail_item(batch, &batch->items[batch->next], ERROR_OVERLOADED, "coroutines", "");
}

/* The answers as a JSON array; none when there is nothing to answer. */
static size_t write_pieces(const struct batch *batch, struct http_piece *pieces)
{
	size_t count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct forward_answer *answer = &batch->items[i].answer;
		if (!answer->text)
			continue;
		const char *before = count > 0 ? "," : "[";
		pieces[count++] = (struct http_piece){.bytes = before, .length = 1};
		count += forward_answer_pieces(answer, pieces + count);
	}
	if (count > 0)
		pieces[count++] = (struct http_piece){.bytes = "]", .length = 1};
	return count;
}

void batch_answer(struct http_exchange *exchange, const struct forward_request *request,
		  const struct envelope *envelope)
{
	struct arena *arena = &exchange->ctx->arena;
	struct batch *batch = arena_zalloc(arena, sizeof(*batch));
	batch->exchange = exchange;
	batch->request = request;
	batch->count = envelope->count;
	batch->items = arena_zalloc(arena, envelope->count * sizeof(*batch->items));
	batch->max_answer = (size_t)config_integer(request->gateway->worker->config, "max_answer");
	for (size_t i = 0; i < envelope->count; i++)
		batch->items[i].call = &envelope->calls[i];
	context_defer(exchange->ctx, end_items, batch);
	run_all(batch);
	forward_rest(request);
	struct http_piece *pieces = arena_alloc(arena, ((FORWARD_PIECES + 1) * envelope->count + 1) * sizeof(*pieces));
	size_t count = write_pieces(batch, pieces);
	error_clear(&exchange->ctx->error);
	rpc_http_reply_pieces(exchange, pieces, count);
}
