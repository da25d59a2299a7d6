/*
 * Turns a User-Agent header into the name of a device.
 *
 * Purpose: in the list of their sessions people recognise "Firefox on Windows". The header is what the client claims;
 * it decides nothing. Source: RFC 9110 section 10.1.5; what browsers send today.
 */
#ifndef EVENTLOOP_PASSPORT_DEVICE_H
#define EVENTLOOP_PASSPORT_DEVICE_H

#include "base/arena.h"

/* "Firefox on Windows", "Safari on iPhone", "curl", "Unknown device": printable ASCII of at most 60 characters, in the
 * arena or static. */
const char *device_name(struct arena *arena, const char *user_agent);

#endif
