/* Delivering a batch by RPC, and reading what became of each fact. */
#include "base/buffer.h"
#include "client/client.h"
#include "outbox/internal.h"

#include <string.h>

#define PARAMS_MAX ((size_t)4 << 20)
#define PROBE_SHARE 5 /* asking whether the subscriber is there may take a fifth of a delivery's time */

static const char *make_params(struct context *ctx, const struct outbox_relay *relay, const struct outbox_batch *batch)
{
	const char *comma = "";
	struct buffer params;
	buffer_init_arena(&params, &ctx->arena, PARAMS_MAX);
	buffer_append_text(&params, "{\"source\":");
	buffer_append_json_string(&params, relay->daemon);
	buffer_append_text(&params, ",\"facts\":[");
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->items[i].fate != OUTBOX_TO_SEND)
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
		count += batch->items[i].fate == OUTBOX_TO_SEND;
	return count;
}

/* id NULL: all that were sent. */
static void set_fate(struct context *ctx, struct outbox_batch *batch, const char *id, enum outbox_fate fate,
		     const char *reason)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct outbox_item *item = &batch->items[i];
		if (item->fate != OUTBOX_TO_SEND || (id && strcmp(item->id, id) != 0))
			continue;
		item->fate = fate;
		item->reason = arena_strdup(&ctx->arena, reason);
	}
}

static const char *text_of(struct json_object *object, const char *name, const char *fallback)
{
	struct json_object *value = json_object_object_get(object, name);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : fallback;
}

static enum outbox_fate fate_of(struct json_object *refusal, const char *reason)
{
	struct json_object *attempt = json_object_object_get(refusal, "attempt");
	if (strcmp(reason, "behind") == 0)
		return OUTBOX_HELD;
	if (strcmp(reason, "not reached") == 0)
		return OUTBOX_NOT_REACHED;
	return !attempt || json_object_get_boolean(attempt) ? OUTBOX_REFUSED : OUTBOX_POSTPONED;
}

/* Marks what the answer names as refused. False when it is no answer of outbox_deliver. */
static bool take_answer(struct context *ctx, struct outbox_batch *batch, struct json_object *answer)
{
	struct json_object *refused = json_object_object_get(answer, "refused");
	if (!json_object_is_type(refused, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(refused); i++) {
		struct json_object *one = json_object_array_get_idx(refused, i);
		const char *reason = text_of(one, "reason", "");
		if (!*reason)
			reason = "refused";
		set_fate(ctx, batch, text_of(one, "id", ""), fate_of(one, reason), reason);
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

/* Sends an empty delivery: a subscriber that answers it, but not a single fact, fails because of that fact. */
static bool answers(struct context *ctx, const struct outbox_subscriber *subscriber, const struct rpc_request *sent)
{
	struct rpc_request request = *sent;
	int64_t whole = ctx->deadline;
	error_clear(&ctx->error);
	request.params = arena_printf(&ctx->arena, "{\"source\":\"%s\",\"facts\":[]}", subscriber->relay->daemon);
	ctx->deadline = deadline_earlier(whole, deadline_after(subscriber->relay->delivery_timeout / PROBE_SHARE));
	bool answered = rpc_invoke(ctx, subscriber->relay->client, &request) != NULL;
	ctx->deadline = whole;
	return answered;
}

static enum outbox_sent not_answered(struct context *ctx, const struct outbox_subscriber *subscriber,
				     struct outbox_batch *batch, const struct rpc_request *sent)
{
	if (to_send(batch) > 1)
		return OUTBOX_NO_ANSWER;
	if (!answers(ctx, subscriber, sent))
		return OUTBOX_DOWN;
	set_fate(ctx, batch, NULL, OUTBOX_REFUSED, "deadline_exceeded: no answer within the time of a delivery");
	return OUTBOX_SENT;
}

/* A batch refused whole is sent again in smaller ones until the fact that spoils it stands alone. */
static enum outbox_sent refused_whole(struct context *ctx, const struct outbox_subscriber *subscriber,
				      struct outbox_batch *batch, const struct rpc_request *sent)
{
	const struct error *error = &ctx->error;
	if (error->code == ERROR_DEADLINE_EXCEEDED)
		return not_answered(ctx, subscriber, batch, sent);
	if (!about_the_facts(error->code))
		return OUTBOX_DOWN;
	if (to_send(batch) > 1)
		return OUTBOX_TOO_MUCH;
	set_fate(ctx, batch, NULL, OUTBOX_REFUSED,
		 arena_printf(&ctx->arena, "%s: %s", error_word(error->code), error->message));
	return OUTBOX_SENT;
}

static enum outbox_sent unreadable(struct context *ctx, const struct outbox_subscriber *subscriber)
{
	(void)context_fail_internal(ctx, "%s answers a delivery with something else", subscriber->name);
	return OUTBOX_DOWN;
}

static enum outbox_sent too_large(struct context *ctx, struct outbox_batch *batch)
{
	if (to_send(batch) > 1)
		return OUTBOX_TOO_MUCH;
	set_fate(ctx, batch, NULL, OUTBOX_REFUSED, "too large");
	return OUTBOX_SENT;
}

static struct json_object *invoke(struct context *ctx, const struct outbox_subscriber *subscriber,
				  const struct rpc_request *request)
{
	const struct outbox_relay *relay = subscriber->relay;
	int64_t whole = ctx->deadline;
	ctx->deadline = deadline_earlier(whole, deadline_after(relay->delivery_timeout));
	struct json_object *answer = subscriber->own ? outbox_deliver_own(ctx, subscriber, request->params)
						     : rpc_invoke(ctx, relay->client, request);
	ctx->deadline = whole;
	return answer;
}

static void count(const struct outbox_subscriber *subscriber, const struct outbox_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		enum outbox_fate fate = batch->items[i].fate;
		metric_add(subscriber->delivered, fate == OUTBOX_TO_SEND);
		metric_add(subscriber->refused, fate == OUTBOX_REFUSED || fate == OUTBOX_POSTPONED);
	}
}

enum outbox_sent outbox_send(struct context *ctx, struct outbox_subscriber *subscriber, struct outbox_batch *batch)
{
	struct rpc_request request = {.as = RPC_AS_SERVICE, .idempotent = true};
	enum outbox_sent sent = OUTBOX_SENT;
	if (to_send(batch) == 0)
		return OUTBOX_SENT;
	request.method = arena_printf(&ctx->arena, "%s.fact.deliver", subscriber->name);
	request.params = make_params(ctx, subscriber->relay, batch);
	if (!request.params)
		return too_large(ctx, batch);
	struct json_object *answer = invoke(ctx, subscriber, &request);
	if (!answer)
		sent = refused_whole(ctx, subscriber, batch, &request);
	else if (!take_answer(ctx, batch, answer))
		sent = unreadable(ctx, subscriber);
	if (sent != OUTBOX_SENT)
		return sent;
	if (ctx->error.code != ERROR_NONE)
		error_clear(&ctx->error); /* it has become the fact's reason */
	count(subscriber, batch);
	return OUTBOX_SENT;
}
