/*
 * The bytes that leave through a socket of the direct engine: at once as far as the socket takes them, the rest later.
 *
 * It knows sockets, not connections: answer.c decides what to do on DIRECT_LEFT and DIRECT_BROKEN.
 * Ownership: the caller owns the output and the pieces it sends; what is not sent at once is kept, shared texts by
 * holding them, everything else copied. A file is taken over. Invariants: while something is left, nothing new is
 * sent; a file comes after all pieces. To call: direct_output_init, then direct_output_file if there is a file, and
 * direct_output_send; while that returned DIRECT_LEFT, direct_output_flush whenever the socket is writable; in the end,
 * direct_output_drop.
 */
#ifndef EVENTLOOP_DIRECT_OUTPUT_H
#define EVENTLOOP_DIRECT_OUTPUT_H

#include "base/macros.h"
#include "base/shared_text.h"
#include "http/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an answer: a copy of our own, or part of a shared text. */
struct direct_piece {
	const char *bytes;
	size_t length;
	char *copy;		    /* NULL: shared */
	struct shared_text *shared; /* NULL: copied */
};

/* What of an answer could not be sent at once: pieces, then a file. */
struct direct_output {
	struct direct_piece *pieces; /* NULL for none */
	size_t first, count;	     /* those left */
	size_t sent;		     /* bytes of the first */
	size_t length;		     /* bytes left of all */
	size_t copied;		     /* bytes of the copies that are kept */
	int file;		     /* -1: none */
	int64_t offset, left;
};

/* How far sending has come. */
enum direct_progress {
	DIRECT_SENT,   /* all of it is with the kernel */
	DIRECT_LEFT,   /* the socket takes no more for now */
	DIRECT_BROKEN, /* the socket, or the file, does not go on: the connection is to be closed */
};

/* Makes an output with nothing to send. */
void direct_output_init(struct direct_output *output);

/* A file to send after the pieces, `length` bytes from offset; it is taken over. -1: none. */
void direct_output_file(struct direct_output *output, int file, int64_t offset, int64_t length);

/* Sends the pieces, and the file after them, as far as the socket (fd) takes them; keeps the rest. */
enum direct_progress direct_output_send(struct direct_output *output, int fd, const struct http_piece *pieces,
					size_t count) MUST_CHECK;

/* Sends as much of the rest as the socket takes, of a file at most a part. */
enum direct_progress direct_output_flush(struct direct_output *output, int fd) MUST_CHECK;

/* True while something is left to send. */
bool direct_output_left(const struct direct_output *output) MUST_CHECK;

/* How many bytes are left to send, at most. */
int64_t direct_output_size(const struct direct_output *output);

/* Frees what is left to send, and closes the file. */
void direct_output_drop(struct direct_output *output);

#endif
