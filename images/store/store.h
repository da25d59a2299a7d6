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
#include <stdint.h>

#define SHA256_TEXT_SIZE 65
#define STORE_PATH_SIZE 1200
#define STORE_FOLDERS 256
#define STORE_NAME_SIZE (SHA256_TEXT_SIZE + 7) /* of a file; one that is being written has a suffix */
#define STORE_LIST_MAX 100000
#define STORE_UPLOAD ".upload-" /* begins the names of uploads that are being received; mkostemp ends them */

/* The lock of a hash ($1), until the transaction ends: to be held while its bytes are put into the store or removed. */
#define STORE_LOCK "SELECT pg_advisory_xact_lock(hashtextextended('image ' || $1, 0))"

struct store {
	char *directory;
};

/* A store in this directory, which is made when it is missing. NULL with errno when there is none that can be written.
 */
struct store *store_new(const char *directory) MUST_CHECK;

/* Frees it; the files stay. Accepts NULL. */
void store_free(struct store *store);

/* Stores bytes under their hash (64 hexadecimal digits). Blocks. False with errno. */
bool store_put(const struct store *store, const char *sha256, const void *bytes, size_t length) MUST_CHECK;

/* Opens for reading; -1 with errno. */
int store_open(const struct store *store, const char *sha256);

/* Names of files. */
struct store_names {
	char (*names)[STORE_NAME_SIZE];
	size_t count, capacity;
};

/* The files of one folder (0 to STORE_FOLDERS - 1) that are at least so many seconds old, at most STORE_LIST_MAX of
 * them, each named by its hash, or by that and a suffix when its writing never ended. Folder STORE_FOLDERS is the
 * directory itself: files of uploads whose daemon died between making them and taking their name away (upload/bytes.h).
 * *ret: zeroes before; store_names_done frees it, also after false with errno. Blocks. */
bool store_list(const struct store *store, unsigned folder, int64_t age, struct store_names *ret) MUST_CHECK;
void store_names_done(struct store_names *names);

/* Removes a file by its name; true also when it is not there. False with errno. Blocks. */
bool store_remove(const struct store *store, const char *name) MUST_CHECK;

#endif
