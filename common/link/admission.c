#include "link/server_internal.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "telemetry/log.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

/* Most unproved connections; a daemon's is one only for a moment. */
#define STRANGERS 64
#define STRANGERS_OF_ADDRESS 16
/* Of daemons: all those of one machine come from one address. */
#define PROVED_OF_ADDRESS 128
#define PROOF_TIMEOUT (5 * CLOCK_SECOND)
#define WARNING_EVERY (10 * CLOCK_SECOND)

/* --- the lists --- */

static struct link_list *list_of(const struct link_connection *connection)
{
	struct link_server *server = connection->server;
	return connection->handshake ? &server->strangers : &server->proved;
}

static void enlist(struct link_connection *connection)
{
	struct link_list *list = list_of(connection);
	connection->newer = NULL;
	connection->older = list->newest;
	if (list->newest)
		list->newest->newer = connection;
	else
		list->oldest = connection;
	list->newest = connection;
	list->count++;
}

static void unlist(struct link_connection *connection)
{
	struct link_list *list = list_of(connection);
	if (connection->newer)
		connection->newer->older = connection->older;
	else
		list->newest = connection->older;
	if (connection->older)
		connection->older->newer = connection->newer;
	else
		list->oldest = connection->newer;
	list->count--;
}

/* The oldest of the list that comes from the address; how many do. */
static struct link_connection *oldest_from(const struct link_list *list, const char *peer, size_t *ret_count)
{
	struct link_connection *found = NULL;
	*ret_count = 0;
	for (struct link_connection *one = list->newest; one; one = one->older) {
		if (strcmp(one->peer, peer) != 0)
			continue;
		found = one;
		++*ret_count;
	}
	return found;
}

/* --- ends --- */

static void end_handshake(struct link_connection *connection)
{
	if (!connection->handshake)
		return;
	event_free(connection->too_late);
	connection->too_late = NULL;
	free(connection->handshake);
	connection->handshake = NULL;
}

/* The stream has closed. */
static void on_close(void *argument, const char *why)
{
	struct link_connection *connection = argument;
	(void)why;
	unlist(connection);
	end_handshake(connection);
	connection->closed = true;
	link_server_hung_up(connection);
	if (connection->jobs == 0)
		free(connection);
}

/* Closes a connection that has no job, from outside of its stream. */
static void hang_up(struct link_connection *connection)
{
	link_stream_done(&connection->stream);
	on_close(connection, NULL);
}

static void warn(struct link_connection *connection, const char *why)
{
	struct link_server *server = connection->server;
	int64_t now = clock_monotonic();
	if (now < server->next_warning)
		return;
	server->next_warning = now + WARNING_EVERY;
	log_event(LOG_WARNING, NULL, "a connection of the link was refused", LOG_STRING("address", connection->peer),
		  LOG_STRING("reason", why));
}

static void refuse(struct link_connection *connection, const char *why)
{
	warn(connection, why);
	link_stream_fail(&connection->stream, why);
}

static void on_too_late(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	warn(argument, "it did not prove itself in time");
	hang_up(argument);
}

void link_dismiss_strangers(struct link_server *server)
{
	while (server->strangers.oldest)
		hang_up(server->strangers.oldest);
}

void link_dismiss_all(struct link_server *server)
{
	link_dismiss_strangers(server);
	while (server->proved.oldest)
		hang_up(server->proved.oldest);
}

/* --- the proof --- */

static bool has_room(const struct link_connection *connection)
{
	const struct link_server *server = connection->server;
	size_t same;
	(void)oldest_from(&server->proved, connection->peer, &same);
	return server->proved.count < server->options.max_connections && same < PROVED_OF_ADDRESS;
}

static bool speaks_for_clients(const struct link_connection *connection)
{
	const char *speaker = connection->server->options.speaker;
	return speaker && strcmp(connection->handshake->client, speaker) == 0;
}

static void take_proof(struct link_connection *connection, const char *line, size_t length)
{
	struct buffer welcome;
	buffer_init(&welcome, LINK_HANDSHAKE_LINE);
	if (!link_accept_proof(connection->handshake, line, length, &welcome)) {
		refuse(connection, "it did not prove itself");
	} else if (!has_room(connection)) {
		refuse(connection, "too many connections");
	} else {
		connection->speaks_for_clients = speaks_for_clients(connection);
		unlist(connection);
		end_handshake(connection);
		enlist(connection);
		connection->stream.max_line = connection->server->options.max_line;
		link_server_send(connection, buffer_text(&welcome), welcome.length);
	}
	buffer_done(&welcome);
}

static void on_line(void *argument, const char *line, size_t length)
{
	struct link_connection *connection = argument;
	if (!connection->handshake)
		link_server_line(connection, line, length);
	else
		take_proof(connection, line, length);
}

/* --- the beginning --- */

static void challenge(struct link_connection *connection)
{
	const struct link_server_options *options = &connection->server->options;
	struct buffer text;
	buffer_init(&text, LINK_HANDSHAKE_LINE);
	link_challenge(connection->handshake, options->name, &options->secrets, &text);
	link_server_send(connection, buffer_text(&text), text.length);
	buffer_done(&text);
}

static void expect_proof(struct link_connection *connection)
{
	struct link_server *server = connection->server;
	int64_t timeout = server->options.proof_timeout != 0 ? server->options.proof_timeout : PROOF_TIMEOUT;
	struct timeval delay = {.tv_sec = timeout / CLOCK_SECOND, .tv_usec = timeout % CLOCK_SECOND};
	connection->handshake = must_calloc(1, sizeof(*connection->handshake));
	connection->too_late = evtimer_new(server->base, on_too_late, connection);
	if (!connection->too_late || event_add(connection->too_late, &delay))
		fatal("no memory for a timer");
}

/* Closes the oldest unproved connection, first of the same address: a daemon needs only a moment to prove itself. */
static void make_room(struct link_server *server, const char *peer)
{
	size_t same;
	struct link_connection *oldest = oldest_from(&server->strangers, peer, &same);
	if (same >= STRANGERS_OF_ADDRESS)
		hang_up(oldest);
	else if (server->strangers.count >= STRANGERS)
		hang_up(server->strangers.oldest);
}

void link_admit(struct link_server *server, int fd, const char *peer)
{
	make_room(server, peer);
	struct link_connection *connection = must_calloc(1, sizeof(*connection));
	connection->server = server;
	memcpy(connection->peer, peer, sizeof(connection->peer));
	connection->stream.max_line = LINK_HANDSHAKE_LINE;
	connection->stream.timeout = server->options.line_timeout;
	connection->stream.on_line = on_line;
	connection->stream.on_close = on_close;
	connection->stream.argument = connection;
	expect_proof(connection);
	enlist(connection);
	link_stream_start(&connection->stream, server->base, &server->outbox, fd);
	challenge(connection);
}
