/* What comes on a connection of the direct engine: from bytes to requests, from one request to the next. */
#include "http/direct/input.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "http/direct/body.h"
#include "http/hangup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	STATUS_BAD_REQUEST = 400,
	STATUS_TIMEOUT = 408,
	STATUS_UNAVAILABLE = 503,
};

/* Answers a request that cannot be handled. Where the next one begins is not known, so it is the last. */
static void fault(struct direct_connection *connection, int status)
{
	struct http_call *call = connection->call;
	connection->last = true;
	connection->linger = true;
	direct_enter(connection, DIRECT_HANDLING, DEADLINE_NEVER);
	http_call_fault(call, status);
	call->server->engine->done(call);
}

/* Resets the connection: unsent data would stay in the kernel for minutes, which no limit counts. */
static void give_up(struct direct_connection *connection)
{
	static const struct linger AT_ONCE = {.l_onoff = 1};
	(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &AT_ONCE, sizeof(AT_ONCE));
	direct_connection_close(connection);
}

void direct_time_out(struct direct_connection *connection)
{
	if (connection->state == DIRECT_READING)
		fault(connection, STATUS_TIMEOUT);
	else if (connection->state == DIRECT_STREAMING)
		direct_stream_fails(connection, STATUS_TIMEOUT);
	else if (connection->state == DIRECT_WRITING)
		give_up(connection);
	else
		direct_connection_close(connection);
}

void direct_shed(struct direct_connection *connection)
{
	struct http_call *call = connection->call;
	if (connection->state == DIRECT_READING) {
		fault(connection, STATUS_UNAVAILABLE);
		return;
	}
	if (call)
		http_call_lose(call);
	if (connection->state == DIRECT_STREAMING)
		direct_stream_fails(connection, STATUS_UNAVAILABLE);
	else
		give_up(connection);
}

static void begin_request(struct direct_connection *connection)
{
	struct http_server *server = connection->direct->server;
	struct http_call *call = http_call_begin(server, connection->peer);
	call->connection = connection;
	call->seat = &connection->seat;
	connection->call = call;
	connection->invited = false;
	direct_enter(connection, DIRECT_READING, deadline_after(server->options.read_timeout));
}

static void request_complete(struct direct_connection *connection)
{
	struct http_call *call = connection->call;
	if (!call->parser.keep_alive)
		connection->last = true;
	http_peers_busy(connection->direct->server, &connection->seat);
	direct_enter(connection, DIRECT_HANDLING, DEADLINE_NEVER);
	direct_read_on(connection); /* to see the client hang up */
	if (call->early) {
		http_call_body_came(call, true);
		return;
	}
	if (http_call_is_early(call)) {
		/* The whole body came with the bytes that passed the limit, so the handler decides. */
		call->early = true;
		call->body_done = true;
	} else {
		http_call_body(call);
	}
	http_call_account(call);
	http_call_run(call);
}

static void head_complete(struct direct_connection *connection, bool more_came)
{
	struct http_call *call = connection->call;
	int status = http_call_head(call);
	if (status != 0) {
		fault(connection, status);
		return;
	}
	if (http_parser_has_body(&call->parser)) {
		connection->invited = more_came;
		if (http_call_is_early(call))
			direct_start_early(connection);
		else
			direct_invite_body(connection);
		return;
	}
	size_t used;
	if (http_parser_feed(&call->parser, "", 0, &used) == HTTP_PARSE_DONE)
		request_complete(connection);
	else
		fault(connection, STATUS_BAD_REQUEST);
}

/* Feeds the request that is being read; returns how many bytes it took. */
static size_t take_some(struct direct_connection *connection, const char *bytes, size_t length)
{
	if (connection->state != DIRECT_READING && connection->state != DIRECT_STREAMING)
		begin_request(connection);
	struct http_parser *parser = &connection->call->parser;
	size_t used;
	switch (http_parser_feed(parser, bytes, length, &used)) {
	case HTTP_PARSE_MORE:
		http_peers_moved(connection->direct->server, &connection->seat, used);
		if (connection->state == DIRECT_STREAMING)
			http_call_body_came(connection->call, false);
		else if (parser->head_complete && http_call_is_early(connection->call))
			direct_start_early(connection);
		break;
	case HTTP_PARSE_HEAD:
		head_complete(connection, used < length);
		break;
	case HTTP_PARSE_DONE:
		request_complete(connection);
		break;
	case HTTP_PARSE_FAULT:
		if (connection->state == DIRECT_STREAMING)
			direct_stream_fails(connection, parser->fault);
		else
			fault(connection, parser->fault);
		return length;
	}
	return used;
}

