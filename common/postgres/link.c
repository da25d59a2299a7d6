#include "postgres/link.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/ids.h"
#include "co/co.h"
#include "co/loop.h"
#include "co/offload.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_LIMIT (5 * CLOCK_SECOND)
#define BACKOFF_FIRST (50 * CLOCK_MILLISECOND)
#define BACKOFF_LAST (5 * CLOCK_SECOND)

static void link_connect(struct pg_link *link);
static void link_poll(struct pg_link *link);

static struct event_base *base_of_thread(void)
{
	return loop_base(loop_current());
}

static void timer_set(struct pg_link *link, int64_t microseconds)
{
	struct timeval wait = {.tv_sec = microseconds / CLOCK_SECOND, .tv_usec = microseconds % CLOCK_SECOND};
	(void)event_add(link->timer, &wait);
}

/* 50 ms doubling to 5 s, half of it by chance, so that many daemons do not come back in step. */
static int64_t backoff(unsigned failures)
{
	int64_t wait = BACKOFF_FIRST;
	for (unsigned i = 1; i < failures && wait < BACKOFF_LAST; i++)
		wait *= 2;
	if (wait > BACKOFF_LAST)
		wait = BACKOFF_LAST;
	uint16_t chance;
	random_bytes(&chance, sizeof(chance));
	return wait / 2 + wait * chance / (2 * UINT16_MAX);
}

static void events_free(struct pg_link *link)
{
	if (link->input)
		event_free(link->input);
	if (link->output)
		event_free(link->output);
	link->input = NULL;
	link->output = NULL;
	link->output_armed = false;
}

/* libpq closes the socket: our events have to be gone before. */
static void link_finish(struct pg_link *link)
{
	events_free(link);
	PQfinish(link->conn);
	link->conn = NULL;
}

static void link_down(struct pg_link *link, bool was_up)
{
	link_finish(link);
	link->failures++;
	link->state = PG_LINK_WAITING;
	timer_set(link, backoff(link->failures));
	link->down(link, was_up);
}

static void on_timer(int fd, short what, void *argument)
{
	struct pg_link *link = argument;
	(void)fd;
	(void)what;
	switch (link->state) {
	case PG_LINK_WAITING:
		link_connect(link);
		break;
	case PG_LINK_CONNECTING:
		pg_target_note(link->target, "timed out connecting to PostgreSQL");
		link_down(link, false);
		break;
	case PG_LINK_FAILING:
		link_down(link, true);
		break;
	case PG_LINK_UP:
	case PG_LINK_CLOSED:
		break;
	}
}

static void on_connecting(int fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	link_poll(argument);
}

static void on_input(int fd, short what, void *argument)
{
	struct pg_link *link = argument;
	(void)fd;
	(void)what;
	if (link->state == PG_LINK_UP)
		link->input_ready(link);
}

static void on_output(int fd, short what, void *argument)
{
	struct pg_link *link = argument;
	(void)fd;
	(void)what;
	link->output_armed = false;
	if (link->state == PG_LINK_UP)
		pg_link_flush(link);
}

static void quiet(void *argument, const char *message)
{
	(void)argument;
	(void)message;
}

static void link_ready(struct pg_link *link)
{
	evutil_socket_t fd = PQsocket(link->conn);
	(void)event_del(link->timer);
	events_free(link);
	PQsetNoticeProcessor(link->conn, quiet, NULL);
	(void)PQsetnonblocking(link->conn, 1);
	link->input = event_new(base_of_thread(), fd, EV_READ | EV_PERSIST, on_input, link);
	link->output = event_new(base_of_thread(), fd, EV_WRITE, on_output, link);
	if (!link->input || !link->output || event_add(link->input, NULL) != 0) {
		link_down(link, false);
		return;
	}
	link->state = PG_LINK_UP;
	link->failures = 0;
	link->up(link);
}

