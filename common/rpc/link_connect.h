/*
 * Connecting a socket to host and port without blocking the loop.
 */
#ifndef EVENTLOOP_RPC_LINK_CONNECT_H
#define EVENTLOOP_RPC_LINK_CONNECT_H

#include "base/macros.h"

#include <stdint.h>

struct link_attempt;

/* Starts to resolve and connect in a coroutine of its own; when that has ended, calls done(argument, fd) once, with a
 * non-blocking socket that the callee takes over, or -1. timeout: microseconds for all of it. NULL when no coroutine
 * was left: done is not called. */
struct link_attempt *link_attempt_start(const char *host, uint16_t port, int64_t timeout,
					void (*done)(void *argument, int fd), void *argument) MUST_CHECK;

/* done will not be called any more; the attempt ends by itself. Not inside done. Accepts NULL. */
void link_attempt_abandon(struct link_attempt *attempt);

#endif
