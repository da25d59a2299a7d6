/*
 * The threads that decode pictures: one pool a process, of the codecs alone.
 *
 * Purpose: decoding takes long, and the uploaded file decides how long; other offloaded work (files, name resolution)
 * has another pool and never waits behind it. Threads: a worker takes the pool at its start and releases it at its
 * stop.
 */
#ifndef EVENTLOOP_IMAGES_DECODE_DECODERS_H
#define EVENTLOOP_IMAGES_DECODE_DECODERS_H

#include "base/macros.h"

struct config;
struct offload_pool;

/* The pool, made for the first who takes it (settings decode_threads, decode_queue, offload_nice); NULL when threads
 * cannot be started. */
struct offload_pool *decoders_take(const struct config *config) MUST_CHECK;

/* To be called once for each decoders_take; the last call frees the pool, after the running jobs. */
void decoders_release(void);

#endif
