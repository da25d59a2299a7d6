#include "link/client_internal.h"

#include "base/fatal.h"
#include "co/co.h"
#include "link/cancel.h"
#include "link/meta.h"
#include "rpc/envelope.h"

#include <string.h>

#define SLOT_BITS 20
#define SLOTS_MAX ((uint32_t)16384)
#define GENERATIONS UINT32_MAX

/* A caller that waits; on its own stack, so that it outlives the client. */
struct link_waiter {
	struct co *co;
	struct context *ctx;
	const char *answer; /* in ctx's arena */
	size_t length;
	const char *lost; /* reason when there will be no answer */
	bool done;
};

/* --- slots --- */

static uint32_t take_slot(struct link_client *client)
{
	uint32_t index = client->free_slot;
	if (index == LINK_NO_SLOT) {
		if (client->slot_count == SLOTS_MAX)
			return LINK_NO_SLOT;
		uint32_t count = client->slot_count == 0 ? 64 : client->slot_count * 2;
		client->slots = must_realloc(client->slots, count * sizeof(*client->slots));
		for (uint32_t i = client->slot_count; i < count; i++)
			client->slots[i] = (struct link_slot){.next_free = i + 1 < count ? i + 1 : LINK_NO_SLOT};
		index = client->slot_count;
		client->slot_count = count;
	}
	client->free_slot = client->slots[index].next_free;
	return index;
}

static void hang_up_when_drained(struct link_lane *lane)
{
	if (lane->draining && lane->in_flight == 0)
		link_stream_fail(&lane->stream, "drained");
}

static void release_slot(struct link_client *client, uint32_t index)
{
	struct link_slot *slot = &client->slots[index];
	slot->lane->in_flight--;
	hang_up_when_drained(slot->lane);
	slot->waiter = NULL;
	slot->generation = slot->generation == GENERATIONS ? 0 : slot->generation + 1;
	slot->next_free = client->free_slot;
	client->free_slot = index;
}

static void finish(struct link_waiter *waiter)
{
	waiter->done = true;
	co_wake(waiter->co);
}

void link_lose_calls(struct link_client *client, const struct link_lane *lane)
{
	for (uint32_t i = 0; i < client->slot_count; i++) {
		struct link_slot *slot = &client->slots[i];
		if (!slot->waiter || (lane && slot->lane != lane))
			continue;
		struct link_waiter *waiter = slot->waiter;
		waiter->lost = slot->begins < slot->lane->stream.sent ? "connection_lost" : "not_sent";
		release_slot(client, i);
		finish(waiter);
	}
}

/* --- answers --- */

static bool parse_id(struct json_span text, uint64_t *ret_id)
{
	uint64_t id = 0;
	if (text.length == 0 || text.length > 17)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		id = id * 10 + (uint64_t)(text.data[i] - '0');
	}
	*ret_id = id;
	return true;
}

static struct link_slot *slot_of(struct link_client *client, uint64_t id)
{
	uint32_t index = (uint32_t)(id & ((1U << SLOT_BITS) - 1));
	if (index >= client->slot_count)
		return NULL;
	struct link_slot *slot = &client->slots[index];
	return slot->waiter && slot->generation == id >> SLOT_BITS ? slot : NULL;
}

/* The id of an answer. Our own servers always write it in the same place; anything else is read properly. */
static bool answer_id(const char *line, size_t length, uint64_t *ret_id)
{
	static const char opening[] = "{\"jsonrpc\":\"2.0\",\"id\":";
	const size_t skip = sizeof(opening) - 1;
	if (length > skip && memcmp(line, opening, skip) == 0) {
		const char *comma = memchr(line + skip, ',', length - skip);
		if (comma && parse_id((struct json_span){line + skip, (size_t)(comma - line) - skip}, ret_id))
			return true;
	}
	struct arena arena;
	arena_init(&arena);
	struct json_error error;
	struct envelope_reply reply;
	bool known =
	    envelope_scan_reply(line, length, JSON_DEPTH_MAX, &arena, &reply, &error) && parse_id(reply.id, ret_id);
	arena_done(&arena);
	return known;
}

static void on_drain(struct link_lane *lane)
{
	lane->draining = true;
	lane->client->lost = clock_monotonic();
	hang_up_when_drained(lane);
}

void link_take_line(struct link_lane *lane, const char *line, size_t length)
{
	uint64_t id;
	if (!answer_id(line, length, &id)) {
		if (memmem(line, length, "\"link.drain\"", 12))
			on_drain(lane);
		return;
	}
	struct link_slot *slot = slot_of(lane->client, id);
	if (!slot)
		return;
	struct link_waiter *waiter = slot->waiter;
	waiter->answer = arena_strndup(&waiter->ctx->arena, line, length);
	waiter->length = length;
	release_slot(lane->client, (uint32_t)(slot - lane->client->slots));
	finish(waiter);
}

