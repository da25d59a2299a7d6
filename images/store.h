/*
 * The store: bytes in a directory, under their SHA-256.
 *
 * Invariants: a file is complete or not there (written aside, synced, renamed); the same bytes are stored once. Putting
 * blocks, so it is done on the offload pool; opening is one system call on a local directory.
 */
#ifndef EVENTLOOP_IMAGES_STORE_H
#define EVENTLOOP_IMAGES_STORE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

#define SHA256_TEXT_SIZE 65
#define STORE_PATH_SIZE 1200

struct store {
	const char *directory; /* borrowed */
};

/* Makes the directory when it is missing; false with errno when it cannot be written. */
bool store_prepare(const struct store *store) MUST_CHECK;

/* Stores bytes under their hash (64 hexadecimal digits). Blocks. False with errno. */
bool store_put(const struct store *store, const char *sha256, const void *bytes, size_t length) MUST_CHECK;

/* Opens for reading; -1 with errno. */
int store_open(const struct store *store, const char *sha256);

#endif
