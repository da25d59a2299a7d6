#include "link/connect.h"

#include "base/buffer.h"
#include "base/context.h"
#include "base/fatal.h"
#include "co/co.h"
#include "co/offload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT (2 * CLOCK_SECOND)
#define PROOF_TIMEOUT (5 * CLOCK_SECOND)

struct link_attempt {
	struct co *co;
	struct link_target target;
	void (*done)(void *argument, int fd, const char *fault); /* NULL once abandoned */
	void *argument;
};

/* A name to be resolved on the offload pool. */
struct lookup {
	char host[LINK_HOST_SIZE];
	char port[8];
	struct sockaddr_storage address;
	socklen_t length; /* 0: not found */
};

static void resolve(void *argument)
{
	struct lookup *lookup = argument;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
	if (getaddrinfo(lookup->host, lookup->port, &hints, &found) || !found)
		return;
	memcpy(&lookup->address, found->ai_addr, found->ai_addrlen);
	lookup->length = found->ai_addrlen;
	freeaddrinfo(found);
}

static bool numeric(struct lookup *lookup, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&lookup->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&lookup->address;
	if (inet_pton(AF_INET, lookup->host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		lookup->length = sizeof(*four);
	} else if (inet_pton(AF_INET6, lookup->host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		lookup->length = sizeof(*six);
	}
	return lookup->length > 0;
}

/* Fills lookup->address; length stays 0 when the name is unknown. NULL when the lookup went on without us. */
static struct lookup *find_address(struct context *ctx, const struct link_target *target)
{
	struct lookup *lookup = must_calloc(1, sizeof(*lookup));
	(void)snprintf(lookup->host, sizeof(lookup->host), "%s", target->host);
	(void)snprintf(lookup->port, sizeof(lookup->port), "%u", target->port);
	if (numeric(lookup, target->port))
		return lookup;
	return offload_run(ctx, offload_default(), resolve, lookup, free) ? NULL : lookup;
}

static int connect_to(const struct lookup *lookup, int64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof(error);
	int fd = socket(lookup->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&lookup->address, lookup->length) == 0)
		return fd;
	if (errno == EINPROGRESS && co_wait_fd(fd, EV_WRITE, deadline, NULL) == CO_OK &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int open_socket(struct context *ctx, const struct link_target *target)
{
	int fd = -1;
	struct lookup *lookup = find_address(ctx, target);
	if (lookup && lookup->length > 0)
		fd = connect_to(lookup, ctx->deadline);
	free(lookup);
	return fd;
}

/* --- the proof --- */

/* How many of the bytes that have come belong to the line; what follows it stays for the stream. 0 when it has ended or
 * time is up. */
static size_t next_part(int fd, char *place, size_t room, int64_t deadline)
{
	ssize_t length;
	while ((length = recv(fd, place, room, MSG_PEEK)) < 0 && (errno == EAGAIN || errno == EINTR)) {
		if (co_wait_fd(fd, EV_READ, deadline, NULL) != CO_OK)
			return 0;
	}
	const char *feed = length > 0 ? memchr(place, '\n', (size_t)length) : NULL;
	if (feed)
		length = feed - place + 1;
	return length > 0 ? (size_t)length : 0;
}

/* Reads a line; its length without LF, or -1. */
static ssize_t read_line(int fd, char line[static LINK_HANDSHAKE_LINE + 1], int64_t deadline)
{
	size_t length = 0;
	while (length <= LINK_HANDSHAKE_LINE) {
		size_t part = next_part(fd, line + length, LINK_HANDSHAKE_LINE + 1 - length, deadline);
		if (part == 0 || recv(fd, line + length, part, 0) != (ssize_t)part)
			return -1;
		length += part;
		if (line[length - 1] == '\n')
			return (ssize_t)length - 1;
	}
	return -1;
}

/* A line this short fits into the buffer of a socket to which nothing was sent yet. */
static bool send_line(int fd, struct buffer *text)
{
	buffer_append_char(text, '\n');
	return send(fd, buffer_text(text), text->length, MSG_NOSIGNAL) == (ssize_t)text->length;
}

/* NULL when both ends know what they should. */
static const char *prove(struct context *ctx, const struct link_target *target, int fd)
{
	char line[LINK_HANDSHAKE_LINE + 1];
	ssize_t length = read_line(fd, line, ctx->deadline);
	if (length < 0)
		return "it sends no challenge";
	struct buffer answer;
	buffer_init_arena(&answer, &ctx->arena, (size_t)2 * LINK_HANDSHAKE_LINE);
	struct link_handshake handshake;
	const char *fault =
	    link_answer_challenge(&handshake, target->self, target->server[0] != '\0' ? target->server : NULL,
				  &target->secrets, line, (size_t)length, &answer);
	if (fault)
		return fault;
	if (!send_line(fd, &answer) || (length = read_line(fd, line, ctx->deadline)) < 0)
		return "it refuses our proof: link_secret must be the same";
	return link_check_welcome(&handshake, line, (size_t)length) ? NULL : "it does not prove itself";
}

/* --- the attempt --- */

static int connect_and_prove(const struct link_target *target, const char **ret_fault)
{
	struct context ctx;
	context_init(&ctx, deadline_after(CONNECT_TIMEOUT));
	co_set_context(&ctx);
	int fd = open_socket(&ctx, target);
	if (fd >= 0) {
		ctx.deadline = deadline_after(PROOF_TIMEOUT);
		*ret_fault = prove(&ctx, target, fd);
	}
	if (fd >= 0 && *ret_fault) {
		(void)close(fd);
		fd = -1;
	}
	co_set_context(NULL);
	context_done(&ctx);
	return fd;
}

static void run(void *argument)
{
	struct link_attempt *attempt = argument;
	const char *fault = NULL;
	int fd = connect_and_prove(&attempt->target, &fault);
	if (attempt->done)
		attempt->done(attempt->argument, fd, fault);
	else if (fd >= 0)
		(void)close(fd);
	free(attempt);
}

struct link_attempt *link_attempt_start(const struct link_target *target,
					void (*done)(void *argument, int fd, const char *fault), void *argument)
{
	struct link_attempt *attempt = must_calloc(1, sizeof(*attempt));
	attempt->target = *target;
	attempt->done = done;
	attempt->argument = argument;
	attempt->co = co_spawn("link connect", run, attempt);
	if (attempt->co)
		return attempt;
	free(attempt);
	return NULL;
}

void link_attempt_abandon(struct link_attempt *attempt)
{
	if (!attempt)
		return;
	attempt->done = NULL;
	co_cancel(attempt->co);
}
