#include "http/listen.h"

#include "base/clock.h"
#include "base/ip_address.h"
#include "telemetry/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

#define UNSENT_MAX (128 * 1024) /* bytes that the kernel takes beyond what the client has room for */
#define TIMEOUT_MS (30 * 1000)	/* with a client that takes nothing, also after we have closed */
#define WARNING_EVERY (10 * CLOCK_SECOND)

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t length;
};

static bool address_read(struct address *address, const char *text, uint16_t port)
{
	*address = (struct address){0};
	if (inet_pton(AF_INET, text, &address->at.v4.sin_addr) == 1) {
		address->at.v4.sin_family = AF_INET;
		address->at.v4.sin_port = htons(port);
		address->length = sizeof(address->at.v4);
		return true;
	}
	if (inet_pton(AF_INET6, text[0] != '\0' ? text : "::", &address->at.v6.sin6_addr) != 1)
		return false;
	address->at.v6.sin6_family = AF_INET6;
	address->at.v6.sin6_port = htons(port);
	address->length = sizeof(address->at.v6);
	return true;
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Returns the listening socket, or -1 with errno. */
static int listen_on(const struct address *address)
{
	int fd = socket(address->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		goto failed;
	if (address->at.any.sa_family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) != 0)
		goto failed;
	if (bind(fd, &address->at.any, address->length) != 0 || listen(fd, BACKLOG) != 0)
		goto failed;
	return fd;
failed:;
	int cause = errno;
	(void)close(fd);
	errno = cause;
	return -1;
}

static int spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int listener_open(struct http_listener *listener, const char *address, uint16_t port, char *error, size_t error_size)
{
	struct address at;
	if (!address_read(&at, address, port)) {
		(void)snprintf(error, error_size, "cannot listen: '%s' is not a numeric address", address);
		return -1;
	}
	int fd = listen_on(&at);
	/* A machine without IPv6 still has all of IPv4. */
	if (fd < 0 && errno == EAFNOSUPPORT && address[0] == '\0' && address_read(&at, "0.0.0.0", port))
		fd = listen_on(&at);
	if (fd < 0) {
		char cause[64];
		(void)snprintf(error, error_size, "cannot listen on %s port %u: %s",
			       address[0] != '\0' ? address : "all addresses", port,
			       strerror_r(errno, cause, sizeof(cause)));
		return -1;
	}
	*listener = (struct http_listener){.fd = fd, .spare = spare_open()};
	return 0;
}

uint16_t listener_port(const struct http_listener *listener)
{
	struct address at = {.length = sizeof(at.at)};
	if (listener->fd < 0 || getsockname(listener->fd, &at.at.any, &at.length) != 0)
		return 0;
	return ntohs(at.at.any.sa_family == AF_INET ? at.at.v4.sin_port : at.at.v6.sin6_port);
}

static void peer_text(const struct address *address, char peer[static LISTENER_PEER_SIZE])
{
	/* An IPv4 client of a dual-stack socket is shown as what it is. */
	if (address->at.any.sa_family == AF_INET6)
		ip_address_write(&address->at.v6.sin6_addr, peer);
	else if (!inet_ntop(AF_INET, &address->at.v4.sin_addr, peer, LISTENER_PEER_SIZE))
		peer[0] = '\0';
}

void listener_peer_of(int fd, char peer[static LISTENER_PEER_SIZE])
{
	struct address at = {.length = sizeof(at.at)};
	peer[0] = '\0';
	if (getpeername(fd, &at.at.any, &at.length) == 0)
		peer_text(&at, peer);
}

static void warn_of_shortage(struct http_listener *listener)
{
	int64_t now = clock_monotonic();
	if (now < listener->next_warning)
		return;
	listener->next_warning = now + WARNING_EVERY;
	log_event(LOG_WARNING, NULL, "no file descriptor left: new connections are closed at once");
}

/* Takes the spare descriptor's place to accept one client and close it. */
static void drop_one(struct http_listener *listener)
{
	warn_of_shortage(listener);
	if (listener->spare >= 0)
		(void)close(listener->spare);
	listener->spare = -1;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	listener->spare = spare_open();
}

int listener_accept(struct http_listener *listener, char peer[static LISTENER_PEER_SIZE])
{
	for (;;) {
		struct address at = {.length = sizeof(at.at)};
		int fd = accept4(listener->fd, &at.at.any, &at.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			(void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
			(void)set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
			(void)set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, TIMEOUT_MS);
			peer_text(&at, peer);
			return fd;
		}
		if (errno == EMFILE || errno == ENFILE) {
			drop_one(listener);
			return -1;
		}
		/* Those that were broken off while they waited say nothing about the next. */
		if (errno != ECONNABORTED && errno != EINTR)
			return -1;
	}
}

void listener_close(struct http_listener *listener)
{
	if (listener->fd >= 0)
		(void)close(listener->fd);
	if (listener->spare >= 0)
		(void)close(listener->spare);
	listener->fd = -1;
	listener->spare = -1;
}
