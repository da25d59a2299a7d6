/*
 * A listening TCP socket and the acceptance of connections from it.
 *
 * Purpose: SO_REUSEPORT, IPv4 and IPv6, and the one case that makes naive servers spin: no file descriptor left. A
 * spare one is kept, so that the waiting client can be accepted and closed rather than left in the queue with the
 * socket readable. Ownership: listener_close frees everything. Belongs to one thread.
 */
#ifndef EVENTLOOP_HTTP_LISTEN_H
#define EVENTLOOP_HTTP_LISTEN_H

#include "base/ip_address.h"
#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

#define LISTENER_PEER_SIZE IP_ADDRESS_SIZE

struct http_listener {
	int fd, spare;	      /* -1 when closed */
	int64_t next_warning; /* monotonic; a shortage is logged once in ten seconds */
};

/* Opens a non-blocking listening socket. address: numeric, "" for all; port 0: any. -1 with one line in `error`. */
int listener_open(struct http_listener *listener, const char *address, uint16_t port, char *error,
		  size_t error_size) MUST_CHECK;

/* Accepts one connection (non-blocking, close-on-exec, TCP_NODELAY); peer gets its numeric address. Returns -1 when
 * none waits. Descriptor exhaustion is dealt with and logged inside. */
int listener_accept(struct http_listener *listener, char peer[static LISTENER_PEER_SIZE]) MUST_CHECK;

/* The port it listens on. */
uint16_t listener_port(const struct http_listener *listener);

/* Closes it. Safe to call twice. */
void listener_close(struct http_listener *listener);

/* Writes the numeric address of fd's other end, "" when it is gone. */
void listener_peer_of(int fd, char peer[static LISTENER_PEER_SIZE]);

#endif
