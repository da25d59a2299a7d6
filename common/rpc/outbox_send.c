/* Delivering a batch by RPC, and reading what became of each fact. */
#include "base/buffer.h"
#include "rpc/client.h"
#include "rpc/outbox_internal.h"

#include <string.h>

#define PARAMS_MAX ((size_t)4 << 20)

static const char *make_params(struct context *ctx, const struct outbox_relay *relay, const struct outbox_batch *batch)
{
	struct buffer params;
	const char *comma = "";

	buffer_init_arena(&params, &ctx->arena, PARAMS_MAX);
	buffer_append_text(&params, "{\"source\":");
	buffer_append_json_string(&params, relay->daemon);
	buffer_append_text(&params, ",\"facts\":[");
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->items[i].reason)
			continue;
		buffer_append_text(&params, comma);
		buffer_append_text(&params, batch->items[i].text);
		comma = ",";
	}
	buffer_append_text(&params, "]}");
	return buffer_failed(&params) ? NULL : buffer_text(&params);
}

static size_t to_send(const struct outbox_batch *batch)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		count += batch->items[i].reason == NULL;
	return count;
}

static void refuse(struct context *ctx, struct outbox_batch *batch, const char *id, const char *reason)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct outbox_item *item = &batch->items[i];

		if (item->reason == NULL && (!id || strcmp(item->id, id) == 0))
			item->reason = strcmp(reason, "behind") == 0 ? "" : arena_strdup(&ctx->arena, reason);
	}
}

static const char *text_of(struct json_object *object, const char *name, const char *fallback)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : fallback;
}

/* Marks what the answer names as refused. False when it is no answer of outbox_deliver. */
static bool take_answer(struct context *ctx, struct outbox_batch *batch, struct json_object *answer)
{
	struct json_object *refused = json_object_object_get(answer, "refused");

	if (!json_object_is_type(refused, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(refused); i++) {
		struct json_object *one = json_object_array_get_idx(refused, i);
		const char *reason = text_of(one, "reason", "refused");

		refuse(ctx, batch, text_of(one, "id", ""), *reason ? reason : "refused");
	}
	return true;
}

/* Errors that would come again with the same facts, and only with them; everything else is the subscriber's state. */
static bool about_the_facts(enum error_code code)
{
	switch (code) {
	case ERROR_PARSE:
	case ERROR_INVALID_REQUEST:
	case ERROR_INVALID_PARAMS:
	case ERROR_NOT_FOUND:
	case ERROR_CONFLICT:
	case ERROR_PRECONDITION_FAILED:
	case ERROR_TOO_LARGE:
		return true;
	default:
		return false;
	}
}

/* A batch refused whole is sent again in smaller ones until the fact that spoils it stands alone. */
static enum outbox_sent refused_whole(struct context *ctx, struct outbox_batch *batch)
{
	const struct error *error = &ctx->error;

	if (!about_the_facts(error->code))
		return OUTBOX_DOWN;
	if (to_send(batch) > 1)
		return OUTBOX_TOO_MUCH;
	refuse(ctx, batch, NULL, arena_printf(&ctx->arena, "%s: %s", error_word(error->code), error->message));
	return OUTBOX_SENT;
}

static enum outbox_sent unreadable(struct context *ctx, const struct outbox_subscriber *subscriber)
{
	(void)context_fail_internal(ctx, "%s answers a delivery with something else", subscriber->name);
	return OUTBOX_DOWN;
}

enum outbox_sent outbox_send(struct context *ctx, struct outbox_subscriber *subscriber, struct outbox_batch *batch)
{
	struct rpc_request request = {.as = RPC_AS_SERVICE, .idempotent = true};
	size_t sending = to_send(batch);
	enum outbox_sent sent = OUTBOX_SENT;
	struct json_object *answer;

	if (sending == 0)
		return OUTBOX_SENT;
	request.method = arena_printf(&ctx->arena, "%s.fact.deliver", subscriber->name);
	request.params = make_params(ctx, subscriber->relay, batch);
	if (!request.params)
		return sending > 1 ? OUTBOX_TOO_MUCH : (refuse(ctx, batch, NULL, "too large"), OUTBOX_SENT);
	answer = rpc_invoke(ctx, subscriber->relay->client, &request);
	if (!answer)
		sent = refused_whole(ctx, batch);
	else if (!take_answer(ctx, batch, answer))
		sent = unreadable(ctx, subscriber);
	if (sent != OUTBOX_SENT)
		return sent;
	if (ctx->error.code != ERROR_NONE)
		error_clear(&ctx->error); /* it has become the fact's reason */
	metric_add(subscriber->delivered, (int64_t)to_send(batch));
	metric_add(subscriber->refused, (int64_t)(sending - to_send(batch)));
	return OUTBOX_SENT;
}
