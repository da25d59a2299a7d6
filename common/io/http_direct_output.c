/* Sending of the direct engine: at once as far as it goes, the rest when the socket is writable. */
#include "io/http_direct.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_A_PASS = 1024 * 1024 /* bytes, so that one big file does not hold up the others */ };

bool direct_output_left(const struct direct_connection *connection)
{
	return connection->output.rest.length > 0 || connection->output.file >= 0;
}

int64_t direct_output_size(const struct direct_connection *connection)
{
	return (int64_t)connection->output.rest.length + connection->output.left;
}

static void drop_file(struct direct_output *output)
{
	if (output->file >= 0)
		(void)close(output->file);
	output->file = -1;
	output->left = 0;
}

void direct_output_drop(struct direct_connection *connection)
{
	buffer_done(&connection->output.rest);
	connection->output.sent = 0;
	drop_file(&connection->output);
}

/* 0 when it went on (wholly or not), -1 when the connection is broken. */
static int send_rest(struct direct_connection *connection)
{
	struct direct_output *output = &connection->output;
	int flags = MSG_NOSIGNAL | (output->file >= 0 ? MSG_MORE : 0);
	ssize_t sent =
	    send(connection->fd, output->rest.data + output->sent, output->rest.length - output->sent, flags);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	output->sent += (size_t)sent;
	if (output->sent == output->rest.length) {
		buffer_done(&output->rest);
		output->sent = 0;
	}
	return 0;
}

static int send_file(struct direct_connection *connection)
{
	struct direct_output *output = &connection->output;
	int64_t budget = FILE_A_PASS;
	while (output->left > 0 && budget > 0) {
		size_t part = (size_t)(output->left < budget ? output->left : budget);
		off_t offset = output->offset;
		ssize_t sent = sendfile(connection->fd, output->file, &offset, part);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		/* A file that is shorter than it was leaves no way to keep what the headers promised. */
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

static int flush(struct direct_connection *connection)
{
	struct direct_output *output = &connection->output;
	if (output->rest.length > 0 && send_rest(connection) != 0)
		return -1;
	if (output->rest.length == 0 && output->file >= 0)
		return send_file(connection);
	return 0;
}

void direct_on_writable(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct direct_connection *connection = argument;
	if (flush(connection) != 0) {
		direct_connection_close(connection);
		return;
	}
	if (direct_output_left(connection))
		return;
	(void)event_del(&connection->write);
	if (connection->state == DIRECT_WRITING)
		direct_continue(connection);
}

static void keep_rest(struct direct_output *output, const struct iovec *parts, int count, size_t sent)
{
	size_t total = 0;
	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	if (sent == total)
		return;
	buffer_init(&output->rest, total - sent);
	output->sent = 0;
	(void)buffer_reserve(&output->rest, total - sent);
	for (int i = 0; i < count; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
		sent -= skip;
		buffer_append(&output->rest, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
	}
}

/* As much as the socket takes of the two; -1 when the connection is broken. */
static ssize_t send_pieces(int fd, struct iovec *pieces, int flags)
{
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
	ssize_t sent = pieces[1].iov_len == 0 ? send(fd, pieces[0].iov_base, pieces[0].iov_len, flags)
					      : sendmsg(fd, &message, flags);
	return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

void direct_output_send(struct direct_connection *connection, const char *head, size_t head_length,
			const struct http_reply_parts *parts)
{
	struct direct_output *output = &connection->output;
	struct iovec pieces[2] = {
	    {.iov_base = (char *)(uintptr_t)head, .iov_len = head_length},
	    {.iov_base = (char *)(uintptr_t)parts->body, .iov_len = parts->length},
	};
	output->file = parts->file;
	output->offset = parts->offset;
	output->left = parts->file_length;
	if (output->left <= 0)
		drop_file(output);

	ssize_t sent = send_pieces(connection->fd, pieces, MSG_NOSIGNAL | (output->file >= 0 ? MSG_MORE : 0));
	if (sent < 0) {
		direct_connection_close(connection);
		return;
	}
	keep_rest(output, pieces, 2, (size_t)sent);
	if (output->rest.length == 0 && output->file >= 0 && send_file(connection) != 0) {
		direct_connection_close(connection);
		return;
	}
	if (direct_output_left(connection))
		(void)event_add(&connection->write, NULL);
}
