#include "link/stream.h"

#include "base/fatal.h"
#include "base/fault.h"
#include "co/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 * 1024)
#define READS_A_PASS 8
#define KEEP_OUT ((size_t)256 * 1024)
#define PAUSE_ABOVE ((size_t)16 * 1024 * 1024)

/* Lines that arrive whole are read and handled here; nothing stays between two reads. One thread, one scratch. */
static _Thread_local char *scratch;
static _Thread_local size_t scratch_users;

static void queue_for_pass_end(struct link_stream *stream)
{
	if (stream->in_outbox)
		return;
	stream->in_outbox = true;
	stream->next = stream->outbox->first;
	stream->outbox->first = stream;
}

static void leave_outbox(struct link_stream *stream)
{
	for (struct link_stream **link = &stream->outbox->first; *link; link = &(*link)->next) {
		if (*link != stream)
			continue;
		*link = stream->next;
		break;
	}
	stream->in_outbox = false;
}

void link_stream_fail(struct link_stream *stream, const char *why)
{
	if (stream->failure)
		return;
	stream->failure = why;
	(void)event_del(stream->readable);
	queue_for_pass_end(stream);
}

static void close_now(struct link_stream *stream)
{
	const char *why = stream->failure;
	link_stream_done(stream);
	stream->on_close(stream->argument, why);
}

/* --- out --- */

static size_t unsent(const struct link_stream *stream)
{
	return stream->out.length - stream->out_start;
}

bool link_stream_flushed(const struct link_stream *stream)
{
	return unsent(stream) == 0;
}

struct buffer *link_stream_begin(struct link_stream *stream)
{
	return &stream->out;
}

bool link_stream_commit(struct link_stream *stream, size_t start)
{
	struct buffer *out = &stream->out;
	buffer_append_char(out, '\n');
	if (buffer_failed(out) || stream->failure || out->length - start > stream->max_line) {
		out->failed = false;
		out->length = start;
		return false;
	}
	char *end = out->data + out->length - 1;
	for (char *feed = out->data + start; (feed = memchr(feed, '\n', (size_t)(end - feed)));)
		*feed = ' ';
	stream->queued += out->length - start;
	queue_for_pass_end(stream);
	return true;
}

/* What was sent is dropped when all of it was, or when it is most of a large buffer. */
static void drop_sent(struct link_stream *stream)
{
	struct buffer *out = &stream->out;
	size_t left = unsent(stream);
	if (left == 0 && out->capacity > KEEP_OUT) {
		buffer_done(out);
		buffer_init(out, LINK_MAX_UNSENT);
	} else if (left == 0) {
		buffer_reset(out);
	} else if (stream->out_start > KEEP_OUT && stream->out_start > left) {
		memmove(out->data, out->data + stream->out_start, left);
		out->length = left;
	} else {
		return;
	}
	stream->out_start = 0;
}

static void resume_reading(struct link_stream *stream)
{
	if (!stream->reading_paused || unsent(stream) > PAUSE_ABOVE / 2)
		return;
	stream->reading_paused = false;
	stream->line_began = clock_monotonic();
	(void)event_add(stream->readable, NULL);
}

static ssize_t send_some(struct link_stream *stream)
{
	if (FAULT("link.write")) {
		errno = EPIPE;
		return -1;
	}
	return send(stream->fd, stream->out.data + stream->out_start, unsent(stream), MSG_NOSIGNAL);
}

static void flush(struct link_stream *stream)
{
	while (unsent(stream) > 0 && !stream->failure) {
		ssize_t written = send_some(stream);
		if (written >= 0) {
			stream->out_start += (size_t)written;
			stream->sent += (uint64_t)written;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!stream->writing)
				(void)event_add(stream->writable, NULL);
			stream->writing = true;
			break;
		} else if (errno != EINTR) {
			stream->failure = "write failed";
		}
	}
	drop_sent(stream);
	resume_reading(stream);
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
	struct link_stream *stream = argument;
	(void)fd;
	(void)what;
	stream->writing = false;
	flush(stream);
	if (stream->failure)
		queue_for_pass_end(stream);
}

static void at_pass_end(void *argument)
{
	struct link_outbox *outbox = argument;
	while (outbox->first) {
		struct link_stream *stream = outbox->first;
		outbox->first = stream->next;
		stream->in_outbox = false;
		if (!stream->failure && !stream->writing)
			flush(stream);
		if (stream->failure)
			close_now(stream);
	}
}

void link_outbox_init(struct link_outbox *outbox, struct loop *loop)
{
	outbox->first = NULL;
	outbox->hook = loop_at_pass_end(loop, at_pass_end, outbox);
}

void link_outbox_done(struct link_outbox *outbox)
{
	if (outbox->hook)
		loop_hook_free(outbox->hook);
	outbox->hook = NULL;
}

/* --- in --- */

static void wait_for_line_end(struct link_stream *stream, int64_t microseconds)
{
	struct timeval delay = {.tv_sec = microseconds / CLOCK_SECOND, .tv_usec = microseconds % CLOCK_SECOND};
	if (event_add(stream->line_timer, &delay))
		fatal("no memory for a timer");
}

/* A line has begun whose end has not come. */
static void await_line_end(struct link_stream *stream)
{
	stream->line_began = clock_monotonic();
	if (!event_pending(stream->line_timer, EV_TIMEOUT, NULL))
		wait_for_line_end(stream, stream->timeout);
}

