/*
 * Identifiers and random bytes.
 * Invariants: ids are UUIDs of version 7 in lower case (RFC 9562 section 5.7): they sort by the millisecond they were
 * made in. Random bytes come from OpenSSL's generator; failure of it ends the process.
 */
#ifndef EVENTLOOP_BASE_IDS_H
#define EVENTLOOP_BASE_IDS_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

#define UUID_SIZE 37 /* text and NUL */

/* Writes a new UUIDv7. */
void uuid_make(char text[static UUID_SIZE]);

/* True for 8-4-4-4-12 lower-case hexadecimal digits. */
bool uuid_valid(const char *text);

/* Fills with cryptographically strong random bytes. */
void random_bytes(void *bytes, size_t length);

/* Writes length bytes as lower-case hexadecimal and a NUL: 2 * length + 1 characters. */
void hex_encode(const void *bytes, size_t length, char *text);

/* Reads length bytes from 2 * length hexadecimal digits of either case; false when the text is anything else. */
bool hex_decode(const char *text, void *bytes, size_t length) MUST_CHECK;

#endif
