#include "rpc/link.h"

#include "base/fatal.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/sync.h"
#include "rpc/envelope.h"
#include "rpc/link_connect.h"
#include "rpc/link_meta.h"
#include "rpc/link_stream.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT (2 * CLOCK_SECOND)
#define BACK_OFF_FIRST (50 * CLOCK_MILLISECOND)
#define BACK_OFF_LAST (250 * CLOCK_MILLISECOND)
/* A connection that lasts less is a server that hangs up. */
#define SHORT_LIVED (1000 * CLOCK_MILLISECOND)
#define SLOT_BITS 20
#define SLOTS_MAX ((uint32_t)16384)
#define GENERATIONS UINT32_MAX
#define NO_SLOT UINT32_MAX

/* A caller that waits; on its own stack, so that it outlives the client. */
struct link_waiter {
	struct co *co;
	struct context *ctx;
	const char *answer; /* in ctx's arena */
	size_t length;
	const char *lost; /* reason when there will be no answer */
	bool done;
};

/* A wire id is a slot and its generation: late answers to a slot used anew are told apart. */
struct link_slot {
	uint32_t generation;
	uint32_t next_free;
	struct link_waiter *waiter; /* NULL when free */
	struct link_lane *lane;
	uint64_t begins; /* in the lane's stream, to know what was seen of it */
};

/* One connection and its successors. */
struct link_lane {
	struct link_client *client;
	enum link_state state;
	struct link_stream stream;
	struct link_attempt *attempt;
	struct event *retry;
	int64_t back_off;
	size_t in_flight;
	bool idle;		 /* nobody has asked for it yet */
	bool draining;		 /* the server goes away */
	int64_t connected;	 /* when, monotonic */
	struct co_queue waiting; /* for the connection */
};

struct link_client {
	char host[256];
	uint16_t port;
	struct event_base *base;
	struct link_outbox outbox;
	struct link_slot *slots;
	uint32_t slot_count, free_slot;
	size_t lane_count, next_lane;
	struct link_lane *lanes;
	int64_t lost;		 /* when a connection was lost, or began to drain, the last time; monotonic, 0: never */
	struct co_queue waiting; /* for the end of an attempt to connect, whichever connection's */
	size_t callers;		 /* inside link_call or link_client_await */
	bool closed;		 /* freed by its owner; the last caller frees the memory */
};

static void connect_lane(struct link_lane *lane);

/* --- slots --- */

