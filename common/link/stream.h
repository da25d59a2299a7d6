/*
 * One connection of the link: bytes in, lines out of them; lines in, one write a pass of the loop.
 *
 * Purpose: the framing that server and client share.
 * Ownership: the owner embeds a stream and an outbox (one for all its streams); the stream owns its socket and buffers.
 * Invariants: on_line gets each line without its LF, valid during the call only; on_close runs exactly once, as the
 * last thing the stream does, and may free it; neither may free the stream otherwise. Lines are sent whole, in order.
 * A line must end within LINK_LINE_TIMEOUT of its first byte, or the stream is closed: half a line holds memory.
 * Nothing here suspends, everything runs on the loop's thread.
 */
#ifndef EVENTLOOP_LINK_STREAM_H
#define EVENTLOOP_LINK_STREAM_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_DEFAULT_MAX_LINE ((size_t)4 * 1024 * 1024 + 64 * 1024)
#define LINK_MAX_UNSENT ((size_t)64 * 1024 * 1024)
#define LINK_LINE_TIMEOUT (10 * CLOCK_SECOND)

struct event;
struct event_base;
struct loop;
struct loop_hook;
struct link_stream;

/* The streams of one owner that have something to send; emptied at the end of each pass. */
struct link_outbox {
	struct loop_hook *hook;
	struct link_stream *first;
};

struct link_stream {
	int fd;
	size_t max_line; /* may change between lines */
	int64_t timeout; /* microseconds for a line to end; 0: LINK_LINE_TIMEOUT */
	struct link_outbox *outbox;
	struct event *readable, *writable;
	struct event *line_timer; /* pending while there may be half a line */
	int64_t line_began;	  /* monotonic; of the half that is held */
	char *held;		  /* the beginning of a line whose end has not come; NULL when there is none */
	size_t held_length, held_capacity;
	struct buffer out;
	size_t out_start;    /* of out that has been sent */
	uint64_t queued;     /* bytes ever put into out */
	uint64_t sent;	     /* bytes ever written to the socket */
	const char *failure; /* why it is to be closed; NULL: no fault */
	bool writing;	     /* waiting for the socket to take more */
	bool reading_paused; /* the other side does not read its answers */
	bool in_outbox;
	struct link_stream *next;
	void (*on_line)(void *argument, const char *line, size_t length);
	void (*on_close)(void *argument, const char *why);
	void *argument;
};

/* Makes an empty outbox that is emptied at the end of every pass of the loop; and unmakes it, empty. */
void link_outbox_init(struct link_outbox *outbox, struct loop *loop);
void link_outbox_done(struct link_outbox *outbox);

/* Takes the connected, non-blocking socket over and begins to read. The other members must be zero but max_line,
 * timeout, on_line, on_close and argument. */
void link_stream_start(struct link_stream *stream, struct event_base *base, struct link_outbox *outbox, int fd);

/* Closes the socket and frees the buffers; on_close does not run. */
void link_stream_done(struct link_stream *stream);

/* Where to write a line: append to it, then link_stream_commit. Line feeds already appended become spaces. */
struct buffer *link_stream_begin(struct link_stream *stream);

/* Ends the line begun and sends it at the end of the pass. False when it did not fit: nothing of it is sent then. */
bool link_stream_commit(struct link_stream *stream, size_t start) MUST_CHECK;

/* Has the stream closed as soon as that is safe, with on_close(why). why: static. */
void link_stream_fail(struct link_stream *stream, const char *why);

/* True when all that was committed has been written. */
bool link_stream_flushed(const struct link_stream *stream);

#endif
