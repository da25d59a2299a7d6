/* Requests of the evhttp engine: evhttp says whose turn it is, and sends our answers. */
#include "base/clock.h"
#include "base/fatal.h"
#include "io/http_evhttp.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <unistd.h>

enum {
	STATUS_BAD_REQUEST = 400,
	BYTES_A_SECOND = 64 * 1024,
};

void evhttp_take_request(struct evhttp_request *request, void *argument)
{
	struct evhttp_engine *engine = argument;
	struct evhttp_peer *peer = peer_of(engine, request);
	if (peer == NULL)
		fatal("a request from a connection that was not adopted");
	struct http_call *call = peer_take_call(peer);
	if (call == NULL) {
		/* Nobody gets to see this answer, but without one evhttp would not free the request. */
		evhttp_send_reply(request, STATUS_BAD_REQUEST, "", NULL);
		return;
	}
	/* One for a proxy, evhttp believes of the absolute form, and would end the connection after it. */
	request->flags &= ~EVHTTP_PROXY_REQUEST;
	call->connection = peer;
	call->request = request;
	peer->call = call;
	peer->state = PEER_HANDLING;
	http_call_run(call);
}

/* The next request came with the one before. */
static void read_on(struct evhttp_peer *peer)
{
	peer->state = PEER_READING;
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
	if (parts->content_type != NULL)
		add_header(request, "Content-Type", parts->content_type);
	if (parts->status != 204 && parts->status != 304)
		add_header(request, "Content-Length", arena_printf(&call->ctx.arena, "%lld", (long long)length));
	for (const struct http_reply_field *field = call->reply_fields; field != NULL; field = field->next)
		add_header(request, field->name, field->value);
	if ((call->server->draining || !call->parser.keep_alive) &&
	    evhttp_find_header(evhttp_request_get_output_headers(request), "Connection") == NULL)
		add_header(request, "Connection", "close");
}

/* Returns the content for evhttp; the file is taken over. */
static struct evbuffer *content_of(const struct http_call *call, const struct http_reply_parts *parts)
{
	struct evbuffer *content = evbuffer_new();
	if (content == NULL)
		fatal("no memory for an answer");
	int file = parts->file;
	if (call->head_only)
		goto done;
	if (file >= 0 && parts->file_length > 0 &&
	    evbuffer_add_file(content, file, parts->offset, parts->file_length) == 0)
		file = -1;
	else if (parts->length > 0 && evbuffer_add(content, parts->body, parts->length) != 0)
		fatal("no memory for an answer");
done:
	if (file >= 0)
		(void)close(file);
	return content;
}

void evhttp_send_answer(struct http_call *call, const struct http_reply_parts *parts)
{
	struct evhttp_request *request = call->request;
	struct evhttp_peer *peer = call->connection;
	int64_t length = parts->file >= 0 ? parts->file_length : (int64_t)parts->length;
	call->request = NULL;
	struct evbuffer *content = content_of(call, parts);
	if (peer != NULL) {
		call->request = request;
		add_headers(call, parts, length);
		call->request = NULL;
		/* The handler may be at work for longer, and the next request be there before it is done. */
		call->connection = NULL;
		peer->call = NULL;
		peer->ours = true;
		peer->state = PEER_WRITING;
		peer->deadline =
		    deadline_after(call->server->options.read_timeout + length / BYTES_A_SECOND * CLOCK_SECOND);
		evhttp_request_set_on_complete_cb(request, on_sent, peer);
	}
	/* For a client that is gone this only frees the request. */
	evhttp_send_reply(request, parts->status, http_status_text(parts->status), content);
	evbuffer_free(content);
}
