/*
 * Connecting a socket to a daemon's link without blocking the loop: resolving, connecting, and the proof of both ends
 * that they are daemons (link/handshake.h).
 */
#ifndef EVENTLOOP_LINK_CONNECT_H
#define EVENTLOOP_LINK_CONNECT_H

#include "base/macros.h"
#include "link/handshake.h"

#include <stdint.h>

#define LINK_HOST_SIZE 256

struct link_attempt;

/* Where to connect, and as whom. */
struct link_target {
	char host[LINK_HOST_SIZE]; /* numeric, or a name */
	uint16_t port;
	char self[LINK_NAME_SIZE];   /* this daemon */
	char server[LINK_NAME_SIZE]; /* the daemon that must be there; "": any */
	struct link_secrets secrets;
};

/* Starts to resolve and connect (2 s) and to prove (5 s) in a coroutine of its own; when that has ended, calls
 * done(argument, fd, fault) once, with a non-blocking socket that the callee takes over, or -1. fault: static text when
 * the other end is not the daemon that should be there; else NULL. The target is copied. NULL when no coroutine was
 * left: done is not called. */
struct link_attempt *link_attempt_start(const struct link_target *target,
					void (*done)(void *argument, int fd, const char *fault),
					void *argument) MUST_CHECK;

/* done will not be called any more; the attempt ends by itself. Not inside done. Accepts NULL. */
void link_attempt_abandon(struct link_attempt *attempt);

#endif
