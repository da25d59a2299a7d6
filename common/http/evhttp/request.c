/* Requests of the evhttp engine: evhttp decides which request is next, and sends our answers. */
#include "http/evhttp/request.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/shared_text.h"
#include "http/evhttp/input.h"
#include "http/evhttp/peer.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <unistd.h>

enum { STATUS_BAD_REQUEST = 400 };

void evhttp_take_request(struct evhttp_request *request, void *argument)
{
	struct evhttp_engine *engine = argument;
	struct evhttp_peer *peer = peer_of(engine, request);
	if (!peer)
		fatal("a request from a connection that was not adopted");
	struct http_call *call = peer_take_call(peer);
	if (!call) {
		/* Nobody gets to see this answer, but without one evhttp would not free the request. */
		evhttp_send_reply(request, STATUS_BAD_REQUEST, "", NULL);
		return;
	}
	/* evhttp takes a target in absolute form for a proxy request, and would end the connection after it. */
	request->flags &= ~EVHTTP_PROXY_REQUEST;
	call->connection = peer;
	call->seat = &peer->seat;
	call->request = request;
	peer->call = call;
	peer->state = PEER_HANDLING;
	http_call_run(call);
}

/* The next request came with the one before. */
static void read_on(struct evhttp_peer *peer)
{
	peer->state = PEER_READING;
	http_peers_busy(peer->engine->server, &peer->seat);
	peer->deadline = deadline_after(peer->engine->server->options.read_timeout);
	peer->received = peer->unread;
	peer_read(peer);
}

/* evhttp has sent an answer: the next request may come. */
static void on_sent(struct evhttp_request *request, void *argument)
{
	(void)request;
	struct evhttp_peer *peer = argument;
	peer->state = PEER_IDLE;
	peer->ours = false;
	peer->received = 0;
	peer_hold(peer, 0);
	http_peers_idle(peer->engine->server, &peer->seat);
	peer->deadline = deadline_after(peer->engine->server->options.idle_timeout);
	if (peer->unread > 0)
		read_on(peer);
}

static void add_header(struct evhttp_request *request, const char *name, const char *value)
{
	if (evhttp_add_header(evhttp_request_get_output_headers(request), name, value) != 0)
		fatal("evhttp refuses the header %s", name);
}

static void add_headers(struct http_call *call, const struct http_reply_parts *parts, int64_t length)
{
	struct evhttp_request *request = call->request;
	add_header(request, "Date", http_server_date(call->server));
	if (parts->content_type)
		add_header(request, "Content-Type", parts->content_type);
	if (parts->status != 204 && parts->status != 304)
		add_header(request, "Content-Length", arena_printf(&call->ctx.arena, "%lld", (long long)length));
	for (const struct http_reply_field *field = call->reply_fields; field; field = field->next)
		add_header(request, field->name, field->value);
	if ((call->server->draining || !call->parser.keep_alive) &&
	    !evhttp_find_header(evhttp_request_get_output_headers(request), "Connection"))
		add_header(request, "Connection", "close");
}

static void drop_shared(const void *bytes, size_t length, void *argument)
{
	(void)bytes, (void)length;
	shared_text_drop(argument);
}

static void add_piece(struct evbuffer *content, const struct http_piece *piece)
{
	int failed = !piece->shared ? evbuffer_add(content, piece->bytes, piece->length)
				    : evbuffer_add_reference(content, piece->bytes, piece->length, drop_shared,
							     shared_text_hold(piece->shared));
	if (failed)
		fatal("no memory for an answer");
}

static struct evbuffer *content_new(void)
{
	struct evbuffer *content = evbuffer_new();
	if (!content)
		fatal("no memory for an answer");
	return content;
}

/* Returns the content for evhttp; the file is taken over. */
static struct evbuffer *content_of(const struct http_call *call, const struct http_reply_parts *parts)
{
	struct evbuffer *content = content_new();
	int file = parts->file;
	if (call->head_only)
		goto done;
	if (file >= 0 && parts->file_length > 0 &&
	    evbuffer_add_file(content, file, parts->offset, parts->file_length) == 0)
		file = -1;
	for (size_t i = 0; i < parts->count; i++)
		add_piece(content, &parts->pieces[i]);
done:
	if (file >= 0)
		(void)close(file);
	return content;
}

/* Bytes of the answer that are copied to be sent. */
static size_t copied(const struct http_reply_parts *parts)
{
	size_t length = 0;
	for (size_t i = 0; i < parts->count; i++)
		length += parts->pieces[i].shared ? 0 : parts->pieces[i].length;
	return length;
}

/* The answer is on its way: the next request may come, whatever the handler still does. */
static void detach(struct http_call *call)
{
	struct evhttp_peer *peer = call->connection;
	call->request = NULL;
	if (!peer)
		return;
	call->connection = NULL;
	call->seat = NULL;
	http_peers_forget(call->server, &peer->seat, call->held);
	peer->call = NULL;
}

/* Has the answer's headers ready, and what comes when it has left. */
static void begin_answer(struct http_call *call, const struct http_reply_parts *parts, int64_t length)
{
	struct evhttp_peer *peer = call->connection;
	add_headers(call, parts, length);
	peer->ours = true;
	peer->writing = false;
	if (!parts->later) {
		peer->state = PEER_WRITING;
		peer->deadline = deadline_after(http_server_write_time(call->server, length));
	}
	peer_hold(peer, peer->received + copied(parts));
	evhttp_request_set_on_complete_cb(call->request, on_sent, peer);
}

void evhttp_send_answer(struct http_call *call, const struct http_reply_parts *parts)
{
	struct evhttp_request *request = call->request;
	int64_t length = parts->file >= 0 ? parts->file_length : (int64_t)parts->length;
	struct evbuffer *content = content_of(call, parts);
	if (call->connection)
		begin_answer(call, parts, length);
	if (parts->later) {
		evbuffer_free(content);
		evhttp_send_reply_start(request, parts->status, http_status_text(parts->status));
		return;
	}
	detach(call);
	/* For a client that is gone this only frees the request. */
	evhttp_send_reply(request, parts->status, http_status_text(parts->status), content);
	evbuffer_free(content);
}

/* A piece has left. */
static void on_written(struct evhttp_connection *connection, void *argument)
{
	(void)connection;
	struct evhttp_peer *peer = argument;
	peer->writing = false;
	if (peer->call)
		http_call_wake(peer->call);
}

void evhttp_write(struct http_call *call, const struct http_piece *piece)
{
	struct evhttp_peer *peer = call->connection;
	if (!peer)
		return;
	struct evbuffer *content = content_new();
	add_piece(content, piece);
	peer->writing = true;
	evhttp_send_reply_chunk_with_cb(call->request, content, on_written, peer);
	evbuffer_free(content);
}

size_t evhttp_unsent(const struct http_call *call)
{
	const struct evhttp_peer *peer = call->connection;
	return peer->writing ? evbuffer_get_length(bufferevent_get_output(peer->stream)) : 0;
}

/* The end of an answer in pieces; what is short of its length can only end with the connection. */
static void end_answer(struct http_call *call)
{
	struct evhttp_request *request = call->request;
	struct evhttp_peer *peer = call->connection;
	detach(call);
	if (peer && call->reply_left > 0) {
		peer_end(peer);
	} else if (peer) {
		peer->state = PEER_WRITING;
		peer->deadline = call->reply_pace;
	}
	evhttp_send_reply_end(request);
}

void evhttp_done(struct http_call *call)
{
	if (call->request)
		end_answer(call);
	http_call_end(call);
}