/* The awaited line may have ended and another begun. A line is not late while we do not read. */
static void on_line_timer(evutil_socket_t fd, short what, void *argument)
{
	struct link_stream *stream = argument;
	int64_t now = clock_monotonic(), waited = stream->reading_paused ? 0 : now - stream->line_began;
	(void)fd;
	(void)what;
	if (!stream->held || stream->failure)
		return;
	if (waited < stream->timeout)
		wait_for_line_end(stream, stream->timeout - waited);
	else
		link_stream_fail(stream, "half a line");
}

static void hold(struct link_stream *stream, const char *bytes, size_t length)
{
	if (length == 0) {
		free(stream->held);
		stream->held = NULL;
		stream->held_length = stream->held_capacity = 0;
		return;
	}
	if (!stream->held || bytes != stream->held)
		await_line_end(stream);
	if (stream->held_capacity < length) {
		stream->held_capacity = length;
		stream->held = must_realloc(stream->held, stream->held_capacity);
	}
	memmove(stream->held, bytes, length);
	stream->held_length = length;
}

/* Hands over each whole line of bytes; searched: how many of the first have no line feed. Returns what is left over. */
static size_t take_lines(struct link_stream *stream, const char *bytes, size_t length, size_t searched)
{
	size_t start = 0;
	while (!stream->failure) {
		const char *feed = memchr(bytes + start + searched, '\n', length - start - searched);
		if (!feed)
			break;
		size_t line = (size_t)(feed - bytes) - start;
		if (line > stream->max_line)
			link_stream_fail(stream, "line too long");
		else
			stream->on_line(stream->argument, bytes + start, line);
		start += line + 1;
		searched = 0;
	}
	return start;
}

static void take_bytes(struct link_stream *stream, const char *bytes, size_t length, size_t searched)
{
	size_t taken = take_lines(stream, bytes, length, searched);
	if (length - taken > stream->max_line)
		link_stream_fail(stream, "line too long");
	if (!stream->failure)
		hold(stream, bytes + taken, length - taken);
}

/* Where the next bytes go: behind the held ones, with room for the line that they begin and no more than a read beyond,
 * or into the scratch. */
static char *read_place(struct link_stream *stream, size_t *ret_room)
{
	if (!stream->held) {
		*ret_room = READ_SIZE;
		return scratch;
	}
	size_t room = stream->max_line + 1 - stream->held_length;
	room = room < READ_SIZE ? room : READ_SIZE;
	size_t needed = stream->held_length + room;
	if (stream->held_capacity < needed) {
		size_t capacity = stream->held_capacity * 2;
		if (capacity < needed)
			capacity = needed;
		stream->held = must_realloc(stream->held, capacity);
		stream->held_capacity = capacity;
	}
	*ret_room = stream->held_capacity - stream->held_length;
	return stream->held + stream->held_length;
}

/* True when there may be more to read at once. */
static bool read_once(struct link_stream *stream)
{
	size_t room;
	char *place = read_place(stream, &room);
	ssize_t length = recv(stream->fd, place, room, 0);
	if (length > 0) {
		if (place == scratch)
			take_bytes(stream, place, (size_t)length, 0);
		else
			take_bytes(stream, stream->held, stream->held_length + (size_t)length, stream->held_length);
		return (size_t)length == room;
	}
	if (length == 0)
		link_stream_fail(stream, "closed by the other side");
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		link_stream_fail(stream, "read failed");
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
	struct link_stream *stream = argument;
	(void)fd;
	(void)what;
	for (int i = 0; i < READS_A_PASS && !stream->failure && read_once(stream); i++)
		;
	if (!stream->failure && unsent(stream) > PAUSE_ABOVE) {
		stream->reading_paused = true;
		(void)event_del(stream->readable);
	}
}

/* --- life --- */

/* A machine that is gone says nothing: its connection ends after two minutes. */
static void keep_alive(int fd)
{
	static const struct {
		int level, option, value;
	} options[] = {
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, 60},
	    {IPPROTO_TCP, TCP_KEEPINTVL, 15},
	    {IPPROTO_TCP, TCP_KEEPCNT, 4},
	};
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof(options[i].value));
}

void link_stream_start(struct link_stream *stream, struct event_base *base, struct link_outbox *outbox, int fd)
{
	int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	keep_alive(fd);
	stream->fd = fd;
	stream->outbox = outbox;
	buffer_init(&stream->out, LINK_MAX_UNSENT);
	if (scratch_users++ == 0)
		scratch = must_malloc(READ_SIZE);
	stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, stream);
	stream->writable = event_new(base, fd, EV_WRITE, on_writable, stream);
	stream->line_timer = evtimer_new(base, on_line_timer, stream);
	if (stream->timeout == 0)
		stream->timeout = LINK_LINE_TIMEOUT;
	if (!stream->readable || !stream->writable || !stream->line_timer || event_add(stream->readable, NULL))
		fatal("no memory for the events of a connection");
}

void link_stream_done(struct link_stream *stream)
{
	if (!stream->readable)
		return;
	if (stream->in_outbox)
		leave_outbox(stream);
	event_free(stream->readable);
	event_free(stream->writable);
	event_free(stream->line_timer);
	stream->readable = stream->writable = stream->line_timer = NULL;
	(void)close(stream->fd);
	buffer_done(&stream->out);
	free(stream->held);
	stream->held = NULL;
	if (--scratch_users == 0) {
		free(scratch);
		scratch = NULL;
	}
}
