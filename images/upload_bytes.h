/*
 * The bytes of one upload, shared by the request and by the jobs that look at them on other threads.
 *
 * Ownership: counted references, taken and given back on the thread of the request alone (jobs give theirs back by the
 * offload pool's `done`), so a request may end while a job still reads. Invariants: the bytes never change.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_BYTES_H
#define EVENTLOOP_IMAGES_UPLOAD_BYTES_H

#include "base/macros.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct upload_bytes {
	size_t references, length;
	atomic_bool abandoned; /* the request is over: whoever works on the bytes may stop */
	unsigned char bytes[];
};

/* Copies the bytes; one reference. */
struct upload_bytes *upload_bytes_new(const void *bytes, size_t length);

/* Takes another reference. */
struct upload_bytes *upload_bytes_share(struct upload_bytes *upload);

/* Gives one back; the last one frees. Accepts NULL. */
void upload_bytes_free(struct upload_bytes *upload);

#endif
