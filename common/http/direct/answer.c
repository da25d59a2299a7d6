/* The answer to a call, on its way through a connection of the direct engine. */
#include "http/direct/answer.h"

#include "base/clock.h"
#include "http/direct/body.h"
#include "http/direct/input.h"

#include <string.h>
#include <unistd.h>

enum { COPY_MOST = 2048 }; /* bytes */

/* Sends the pieces; what the socket does not take leaves as soon as that goes. */
static void send_pieces(struct direct_connection *connection, const struct http_piece *pieces, size_t count)
{
	enum direct_progress progress = direct_output_send(&connection->output, connection->fd, pieces, count);
	if (progress == DIRECT_BROKEN) {
		direct_connection_close(connection);
	} else if (progress == DIRECT_LEFT) {
		(void)event_add(&connection->write, NULL);
		direct_account(connection);
	}
}

static void send_after_head(struct http_call *call, const struct buffer *head, const struct http_piece *pieces,
			    size_t count)
{
	struct http_piece two[2] = {{.bytes = head->data, .length = head->length}}, *all = two;
	if (count > 1)
		all = arena_alloc(&call->ctx.arena, (count + 1) * sizeof(*all));
	all[0] = two[0];
	if (count > 0)
		memcpy(all + 1, pieces, count * sizeof(*pieces));
	send_pieces(call->connection, all, count + 1);
}

void direct_answer_send(struct http_call *call, const struct http_reply_parts *parts)
{
	struct direct_connection *connection = call->connection;
	if (!connection) {
		if (parts->file >= 0)
			(void)close(parts->file);
		return;
	}
	if (call->server->draining)
		connection->last = true;
	if (call->early && !call->body_done)
		direct_leave_body(connection);
	size_t count = call->head_only ? 0 : parts->count;
	struct buffer head;
	http_render_head(call, parts, !connection->last, &head);
	if (count == 1 && parts->length <= COPY_MOST && parts->length <= head.limit - head.length) {
		/* One piece is cheaper to hand over than two. */
		buffer_append(&head, parts->pieces[0].bytes, parts->length);
		count = 0;
	}
	direct_output_file(&connection->output, parts->file, parts->offset, call->head_only ? 0 : parts->file_length);
	send_after_head(call, &head, parts->pieces, count);
}

void direct_answer_write(struct http_call *call, const struct http_piece *piece)
{
	if (call->connection)
		send_pieces(call->connection, piece, 1);
}

size_t direct_answer_unsent(const struct http_call *call)
{
	const struct direct_connection *connection = call->connection;
	return connection->output.length;
}

void direct_on_writable(int fd, short what, void *argument)
{
	(void)fd, (void)what;
	struct direct_connection *connection = argument;
	int64_t before = direct_output_size(&connection->output);
	enum direct_progress progress = direct_output_flush(&connection->output, connection->fd);
	if (progress == DIRECT_BROKEN) {
		direct_connection_close(connection);
		return;
	}
	http_peers_moved(connection->direct->server, &connection->seat,
			 (size_t)(before - direct_output_size(&connection->output)));
	direct_account(connection);
	if (progress == DIRECT_LEFT)
		return;
	(void)event_del(&connection->write);
	if (connection->state == DIRECT_WRITING)
		direct_continue(connection);
	else if (connection->call)
		http_call_wake(connection->call);
}

static void await_reader(struct direct_connection *connection)
{
	struct http_server *server = connection->direct->server;
	int64_t time = http_server_write_time(server, direct_output_size(&connection->output));
	direct_enter(connection, DIRECT_WRITING, deadline_after(time));
	http_peers_wait(server, &connection->seat);
}

void direct_answer_done(struct http_call *call)
{
	struct direct_connection *connection = call->connection;
	bool whole = call->reply_left <= 0;
	http_call_end(call);
	if (!connection)
		return;
	connection->call = NULL;
	if (!whole)
		direct_connection_close(connection);
	else if (direct_output_left(&connection->output))
		await_reader(connection);
	else
		direct_continue(connection);
}