static uint32_t take_slot(struct link_client *client)
{
	uint32_t index = client->free_slot;
	if (index == NO_SLOT) {
		if (client->slot_count == SLOTS_MAX)
			return NO_SLOT;
		uint32_t count = client->slot_count == 0 ? 64 : client->slot_count * 2;
		client->slots = must_realloc(client->slots, count * sizeof(*client->slots));
		for (uint32_t i = client->slot_count; i < count; i++)
			client->slots[i] = (struct link_slot){.next_free = i + 1 < count ? i + 1 : NO_SLOT};
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

/* Ends the calls of a lane, or of all lanes (NULL). */
static void lose_calls(struct link_client *client, const struct link_lane *lane)
{
	for (uint32_t i = 0; i < client->slot_count; i++) {
		struct link_slot *slot = &client->slots[i];
		if (slot->waiter == NULL || (lane != NULL && slot->lane != lane))
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
	return slot->waiter != NULL && slot->generation == id >> SLOT_BITS ? slot : NULL;
}

/* The id of an answer. Our own servers always write it in the same place; anything else is read properly. */
static bool answer_id(const char *line, size_t length, uint64_t *ret_id)
{
	static const char opening[] = "{\"jsonrpc\":\"2.0\",\"id\":";
	const size_t skip = sizeof(opening) - 1;
	if (length > skip && memcmp(line, opening, skip) == 0) {
		const char *comma = memchr(line + skip, ',', length - skip);
		if (comma != NULL && parse_id((struct json_span){line + skip, (size_t)(comma - line) - skip}, ret_id))
			return true;
	}
	struct arena arena;
	struct envelope_reply reply;
	struct json_error error;
	arena_init(&arena);
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

static void on_line(void *argument, const char *line, size_t length)
{
	struct link_lane *lane = argument;
	uint64_t id;
	if (!answer_id(line, length, &id)) {
		if (memmem(line, length, "\"link.drain\"", 12) != NULL)
			on_drain(lane);
		return;
	}
	struct link_slot *slot = slot_of(lane->client, id);
	if (slot == NULL)
		return;
	struct link_waiter *waiter = slot->waiter;
	waiter->answer = arena_strndup(&waiter->ctx->arena, line, length);
	waiter->length = length;
	release_slot(lane->client, (uint32_t)(slot - lane->client->slots));
	finish(waiter);
}

/* --- connections --- */

static void retry_later(struct link_lane *lane)
{
	lane->state = LINK_DOWN;
	lane->back_off = lane->back_off == 0 ? BACK_OFF_FIRST : lane->back_off * 2;
	if (lane->back_off > BACK_OFF_LAST)
		lane->back_off = BACK_OFF_LAST;
	struct timeval delay = {.tv_sec = lane->back_off / CLOCK_SECOND, .tv_usec = lane->back_off % CLOCK_SECOND};
	(void)event_add(lane->retry, &delay);
}

static void on_close(void *argument, const char *why)
{
	struct link_lane *lane = argument;
	(void)why;
	lane->client->lost = clock_monotonic();
	lose_calls(lane->client, lane);
	lane->draining = false;
	lane->back_off = 0;
	/* A server that hangs up at once is not called again at once. */
	if (clock_monotonic() - lane->connected < SHORT_LIVED)
		retry_later(lane);
	else
		connect_lane(lane);
}

static void on_connected(void *argument, int fd)
{
	struct link_lane *lane = argument;
	lane->attempt = NULL;
	if (fd < 0) {
		retry_later(lane);
	} else {
		lane->state = LINK_UP;
		lane->connected = clock_monotonic();
		lane->stream = (struct link_stream){
		    .max_line = LINK_DEFAULT_MAX_LINE, .on_line = on_line, .on_close = on_close, .argument = lane};
		link_stream_start(&lane->stream, lane->client->base, &lane->client->outbox, fd);
	}
	co_queue_wake_all(&lane->waiting);
	co_queue_wake_all(&lane->client->waiting);
}

/* A first attempt, and the first after a loss, is worth waiting for; later ones go on in the background. */
static void connect_lane(struct link_lane *lane)
{
	struct link_client *client = lane->client;
	if (lane->back_off == 0)
		lane->state = LINK_CONNECTING;
	lane->attempt = link_attempt_start(client->host, client->port, CONNECT_TIMEOUT, on_connected, lane);
	if (lane->attempt == NULL)
		retry_later(lane);
}

static void on_retry(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	connect_lane(argument);
}

struct link_client *link_client_new(const char *host, uint16_t port, size_t connections)
{
	struct link_client *client = must_calloc(1, sizeof(*client));
	(void)snprintf(client->host, sizeof(client->host), "%s", host);
	client->port = port;
	client->base = loop_base(loop_current());
	client->free_slot = NO_SLOT;
	link_outbox_init(&client->outbox, loop_current());
	client->lane_count = connections == 0 ? 1 : connections;
	client->lanes = must_calloc(client->lane_count, sizeof(*client->lanes));
	for (size_t i = 0; i < client->lane_count; i++) {
		struct link_lane *lane = &client->lanes[i];
		lane->client = client;
		lane->retry = evtimer_new(client->base, on_retry, lane);
		if (lane->retry == NULL)
			fatal("no memory for a timer");
		lane->state = LINK_CONNECTING;
		lane->idle = true;
	}
	return client;
}

/* Whoever may suspend while it uses the client holds its memory. */
static void hold(struct link_client *client)
{
	client->callers++;
}

static void free_memory(struct link_client *client)
{
	free(client->lanes);
	free(client->slots);
	free(client);
}

static void drop(struct link_client *client)
{
	if (--client->callers == 0 && client->closed)
		free_memory(client);
}

void link_client_free(struct link_client *client)
{
	if (client == NULL)
		return;
	client->closed = true;
	lose_calls(client, NULL);
	for (size_t i = 0; i < client->lane_count; i++) {
		struct link_lane *lane = &client->lanes[i];
		link_attempt_abandon(lane->attempt);
		event_free(lane->retry);
		link_stream_done(&lane->stream);
		lane->state = LINK_DOWN;
		co_queue_wake_all(&lane->waiting);
	}
	co_queue_wake_all(&client->waiting);
	link_outbox_done(&client->outbox);
	if (client->callers == 0)
		free_memory(client);
}

enum link_state link_client_state(const struct link_client *client)
{
	enum link_state best = LINK_DOWN;
	for (size_t i = 0; i < client->lane_count; i++) {
		const struct link_lane *lane = &client->lanes[i];
		enum link_state state = lane->draining ? LINK_DOWN : lane->state;
		if (state > best)
			best = state;
	}
	return best;
}

int64_t link_client_lost(const struct link_client *client)
{
	return client->lost;
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
		if (lane->idle) {
			lane->idle = false;
			connect_lane(lane);
		}
		if (lane->state == LINK_UP && !lane->draining && lane->stream.failure == NULL)
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

static bool send_request(struct link_client *client, struct link_lane *lane, uint32_t index, const struct context *ctx,
			 const struct link_request *request)
{
	struct link_slot *slot = &client->slots[index];
	struct buffer *out = link_stream_begin(&lane->stream);
	size_t start = out->length;
	slot->begins = lane->stream.queued;
	buffer_append_text(out, "{\"jsonrpc\":\"2.0\",\"id\":");
	buffer_append_integer(out, (int64_t)((uint64_t)slot->generation << SLOT_BITS | index));
	buffer_append_text(out, ",\"method\":");
	buffer_append_json_bytes(out, request->method, request->method_length);
	if (request->params != NULL) {
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
	if (lane != NULL && lane->state == LINK_CONNECTING) {
		if (await_lane(ctx, lane))
			return NULL;
		lane = choose_lane(client);
	}
	if (lane != NULL && lane->state == LINK_UP)
		return lane;
	(void)fail_lost(ctx, "not_sent");
	return NULL;
}

/* Waits for what ends the call. -1 with the error set. */
static int await_answer(struct context *ctx, struct link_client *client, uint32_t index,
			const struct link_waiter *waiter)
{
	enum co_result result = co_park("link answer", ctx->deadline);
	/* What came is taken, even if time ran out in the same moment. */
	if (!waiter->done) {
		release_slot(client, index);
		return co_check(ctx, result);
	}
	return waiter->lost != NULL ? fail_lost(ctx, waiter->lost) : 0;
}

static int call(struct context *ctx, struct link_client *client, const struct link_request *request,
		struct link_waiter *waiter)
{
	struct link_lane *lane = ready_lane(ctx, client);
	if (lane == NULL)
		return -1;
	uint32_t index = take_slot(client);
	if (index == NO_SLOT)
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
	hold(client);
	int status = call(ctx, client, request, &waiter);
	drop(client);
	if (status != 0)
		return NULL;
	*ret_length = waiter.length;
	return waiter.answer;
}

enum co_result link_client_await(struct link_client *client, int64_t until)
{
	hold(client);
	enum co_result result = co_queue_wait(&client->waiting, "link restart", until);
	drop(client);
	return result;
}
