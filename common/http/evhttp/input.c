/* What a client of the evhttp engine sends, read by the parser of both engines before evhttp reads it. */
#include "http/evhttp/input.h"

#include "base/fatal.h"

#include <event2/buffer.h>

enum {
	STATUS_BAD_REQUEST = 400,
	STATUS_HEAD_TOO_LARGE = 431,
};

/* What evhttp gets for the chunks of a body, whatever they were. */
static const char LAST_CHUNK[] = "0\r\n\r\n";

static struct evbuffer *input_of(const struct evhttp_peer *peer)
{
	return bufferevent_get_input(peer->stream);
}

void peer_drop_incoming(struct evhttp_peer *peer)
{
	if (peer->incoming)
		http_call_end(peer->incoming);
	peer->incoming = NULL;
	peer->complete = false;
}

/* evhttp is not to see it. */
static void refuse(struct evhttp_peer *peer, int status)
{
	struct evbuffer *input = input_of(peer);
	peer->unread = 0;
	(void)evbuffer_drain(input, evbuffer_get_length(input));
	peer_refuse_later(peer, status);
}

/* The next bytes for the parser; unread is not 0. */
static struct evbuffer_iovec next_piece(const struct evhttp_peer *peer)
{
	struct evbuffer *input = input_of(peer);
	struct evbuffer_iovec piece = {.iov_len = 0};
	struct evbuffer_ptr at;
	if (evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - peer->unread, EVBUFFER_PTR_SET) != 0 ||
	    evbuffer_peek(input, (ev_ssize_t)peer->unread, &at, &piece, 1) < 1 || piece.iov_len == 0)
		fatal("the input buffer is shorter than what came");
	return piece;
}

/* Cuts `cut` bytes out of the input and puts a text in their place, before the unread bytes; both may be empty. */
static void replace_read(struct evhttp_peer *peer, size_t cut, const char *text, size_t length)
{
	struct evbuffer *input = input_of(peer);
	struct evbuffer *before = evbuffer_new();
	size_t kept = evbuffer_get_length(input) - peer->unread - cut;
	peer->editing = true;
	if (!before || evbuffer_remove_buffer(input, before, kept) < 0 || evbuffer_drain(input, cut) != 0 ||
	    evbuffer_add(before, text, length) != 0 || evbuffer_prepend_buffer(input, before) != 0)
		fatal("no memory for a request");
	peer->editing = false;
	evbuffer_free(before);
}

/* RFC 9112 section 2.2 has empty lines before a request ignored; evhttp does not know them. False when there is nothing
 * more than that yet. */
static bool skip_empty_lines(struct evhttp_peer *peer)
{
	struct evbuffer *input = input_of(peer);
	char line[2] = "";
	ev_ssize_t seen = evbuffer_copyout(input, line, sizeof(line));
	while (seen == 2 && line[0] == '\r' && line[1] == '\n') {
		(void)evbuffer_drain(input, sizeof(line));
		peer->unread -= sizeof(line);
		peer->skipped += sizeof(line);
		seen = evbuffer_copyout(input, line, sizeof(line));
	}
	if (peer->skipped > peer->engine->server->options.max_headers)
		refuse(peer, STATUS_HEAD_TOO_LARGE);
	return seen == 2 || (seen == 1 && line[0] != '\r');
}

/* evhttp refuses the extensions that RFC 9112 section 7.1.1 has ignored, so it sees no chunks but the last. */
static bool hides_body(const struct http_call *call)
{
	return call->parser.head_complete && http_fields_get(&call->fields, "Transfer-Encoding");
}

static void head_complete(struct evhttp_peer *peer)
{
	struct http_call *call = peer->incoming;
	int status = http_call_head(call);
	size_t used;
	if (status != 0)
		refuse(peer, status);
	else if (!http_parser_has_body(&call->parser))
		peer->complete = http_parser_feed(&call->parser, "", 0, &used) == HTTP_PARSE_DONE;
}

static void feed(struct evhttp_peer *peer, const struct evbuffer_iovec *piece)
{
	if (!peer->incoming) {
		peer->incoming = http_call_begin(peer->engine->server, peer->address);
		peer->skipped = 0;
	}
	struct http_call *call = peer->incoming;
	bool hidden = hides_body(call);
	size_t used;
	enum http_parse result = http_parser_feed(&call->parser, piece->iov_base, piece->iov_len, &used);
	if (result == HTTP_PARSE_FAULT) {
		refuse(peer, call->parser.fault);
		return;
	}
	peer->unread -= used;
	peer->complete = result == HTTP_PARSE_DONE;
	if (hidden)
		replace_read(peer, used, LAST_CHUNK, peer->complete ? sizeof(LAST_CHUNK) - 1 : 0);
	if (result == HTTP_PARSE_HEAD)
		head_complete(peer);
}

void peer_read(struct evhttp_peer *peer)
{
	while (peer->unread > 0 && !peer->complete && peer->status == 0) {
		if (!peer->incoming && (!skip_empty_lines(peer) || peer->status != 0))
			return;
		struct evbuffer_iovec piece = next_piece(peer);
		feed(peer, &piece);
	}
}

struct http_call *peer_take_call(struct evhttp_peer *peer)
{
	struct http_call *call = peer->incoming;
	bool agreed = peer->complete && evbuffer_get_length(input_of(peer)) == peer->unread;
	if (!agreed || peer->status != 0) {
		refuse(peer, STATUS_BAD_REQUEST);
		return NULL;
	}
	peer->incoming = NULL;
	peer->complete = false;
	http_call_body(call);
	return call;
}
