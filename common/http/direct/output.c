/* Sending of the direct engine: at once as far as it goes, the rest when the socket is writable. */
#include "http/direct/output.h"

#include "base/fatal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	FILE_A_PASS = 1024 * 1024, /* bytes, so that one big file does not hold up the others */
	PIECES_A_CALL = 64,	   /* to the kernel */
};

void direct_output_init(struct direct_output *output)
{
	*output = (struct direct_output){.file = -1};
}

bool direct_output_left(const struct direct_output *output)
{
	return output->length > 0 || output->file >= 0;
}

int64_t direct_output_size(const struct direct_output *output)
{
	return (int64_t)output->length + output->left;
}

static void drop_file(struct direct_output *output)
{
	if (output->file >= 0)
		(void)close(output->file);
	output->file = -1;
	output->left = 0;
}

static void drop_piece(struct direct_output *output, struct direct_piece *piece)
{
	if (!piece->shared)
		output->copied -= piece->length;
	free(piece->copy);
	shared_text_drop(piece->shared);
}

static void drop_pieces(struct direct_output *output)
{
	for (size_t i = output->first; i < output->count; i++)
		drop_piece(output, &output->pieces[i]);
	free(output->pieces);
	output->pieces = NULL;
	output->first = output->count = output->sent = output->length = 0;
}

void direct_output_drop(struct direct_output *output)
{
	drop_pieces(output);
	drop_file(output);
}

/* Takes `sent` bytes off the pieces that are left. */
static void take_off(struct direct_output *output, size_t sent)
{
	output->length -= sent;
	output->sent += sent;
	while (output->first < output->count && output->sent >= output->pieces[output->first].length) {
		output->sent -= output->pieces[output->first].length;
		drop_piece(output, &output->pieces[output->first++]);
	}
	if (output->first == output->count)
		drop_pieces(output);
}

/* As much as the socket takes of the pieces; -1 when the connection is broken. */
static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count, int flags)
{
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
	ssize_t sent =
	    count == 1 ? send(fd, pieces[0].iov_base, pieces[0].iov_len, flags) : sendmsg(fd, &message, flags);
	return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

/* 0 when it went on (wholly or not), -1 when the connection is broken. */
static int send_rest(struct direct_output *output, int fd)
{
	size_t count = 0;
	struct iovec pieces[PIECES_A_CALL];
	for (size_t i = output->first; i < output->count && count < PIECES_A_CALL; i++) {
		size_t skip = i == output->first ? output->sent : 0;
		pieces[count++] = (struct iovec){.iov_base = (char *)(uintptr_t)output->pieces[i].bytes + skip,
						 .iov_len = output->pieces[i].length - skip};
	}
	int flags = MSG_NOSIGNAL | (output->file >= 0 || output->count - output->first > count ? MSG_MORE : 0);
	ssize_t sent = send_pieces(fd, pieces, count, flags);
	if (sent > 0)
		take_off(output, (size_t)sent);
	return sent < 0 ? -1 : 0;
}

static int send_file(struct direct_output *output, int fd)
{
	int64_t budget = FILE_A_PASS;
	while (output->left > 0 && budget > 0) {
		size_t part = (size_t)(output->left < budget ? output->left : budget);
		off_t offset = output->offset;
		ssize_t sent = sendfile(fd, output->file, &offset, part);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		/* The file has become shorter, so the length in the headers cannot be kept. */
		if (sent <= 0)
			return -1;
		output->offset += sent;
		output->left -= sent;
		budget -= sent;
	}
	if (output->left == 0)
		drop_file(output);
	return 0;
}

/* The file's turn is when the pieces are out. */
static enum direct_progress go_on(struct direct_output *output, int fd)
{
	if (output->length == 0 && output->file >= 0 && send_file(output, fd) != 0)
		return DIRECT_BROKEN;
	return direct_output_left(output) ? DIRECT_LEFT : DIRECT_SENT;
}

enum direct_progress direct_output_flush(struct direct_output *output, int fd)
{
	if (output->length > 0 && send_rest(output, fd) != 0)
		return DIRECT_BROKEN;
	return go_on(output, fd);
}

static struct direct_piece *add_piece(struct direct_output *output, size_t most)
{
	if (!output->pieces)
		output->pieces = must_calloc(most, sizeof(*output->pieces));
	return &output->pieces[output->count++];
}

/* Copies pieces until one that is shared, or the last; returns how many. skip: bytes of the first that are out. */
static size_t keep_copy(struct direct_output *output, const struct http_piece *pieces, size_t count, size_t skip,
			size_t most)
{
	size_t length = 0, taken = 0;
	while (taken < count && !pieces[taken].shared)
		length += pieces[taken++].length;
	length -= skip;
	if (length == 0)
		return taken;
	char *copy = must_malloc(length), *cursor = copy;
	for (size_t i = 0; i < taken; i++, skip = 0)
		cursor = mempcpy(cursor, (const char *)pieces[i].bytes + skip, pieces[i].length - skip);
	*add_piece(output, most) = (struct direct_piece){.bytes = copy, .length = length, .copy = copy};
	output->length += length;
	output->copied += length;
	return taken;
}

/* Keeps what comes after the first `sent` bytes: shared texts by holding them, the others copied. */
static void keep_rest(struct direct_output *output, const struct http_piece *pieces, size_t count, size_t sent)
{
	size_t i = 0;
	while (i < count && sent >= pieces[i].length)
		sent -= pieces[i++].length;
	for (size_t most = count - i; i < count; sent = 0) {
		if (!pieces[i].shared) {
			i += keep_copy(output, pieces + i, count - i, sent, most);
			continue;
		}
		*add_piece(output, most) = (struct direct_piece){.bytes = (const char *)pieces[i].bytes + sent,
								 .length = pieces[i].length - sent,
								 .shared = shared_text_hold(pieces[i].shared)};
		output->length += pieces[i].length - sent;
		i++;
	}
}

/* The bytes of the pieces that the socket takes at once; -1 when the connection is broken. */
static ssize_t send_now(int fd, const struct http_piece *pieces, size_t count, bool more)
{
	size_t total = 0;
	struct iovec parts[PIECES_A_CALL];
	for (size_t at = 0; at < count;) {
		size_t some = 0, length = 0;
		for (; some < PIECES_A_CALL && at + some < count; some++) {
			parts[some] = (struct iovec){.iov_base = (char *)(uintptr_t)pieces[at + some].bytes,
						     .iov_len = pieces[at + some].length};
			length += pieces[at + some].length;
		}
		int flags = MSG_NOSIGNAL | (more || at + some < count ? MSG_MORE : 0);
		ssize_t sent = send_pieces(fd, parts, some, flags);
		if (sent < 0)
			return -1;
		total += (size_t)sent;
		if ((size_t)sent < length)
			break;
		at += some;
	}
	return (ssize_t)total;
}

enum direct_progress direct_output_send(struct direct_output *output, int fd, const struct http_piece *pieces,
					size_t count)
{
	ssize_t sent = send_now(fd, pieces, count, output->file >= 0);
	if (sent < 0)
		return DIRECT_BROKEN;
	keep_rest(output, pieces, count, (size_t)sent);
	return go_on(output, fd);
}

void direct_output_file(struct direct_output *output, int file, int64_t offset, int64_t length)
{
	output->file = file;
	output->offset = offset;
	output->left = length;
	if (output->left <= 0)
		drop_file(output);
}
