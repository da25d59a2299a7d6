/*
 * The text form of an Argon2id hash, "$argon2id$v=19$m=19456,t=2,p=1$salt$tag" (PHC string format; base64 without
 * padding), as the argon2 library and others write it.
 *
 * Purpose: allows hashing with memory of our own (password_memory.h), which the library's functions for these texts do
 * not. Ownership: values. Invariants: what phc_read returns is within the bounds below, whatever the database holds;
 * phc_read reads what phc_write writes.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_PHC_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_PHC_H

#include "base/arena.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>

/* Bounds of what a stored hash may ask for, so that a row in the database cannot exhaust the machine. */
#define PHC_MEMORY_MAX 262144 /* KiB */
#define PHC_PASSES_MAX 16
#define PHC_LANES_MAX 4
#define PHC_BYTES_MAX 64 /* of salt and of tag */

struct phc {
	unsigned memory, passes, lanes; /* memory in KiB */
	size_t salt_length, tag_length; /* bytes */
	unsigned char salt[PHC_BYTES_MAX], tag[PHC_BYTES_MAX];
};

/* False when it is no hash by Argon2id, version 1.3, or asks for more than the bounds. */
bool phc_read(struct arena *arena, const char *text, struct phc *ret) MUST_CHECK;

/* The text, in the arena. */
const char *phc_write(struct arena *arena, const struct phc *phc);

#endif
