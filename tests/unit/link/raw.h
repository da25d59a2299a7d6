/* Sockets without any of our own framing, to be a server or a client that misbehaves. In coroutines. */
#ifndef EVENTLOOP_TESTS_LINK_RAW_H
#define EVENTLOOP_TESTS_LINK_RAW_H

#include "base/clock.h"
#include "co/co.h"
#include "unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAW_TIMEOUT (20 * CLOCK_SECOND)

static inline int raw_listen(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* A port nobody listens on. */
static inline uint16_t raw_dead_port(void)
{
	uint16_t port;
	(void)close(raw_listen(&port));
	return port;
}

static inline int raw_accept(int listener)
{
	assert_int_equal(co_wait_fd(listener, EV_READ, deadline_after(RAW_TIMEOUT), NULL), CO_OK);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline int raw_connect(uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	(void)connect(fd, (struct sockaddr *)&address, sizeof(address));
	assert_int_equal(co_wait_fd(fd, EV_WRITE, deadline_after(RAW_TIMEOUT), NULL), CO_OK);
	return fd;
}

/* Sends all of it, or until the other side has closed. */
static inline void raw_send(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
		if (sent > 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else if (errno != EAGAIN) {
			return;
		} else {
			assert_int_equal(co_wait_fd(fd, EV_WRITE, deadline_after(RAW_TIMEOUT), NULL), CO_OK);
		}
	}
}

/* Reads up to and with the next line feed. Returns the length, 0 when the other side closed first. */
static inline size_t raw_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	while (length + 1 < size) {
		ssize_t got = recv(fd, line + length, 1, 0);
		if (got == 1) {
			length++;
			line[length] = '\0';
			if (line[length - 1] == '\n')
				return length;
		} else if (got == 0 || errno != EAGAIN) {
			return 0;
		} else {
			assert_int_equal(co_wait_fd(fd, EV_READ, deadline_after(RAW_TIMEOUT), NULL), CO_OK);
		}
	}
	return length;
}

#endif