/* --- calls --- */

/* The next connection that takes requests; one that is being made when there is no other; NULL when all are down.
 * Connections nobody has asked for yet are begun on the way. */
static struct link_lane *choose_lane(struct link_client *client)
{
	struct link_lane *connecting = NULL;
	for (size_t i = 0; i < client->lane_count; i++) {
		struct link_lane *lane = &client->lanes[client->next_lane];
		client->next_lane = client->next_lane + 1 == client->lane_count ? 0 : client->next_lane + 1;
		link_lane_wanted(lane);
		if (lane->state == LINK_UP && !lane->draining && !lane->stream.failure)
			return lane;
		if (lane->state == LINK_CONNECTING)
			connecting = lane;
	}
	return connecting;
}

static int fail_lost(struct context *ctx, const char *reason)
{
	return context_fail(ctx, ERROR_UNAVAILABLE, reason, NULL);
}

/* Ends the wait for a connection. -1 with the error set. */
static int await_lane(struct context *ctx, struct link_lane *lane)
{
	return co_check(ctx, co_queue_wait(&lane->waiting, "link connection", ctx->deadline));
}

static uint64_t wire_id(const struct link_client *client, uint32_t index)
{
	return (uint64_t)client->slots[index].generation << SLOT_BITS | index;
}

static bool send_request(struct link_client *client, struct link_lane *lane, uint32_t index, const struct context *ctx,
			 const struct link_request *request)
{
	struct link_slot *slot = &client->slots[index];
	struct buffer *out = link_stream_begin(&lane->stream);
	size_t start = out->length;
	slot->begins = lane->stream.queued;
	buffer_append_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	buffer_append_integer(out, (int64_t)wire_id(client, index));
	buffer_append_text(out, ",\"method\":");
	buffer_append_json_bytes(out, request->method, request->method_length);
	if (request->params) {
		buffer_append_text(out, ",\"params\":");
		buffer_append(out, request->params, request->params_length);
	}
	buffer_append_text(out, ",\"meta\":");
	link_meta_write(out, ctx, request);
	buffer_append_char(out, '}');
	return link_stream_commit(&lane->stream, start);
}

static struct link_lane *ready_lane(struct context *ctx, struct link_client *client)
{
	struct link_lane *lane = choose_lane(client);
	if (lane && lane->state == LINK_CONNECTING) {
		if (await_lane(ctx, lane))
			return NULL;
		lane = choose_lane(client);
	}
	if (lane && lane->state == LINK_UP)
		return lane;
	(void)fail_lost(ctx, "not_sent");
	return NULL;
}

/* A caller who does not wait any more; when time is up, the server knows. */
static void send_cancel(struct link_client *client, uint32_t index)
{
	struct link_stream *stream = &client->slots[index].lane->stream;
	struct buffer *out = link_stream_begin(stream);
	size_t start = out->length;
	link_cancel_write(out, wire_id(client, index));
	/* Without room for it the call ends by itself. */
	bool sent = link_stream_commit(stream, start);
	(void)sent;
}

/* Waits for what ends the call. -1 with the error set. */
static int await_answer(struct context *ctx, struct link_client *client, uint32_t index,
			const struct link_waiter *waiter)
{
	enum co_result result = co_park("link answer", ctx->deadline);
	/* What came is taken, even if time ran out in the same moment. */
	if (!waiter->done) {
		if (result == CO_CANCELLED)
			send_cancel(client, index);
		release_slot(client, index);
		return co_check(ctx, result);
	}
	return waiter->lost ? fail_lost(ctx, waiter->lost) : 0;
}

static int call(struct context *ctx, struct link_client *client, const struct link_request *request,
		struct link_waiter *waiter)
{
	struct link_lane *lane = ready_lane(ctx, client);
	if (!lane)
		return -1;
	uint32_t index = take_slot(client);
	if (index == LINK_NO_SLOT)
		return context_fail(ctx, ERROR_OVERLOADED, "in_flight", NULL);
	client->slots[index].waiter = waiter;
	client->slots[index].lane = lane;
	lane->in_flight++;
	if (!send_request(client, lane, index, ctx, request)) {
		release_slot(client, index);
		return context_fail(ctx, ERROR_TOO_LARGE, "request", "too large to be sent on");
	}
	return await_answer(ctx, client, index, waiter);
}

const char *link_call(struct context *ctx, struct link_client *client, const struct link_request *request,
		      size_t *ret_length)
{
	struct link_waiter waiter = {.co = co_self(), .ctx = ctx};
	link_client_hold(client);
	int status = call(ctx, client, request, &waiter);
	link_client_drop(client);
	if (status != 0)
		return NULL;
	*ret_length = waiter.length;
	return waiter.answer;
}
