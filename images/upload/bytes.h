/*
 * The bytes of one upload, shared by the request and by the jobs that look at them on other threads.
 *
 * Purpose: an upload is as large as a picture may be, and many come at once, slowly: it is written to an unlinked file
 * as it arrives and read through a mapping, so that only uploads being inspected take memory.
 *
 * Ownership: counted references, taken and given back on the thread of the request alone (jobs give theirs back by the
 * offload pool's `done`), so a request may end while a job still reads. Invariants: the bytes never change.
 */
#ifndef EVENTLOOP_IMAGES_UPLOAD_BYTES_H
#define EVENTLOOP_IMAGES_UPLOAD_BYTES_H

#include "base/macros.h"
#include "http/stream.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct upload_bytes {
	size_t references, length;
	atomic_bool abandoned; /* the request is over: whoever works on the bytes may stop */
	unsigned char *bytes;
	void *memory;  /* that the bytes are part of: a mapping, or allocated */
	size_t mapped; /* bytes of the mapping; 0: allocated */
};

/* Reads the body of the request to its end, into a file in the directory (borrowed); one reference. NULL with an error
 * in the context: those of http_body_read, or internal when the file cannot be written. */
struct upload_bytes *upload_bytes_receive(struct http_exchange *exchange, const char *directory) MAY_SUSPEND MUST_CHECK;

/* Reduces the upload to this part of its bytes. */
void upload_bytes_narrow(struct upload_bytes *upload, const void *start, size_t length);

/* Copies the bytes; one reference. */
struct upload_bytes *upload_bytes_new(const void *bytes, size_t length);

/* Takes another reference. */
struct upload_bytes *upload_bytes_share(struct upload_bytes *upload);

/* Gives one back; the last one frees. Accepts NULL. */
void upload_bytes_free(struct upload_bytes *upload);

#endif