static bool takes_input(const struct direct_connection *connection)
{
	return !connection->dead && connection->state <= DIRECT_STREAMING;
}

static size_t take_requests(struct direct_connection *connection, const char *bytes, size_t length)
{
	size_t used = 0;
	connection->processing = true;
	while (used < length && takes_input(connection))
		used += take_some(connection, bytes + used, length - used);
	connection->processing = false;
	return used;
}

/* Requests sent ahead wait until it is their turn. */
static void keep_pending(struct direct_connection *connection, const char *bytes, size_t length)
{
	connection->pending = must_malloc(length);
	memcpy(connection->pending, bytes, length);
	connection->pending_start = 0;
	connection->pending_end = length;
}

/* After input was taken: whether more is read now, and what is held of it. */
static void settle(struct direct_connection *connection)
{
	if (connection->state == DIRECT_STREAMING && http_call_window(connection->call) == 0)
		direct_pause_body(connection);
	else if (takes_input(connection))
		direct_read_on(connection);
	if (connection->state == DIRECT_READING || connection->state == DIRECT_STREAMING || connection->pending)
		direct_account(connection);
}

static void process_input(struct direct_connection *connection, const char *bytes, size_t length)
{
	size_t used = take_requests(connection, bytes, length);
	if (connection->dead) {
		free(connection);
		return;
	}
	if (used < length && connection->state != DIRECT_LINGERING)
		keep_pending(connection, bytes + used, length - used);
	settle(connection);
}

static void process_pending(struct direct_connection *connection)
{
	size_t left = connection->pending_end - connection->pending_start;
	char *pending = connection->pending;
	size_t start = connection->pending_start;
	/* Taken away while it is read, so that whatever closes the connection meanwhile does not free it. */
	connection->pending = NULL;
	size_t used = take_requests(connection, pending + start, left);
	if (connection->dead) {
		free(pending);
		free(connection);
		return;
	}
	if (used < left && connection->state != DIRECT_LINGERING) {
		connection->pending = pending;
		connection->pending_start = start + used;
	} else {
		free(pending);
	}
	settle(connection);
}

void direct_continue(struct direct_connection *connection)
{
	struct direct *direct = connection->direct;
	if (connection->last || direct->server->draining) {
		if (connection->linger || connection->pending)
			direct_linger(connection);
		else
			direct_connection_close(connection);
		return;
	}
	direct_enter(connection, DIRECT_IDLE, deadline_after(direct->server->options.idle_timeout));
	http_peers_idle(direct->server, &connection->seat);
	if (connection->processing)
		return;
	if (connection->pending)
		process_pending(connection);
	else
		direct_read_on(connection);
}

static void discard(struct direct_connection *connection, size_t length)
{
	connection->discarded += length;
	if (connection->discarded > HTTP_DISCARD_MOST)
		direct_connection_close(connection);
}

bool direct_look_once(struct direct_connection *connection)
{
	struct direct *direct = connection->direct;
	/* tcp(7): with MSG_TRUNC what is thrown away is not copied. */
	int flags = connection->state == DIRECT_LINGERING ? MSG_TRUNC : 0;
	ssize_t length = recv(connection->fd, direct->scratch, sizeof(direct->scratch), flags);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (length <= 0)
		direct_connection_close(connection);
	else if (connection->state == DIRECT_LINGERING)
		discard(connection, (size_t)length);
	else
		process_input(connection, direct->scratch, (size_t)length);
	return true;
}

static void look_for_hangup(struct direct_connection *connection)
{
	enum http_input input = http_hangup_input(connection->fd);
	if (input == HTTP_INPUT_RESET)
		direct_connection_close(connection);
	else if (input == HTTP_INPUT_ENDED && connection->call)
		http_call_input_ended(connection->call, connection->fd);
}

void direct_on_readable(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct direct_connection *connection = argument;
	/* What comes while a request is being handled stays in the kernel until it is its turn. */
	if (connection->state == DIRECT_HANDLING || connection->state == DIRECT_WRITING) {
		direct_read_off(connection);
		if (connection->state == DIRECT_HANDLING)
			look_for_hangup(connection);
	} else {
		(void)direct_look_once(connection);
	}
}
