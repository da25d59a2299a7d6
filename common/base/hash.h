/*
 * A keyed hash for tables whose keys come from outside: without the key nobody can make them collide.
 * Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012 (2 compression, 4 final rounds).
 */
#ifndef EVENTLOOP_BASE_HASH_H
#define EVENTLOOP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_KEY_SIZE 16

/* SipHash-2-4 of length bytes (NULL allowed for 0) under the key. */
uint64_t hash_siphash(const uint8_t key[static HASH_KEY_SIZE], const void *bytes, size_t length);

/* The same under a key drawn at random once a process: results differ from run to run. Safe from any thread. */
uint64_t hash_bytes(const void *bytes, size_t length);

#endif
