/*
 * The memory that hashing passwords fills: kept from one hash to the next while there are more to come.
 *
 * Purpose: fresh memory from the system costs a third of a hash, a page fault and the zeroing of every page; memory
 * that was used before, in large pages, costs nothing. Ownership: a block belongs to the hash that took it until it is
 * given back. Invariants: while nobody is between begin and end nothing is kept, so an idle process is small; the taker
 * must wipe a block's bytes (argon2 does). From any thread.
 */
#ifndef EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_MEMORY_H
#define EVENTLOOP_PASSPORT_CREDENTIALS_PASSWORD_MEMORY_H

#include "base/macros.h"

#include <stddef.h>
#include <stdint.h>

/* To be called around each hash, also nested and from several threads: the calls are counted. The last end gives all
 * kept blocks back to the system. */
void password_memory_begin(void);
void password_memory_end(void);

/* Sets *ret_block to size bytes; 0, or -1 when there is no memory. The signatures are those of argon2's callbacks. */
int password_memory_take(uint8_t **ret_block, size_t size) MUST_CHECK;
void password_memory_give(uint8_t *block, size_t size);

/* Blocks that are kept now. */
size_t password_memory_kept(void);

#endif
