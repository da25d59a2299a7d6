/* Requests of the evhttp engine: evhttp's into ours, our answers into evhttp's. */
#include "base/clock.h"
#include "base/fatal.h"
#include "io/http_evhttp.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	STATUS_BAD_REQUEST = 400,
	STATUS_TOO_LARGE = 413,
	STATUS_HEAD_TOO_LARGE = 431,
	STATUS_UNKNOWN_METHOD = 501,
	STATUS_VERSION = 505,
	BYTES_A_SECOND = 64 * 1024,
};

static const char *method_name(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	case EVHTTP_REQ_TRACE:
		return "TRACE";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	default:
		return NULL;
	}
}

/* RFC 9110 sections 5.5 and 5.6.2: a name is a token, a value has no control characters but the tab. */
static bool field_well_formed(const char *name, const char *value)
{
	static const char TOKEN[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	if (name[0] == '\0' || name[strspn(name, TOKEN)] != '\0')
		return false;
	for (const char *byte = value; *byte != '\0'; byte++)
		if (((unsigned char)*byte < 0x20 && *byte != '\t') || *byte == 0x7F)
			return false;
	return true;
}

/* Copies the headers; returns the status to refuse with, or 0. */
static int copy_fields(struct http_call *call, const struct evhttp_request *request)
{
	size_t limit = call->server->options.max_headers * 2;
	http_fields_begin(&call->fields, &call->ctx.arena, limit);
	for (const struct evkeyval *field = request->input_headers->tqh_first; field != NULL;
	     field = field->next.tqe_next) {
		if (!field_well_formed(field->key, field->value))
			return STATUS_BAD_REQUEST;
		if (!http_fields_add(&call->fields, field->key, field->value))
			return STATUS_HEAD_TOO_LARGE;
	}
	return 0;
}

static bool all_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* evhttp takes the first of two lengths, prefers chunks to a length and ignores codings it does not know: where a
 * request ends would be a matter of opinion (RFC 9112 section 6.3). */
static bool length_ambiguous(const struct http_call *call, const struct evhttp_request *request)
{
	const char *length = http_fields_get(&call->fields, "Content-Length");
	const char *coding = http_fields_get(&call->fields, "Transfer-Encoding");
	if (length != NULL && (!all_digits(length) || http_fields_count(&call->fields, "Content-Length") > 1))
		return true;
	if (coding != NULL && (length != NULL || request->minor == 0 || strcasecmp(coding, "chunked") != 0 ||
			       http_fields_count(&call->fields, "Transfer-Encoding") > 1))
		return true;
	bool body_unread = request->type == EVHTTP_REQ_HEAD || request->type == EVHTTP_REQ_TRACE;
	return body_unread && (coding != NULL || (length != NULL && strspn(length, "0") != strlen(length)));
}

/* Takes head and body over into the call; returns the status to refuse with, or 0. */
static int take_request(struct http_call *call, struct evhttp_request *request)
{
	struct http_exchange *exchange = &call->exchange;
	exchange->method = method_name(request->type);
	if (exchange->method == NULL)
		return STATUS_UNKNOWN_METHOD;
	call->head_only = request->type == EVHTTP_REQ_HEAD;
	int fault = copy_fields(call, request);
	if (fault != 0)
		return fault;
	if (request->major != 1)
		return STATUS_VERSION;
	if (length_ambiguous(call, request))
		return STATUS_BAD_REQUEST;
	fault = http_fields_fault(&call->fields, request->minor);
	if (fault != 0)
		return fault;
	if (!http_target_split(&call->ctx.arena, evhttp_request_get_uri(request), &exchange->path, &exchange->query))
		return STATUS_BAD_REQUEST;
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	size_t length = evbuffer_get_length(input);
	if (length > http_call_route(call))
		return STATUS_TOO_LARGE;
	char *body = arena_alloc(&call->ctx.arena, length + 1);
	(void)evbuffer_remove(input, body, length);
	body[length] = '\0';
	exchange->body = body;
	exchange->body_length = length;
	return 0;
}

void evhttp_take_request(struct evhttp_request *request, void *argument)
{
	struct evhttp_engine *engine = argument;
	struct evhttp_peer *peer = peer_of(engine, request);
	if (peer == NULL)
		fatal("a request from a connection that was not adopted");
	struct http_call *call = http_call_begin(engine->server, peer->address);
	call->connection = peer;
	call->request = request;
	peer->call = call;
	peer->state = PEER_HANDLING;
	buffer_done(&peer->head);
	int fault = take_request(call, request);
	if (fault == 0) {
		http_call_run(call);
		return;
	}
	http_reply_header(&call->exchange, "Connection", "close");
	http_call_fault(call, fault);
	engine->server->engine->done(call);
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
	if (call->server->draining &&
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