/* The socket may be another one after each step, so each has an event of its own. */
static void link_await(struct pg_link *link, short what)
{
	events_free(link);
	link->input = event_new(base_of_thread(), PQsocket(link->conn), what, on_connecting, link);
	if (!link->input || event_add(link->input, NULL) != 0)
		link_down(link, false);
}

static void link_poll(struct pg_link *link)
{
	switch (FAULT("pg.connect") ? PGRES_POLLING_FAILED : PQconnectPoll(link->conn)) {
	case PGRES_POLLING_READING:
		link_await(link, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		link_await(link, EV_WRITE);
		break;
	case PGRES_POLLING_OK:
		link_ready(link);
		break;
	default:
		pg_target_note(link->target, PQerrorMessage(link->conn));
		link_down(link, false);
	}
}

static void link_start(struct pg_link *link)
{
	link->conn = pg_target_start(link->target);
	if (!link->conn || PQstatus(link->conn) == CONNECTION_BAD) {
		pg_target_note(link->target, link->conn ? PQerrorMessage(link->conn) : "out of memory");
		link_down(link, false);
		return;
	}
	timer_set(link, CONNECT_LIMIT);
	link_await(link, EV_WRITE);
}

/* A look-up under way. The link may be closed before it ends. */
struct pg_resolving {
	struct pg_link *link;
	char host[sizeof(((struct pg_target *)NULL)->host_name)];
};

static void resolve_run(void *argument)
{
	struct pg_resolving *resolving = argument;
	char address[sizeof(((struct pg_target *)NULL)->host_address)] = "";
	struct context ctx;
	context_init(&ctx, deadline_after(CONNECT_LIMIT));
	bool found = pg_resolve(&ctx, resolving->host, address, sizeof(address)) == 0;
	struct pg_link *link;
	link = resolving->link;
	if (link)
		link->resolving = NULL;
	if (link && found) {
		memcpy(link->target->host_address, address, sizeof(address));
		link_start(link);
	} else if (link) {
		pg_target_note(link->target, ctx.error.cause);
		link_down(link, false);
	}
	context_done(&ctx);
	free(resolving);
}

/* A name is looked up anew for each connection: it may have moved. Without a pool (tools, tests) libpq does it. */
static void link_connect(struct pg_link *link)
{
	const struct pg_target *target = link->target;
	link->state = PG_LINK_CONNECTING;
	if (!pg_target_needs_resolving(target) || !offload_default()) {
		link_start(link);
		return;
	}
	link->resolving = calloc(1, sizeof(*link->resolving));
	if (!link->resolving)
		abort();
	link->resolving->link = link;
	memcpy(link->resolving->host, target->host_name, sizeof(target->host_name));
	if (!co_spawn("postgres resolve", resolve_run, link->resolving)) {
		free(link->resolving);
		link->resolving = NULL;
		link_down(link, false);
	}
}

void pg_link_open(struct pg_link *link)
{
	link->timer = evtimer_new(base_of_thread(), on_timer, link);
	link->state = PG_LINK_WAITING;
	timer_set(link, 0);
}

void pg_link_fail(struct pg_link *link, const char *reason)
{
	if (link->state != PG_LINK_UP)
		return;
	pg_target_note(link->target, reason);
	link->state = PG_LINK_FAILING;
	(void)event_del(link->input);
	(void)event_del(link->output);
	timer_set(link, 0);
}

void pg_link_flush(struct pg_link *link)
{
	if (link->state != PG_LINK_UP)
		return;
	int left = FAULT("pg.send") ? -1 : PQflush(link->conn);
	if (left < 0) {
		pg_link_fail(link, PQerrorMessage(link->conn));
	} else if (left > 0 && !link->output_armed) {
		link->output_armed = true;
		(void)event_add(link->output, NULL);
	}
}

void pg_link_close(struct pg_link *link)
{
	if (link->timer)
		event_free(link->timer);
	link->timer = NULL;
	if (link->resolving)
		link->resolving->link = NULL;
	link->resolving = NULL;
	link->state = PG_LINK_CLOSED;
	link_finish(link);
}
