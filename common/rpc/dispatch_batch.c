#include "rpc/dispatch_internal.h"

#include "base/clock.h"
#include "co/sync.h"
#include "rpc/render.h"

#include <string.h>

/* Calls end at the request's deadline by themselves; one that does not notice is cut off so much later. */
#define CUT_OFF_DELAY (50 * CLOCK_MILLISECOND)

/* So many calls run side by side; the others wait for one of them to end. */
#define AT_ONCE 16

struct batch {
	struct context *ctx; /* of the whole text */
	struct rpc_dispatcher *dispatcher;
	struct dispatch_caller *caller;
	struct batch_item *items;
	size_t count, next; /* of the items; the next one to run */
	size_t answered;    /* bytes */
	size_t max_answer;
	bool full; /* an answer did not fit: no further call is run */
};

struct batch_item {
	struct batch *batch;
	const struct envelope_call *envelope;
	const char *answer; /* in the arena of the text's context; NULL for a notification */
	size_t length;
};

static void take_names(struct context *target, const struct context *source)
{
	memcpy(target->request_id, source->request_id, sizeof(target->request_id));
	memcpy(target->traceparent, source->traceparent, sizeof(target->traceparent));
}

static void keep_answer(struct batch_item *item, const char *answer, size_t length)
{
	item->answer = arena_strndup(&item->batch->ctx->arena, answer, length);
	item->length = length;
	item->batch->answered += length + 1;
}

static const char *too_large(const struct batch_item *item, struct context *ctx, const char *what, size_t *ret_length)
{
	error_clear(&ctx->error);
	(void)context_fail(ctx, ERROR_TOO_LARGE, "answer", "%sthe answer of the batch has more than %zu bytes", what,
			   item->batch->max_answer);
	return render_error(ctx, item->envelope->id, ret_length);
}

/* The answer of the item, or too_large in its place when the batch has no room for it. */
static void add_answer(struct batch_item *item, struct context *ctx, const char *answer, size_t length)
{
	struct batch *batch = item->batch;
	if (!answer)
		return;
	if (batch->answered + length > batch->max_answer) {
		batch->full = true;
		answer = too_large(item, ctx, "", &length);
	}
	keep_answer(item, answer, length);
}

static void run_item(struct batch_item *item)
{
	struct batch *batch = item->batch;
	size_t length = 0;
	struct context ctx;
	context_init(&ctx, batch->ctx->deadline);
	take_names(&ctx, batch->ctx);
	co_set_context(&ctx);
	/* Verifies the token again for each call (a cache hit): an earlier call of the batch may have ended the
	 * session. A token that was refused is not verified again: each time would cost a signature. */
	struct dispatch_caller caller = {.meta = batch->caller->meta, .refused = batch->caller->refused};
	const char *answer = dispatch_call(&ctx, batch->dispatcher, &caller, item->envelope, &length);
	add_answer(item, &ctx, answer, length);
	co_set_context(NULL);
	context_done(&ctx);
}

/* The call is not run: the batch is full, or no coroutine was left to run it in. */
static void refuse_item(struct batch_item *item)
{
	if (item->envelope->notification)
		return;
	struct context ctx;
	context_init(&ctx, DEADLINE_NEVER);
	take_names(&ctx, item->batch->ctx);
	(void)context_fail(&ctx, ERROR_OVERLOADED, NULL, NULL);
	size_t length;
	const char *answer = item->batch->full ? too_large(item, &ctx, "not called: ", &length)
					       : render_error(&ctx, item->envelope->id, &length);
	keep_answer(item, answer, length);
	context_done(&ctx);
}

/* Runs items until none is left; several of these run side by side. */
static void run_items(void *argument)
{
	struct batch *batch = argument;
	while (batch->next < batch->count) {
		struct batch_item *item = &batch->items[batch->next++];
		if (batch->full)
			refuse_item(item);
		else
			run_item(item);
	}
}

static const char *join(struct context *ctx, const struct batch_item *items, size_t count, size_t *ret_length)
{
	size_t total = 2;
	for (size_t i = 0; i < count; i++)
		total += items[i].length + 1;
	char *text = arena_alloc(&ctx->arena, total + 1), *cursor = text;
	for (size_t i = 0; i < count; i++) {
		if (!items[i].answer)
			continue;
		*cursor = cursor == text ? '[' : ',';
		cursor = mempcpy(cursor + 1, items[i].answer, items[i].length);
	}
	if (cursor == text)
		return NULL;
	memcpy(cursor, "]", 2);
	*ret_length = (size_t)(cursor + 1 - text);
	return text;
}

const char *dispatch_batch(struct context *ctx, struct rpc_dispatcher *dispatcher, struct dispatch_caller *caller,
			   const struct envelope *envelope, size_t *ret_length)
{
	struct batch_item *items = arena_zalloc(&ctx->arena, envelope->count * sizeof(*items));
	struct batch batch = {.ctx = ctx,
			      .dispatcher = dispatcher,
			      .caller = caller,
			      .items = items,
			      .count = envelope->count,
			      .max_answer = dispatcher->options.max_answer};
	struct co_group *group = co_group_new(ctx);
	dispatch_identify(ctx, dispatcher, caller);
	for (size_t i = 0; i < envelope->count; i++)
		items[i] = (struct batch_item){.batch = &batch, .envelope = &envelope->calls[i]};
	for (size_t i = 0; i < envelope->count && i < AT_ONCE; i++) {
		if (co_group_start(group, "batch", run_items, &batch) != 0)
			break;
	}
	int64_t cut_off = ctx->deadline == DEADLINE_NEVER ? DEADLINE_NEVER : ctx->deadline + CUT_OFF_DELAY;
	/* However the wait ended, no child runs any more: each has left an answer. */
	enum co_result result = co_group_wait_all(group, cut_off);
	(void)result;
	error_clear(&ctx->error);
	for (; batch.next < batch.count; batch.next++)
		refuse_item(&items[batch.next]);
	return join(ctx, items, envelope->count, ret_length);
}
