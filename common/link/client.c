#include "link/client_internal.h"

#include "base/fatal.h"
#include "co/loop.h"
#include "telemetry/log.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define BACK_OFF_FIRST (50 * CLOCK_MILLISECOND)
#define BACK_OFF_LAST (250 * CLOCK_MILLISECOND)
/* A connection that lasts less is a server that hangs up. */
#define SHORT_LIVED (1000 * CLOCK_MILLISECOND)
#define FAULT_TIMEOUT (1000 * CLOCK_MILLISECOND)

static void connect_lane(struct link_lane *lane);

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
	link_lose_calls(lane->client, lane);
	lane->draining = false;
	lane->back_off = 0;
	/* A server that hangs up at once is not called again at once. */
	if (clock_monotonic() - lane->connected < SHORT_LIVED)
		retry_later(lane);
	else
		connect_lane(lane);
}

static void on_line(void *argument, const char *line, size_t length)
{
	link_take_line(argument, line, length);
}

/* Another than the expected daemon answers. Logged once, if it lasts: a server that stops may close at any moment. */
static void note_fault(struct link_client *client, const char *fault)
{
	int64_t now = clock_monotonic();
	if (client->faulty_since == 0)
		client->faulty_since = now;
	if (client->told || now - client->faulty_since < FAULT_TIMEOUT)
		return;
	client->told = true;
	log_event(LOG_WARNING, NULL, "a daemon cannot be called", LOG_STRING("target", client->target.server),
		  LOG_STRING("address", client->target.host), LOG_NUMBER("port", client->target.port),
		  LOG_STRING("reason", fault));
}

static void on_connected(void *argument, int fd, const char *fault)
{
	struct link_lane *lane = argument;
	lane->attempt = NULL;
	if (fault)
		note_fault(lane->client, fault);
	if (fd < 0) {
		retry_later(lane);
	} else {
		lane->client->faulty_since = 0;
		lane->client->told = false;
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
	lane->attempt = link_attempt_start(&client->target, on_connected, lane);
	if (!lane->attempt)
		retry_later(lane);
}

static void on_retry(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	connect_lane(argument);
}

void link_lane_wanted(struct link_lane *lane)
{
	if (!lane->idle)
		return;
	lane->idle = false;
	connect_lane(lane);
}

struct link_client *link_client_new(const struct link_client_options *options)
{
	struct link_client *client = must_calloc(1, sizeof(*client));
	struct link_target *target = &client->target;
	(void)snprintf(target->host, sizeof(target->host), "%s", options->host);
	(void)snprintf(target->self, sizeof(target->self), "%s", options->self);
	(void)snprintf(target->server, sizeof(target->server), "%s", options->server ? options->server : "");
	target->port = options->port;
	target->secrets = options->secrets;
	client->base = loop_base(loop_current());
	client->free_slot = LINK_NO_SLOT;
	link_outbox_init(&client->outbox, loop_current());
	client->lane_count = options->connections == 0 ? 1 : options->connections;
	client->lanes = must_calloc(client->lane_count, sizeof(*client->lanes));
	for (size_t i = 0; i < client->lane_count; i++) {
		struct link_lane *lane = &client->lanes[i];
		lane->client = client;
		lane->retry = evtimer_new(client->base, on_retry, lane);
		if (!lane->retry)
			fatal("no memory for a timer");
		lane->state = LINK_CONNECTING;
		lane->idle = true;
	}
	return client;
}

void link_client_hold(struct link_client *client)
{
	client->callers++;
}

static void free_memory(struct link_client *client)
{
	free(client->lanes);
	free(client->slots);
	free(client);
}

void link_client_drop(struct link_client *client)
{
	if (--client->callers == 0 && client->closed)
		free_memory(client);
}

void link_client_free(struct link_client *client)
{
	if (!client)
		return;
	client->closed = true;
	link_lose_calls(client, NULL);
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

enum co_result link_client_await(struct link_client *client, int64_t until)
{
	link_client_hold(client);
	enum co_result result = co_queue_wait(&client->waiting, "link restart", until);
	link_client_drop(client);
	return result;
}
