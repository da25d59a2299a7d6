#include "rpc/link_connect.h"

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

#define HOST_MAX 256

struct link_attempt {
	struct co *co;
	char host[HOST_MAX];
	uint16_t port;
	int64_t timeout;
	void (*done)(void *argument, int fd); /* NULL once abandoned */
	void *argument;
};

/* A name to be resolved on the offload pool. */
struct lookup {
	char host[HOST_MAX];
	char port[8];
	struct sockaddr_storage address;
	socklen_t length; /* 0: not found */
};

static void resolve(void *argument)
{
	struct lookup *lookup = argument;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
	if (getaddrinfo(lookup->host, lookup->port, &hints, &found) || found == NULL)
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
static struct lookup *find_address(struct context *ctx, const struct link_attempt *attempt)
{
	struct lookup *lookup = must_calloc(1, sizeof(*lookup));
	(void)snprintf(lookup->host, sizeof(lookup->host), "%s", attempt->host);
	(void)snprintf(lookup->port, sizeof(lookup->port), "%u", attempt->port);
	if (numeric(lookup, attempt->port))
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

static void run(void *argument)
{
	struct link_attempt *attempt = argument;
	struct context ctx;
	int fd = -1;
	context_init(&ctx, deadline_after(attempt->timeout));
	co_set_context(&ctx);
	struct lookup *lookup = find_address(&ctx, attempt);
	if (lookup != NULL && lookup->length > 0)
		fd = connect_to(lookup, ctx.deadline);
	free(lookup);
	context_done(&ctx);
	if (attempt->done != NULL)
		attempt->done(attempt->argument, fd);
	else if (fd >= 0)
		(void)close(fd);
	free(attempt);
}

struct link_attempt *link_attempt_start(const char *host, uint16_t port, int64_t timeout,
					void (*done)(void *argument, int fd), void *argument)
{
	struct link_attempt *attempt = must_calloc(1, sizeof(*attempt));
	(void)snprintf(attempt->host, sizeof(attempt->host), "%s", host);
	attempt->port = port;
	attempt->timeout = timeout;
	attempt->done = done;
	attempt->argument = argument;
	attempt->co = co_spawn("link connect", run, attempt);
	if (attempt->co != NULL)
		return attempt;
	free(attempt);
	return NULL;
}

void link_attempt_abandon(struct link_attempt *attempt)
{
	if (attempt == NULL)
		return;
	attempt->done = NULL;
	co_cancel(attempt->co);
}
