#include "http/transfer.h"

#include "base/clock.h"
#include "co/co.h"
#include "http/client_internal.h"

#include <string.h>

enum { WINDOW = 64 * 1024 /* bytes of an answer that wait to be read */ };

struct http_transfer {
	struct fetch fetch;
	struct context *ctx;
	const char *out; /* of the piece that is being sent, borrowed from who waits for that */
	size_t out_length;
	bool out_wanted, out_over; /* libcurl waits for a piece; there will be none */
	bool in_paused;		   /* libcurl has more than there is room for */
	bool head_done;
	bool ended;
};

/* libcurl asks for bytes of the body. */
static size_t give_body(char *bytes, size_t size, size_t count, void *argument)
{
	struct http_transfer *transfer = argument;
	size_t length = size * count;
	if (transfer->out_length == 0 && transfer->out_over)
		return 0;
	if (transfer->out_length == 0) {
		transfer->out_wanted = true;
		return CURL_READFUNC_PAUSE;
	}
	if (length > transfer->out_length)
		length = transfer->out_length;
	memcpy(bytes, transfer->out, length);
	transfer->out += length;
	transfer->out_length -= length;
	if (transfer->out_length == 0)
		client_wake(&transfer->fetch);
	return length;
}

/* libcurl has a line of a head; the empty one ends it. Interim answers (RFC 9110 section 15.2) do not count. */
static size_t take_line(char *bytes, size_t size, size_t count, void *argument)
{
	struct http_transfer *transfer = argument;
	long status = 0;
	bool empty = size * count > 0 && (bytes[0] == '\r' || bytes[0] == '\n');
	(void)curl_easy_getinfo(transfer->fetch.handle, CURLINFO_RESPONSE_CODE, &status);
	if (empty && status >= 200) {
		transfer->head_done = true;
		client_wake(&transfer->fetch);
	}
	return size * count;
}

static size_t take_content(char *bytes, size_t size, size_t count, void *argument)
{
	struct http_transfer *transfer = argument;
	struct buffer *body = &transfer->fetch.body;
	if (size * count > body->limit - body->length) {
		transfer->in_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	buffer_append(body, bytes, size * count);
	client_wake(&transfer->fetch);
	return size * count;
}

static void set_up(struct http_transfer *transfer, const struct http_outgoing *request, int64_t length)
{
	CURL *handle = transfer->fetch.handle;
	if (length < 0)
		client_add_header(&transfer->fetch, "Transfer-Encoding: chunked");
	client_set_up(&transfer->fetch, transfer->ctx, request);
	buffer_init(&transfer->fetch.body, WINDOW);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_content);
	(void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_line);
	(void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
	if (length == 0)
		return;
	(void)curl_easy_setopt(handle, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
	(void)curl_easy_setopt(handle, CURLOPT_READDATA, transfer);
	/* Of unknown length it goes out in chunks. */
	(void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
}

static void end(void *argument)
{
	http_transfer_end(argument);
}

struct http_transfer *http_transfer_begin(struct context *ctx, struct http_client *client,
					  const struct http_outgoing *request, int64_t length)
{
	if (client_check(ctx, request) != 0)
		return NULL;
	struct http_transfer *transfer = arena_zalloc(&ctx->arena, sizeof(*transfer));
	transfer->ctx = ctx;
	transfer->fetch.client = client;
	transfer->fetch.handle = client_take_handle(client);
	set_up(transfer, request, length);
	client->in_flight++;
	context_defer(ctx, end, transfer);
	if (curl_multi_add_handle(client->multi, transfer->fetch.handle) == CURLM_OK)
		return transfer;
	(void)context_fail_internal(ctx, "libcurl does not take the transfer");
	return NULL;
}

void http_transfer_end(struct http_transfer *transfer)
{
	struct fetch *fetch = &transfer->fetch;
	if (transfer->ended)
		return;
	transfer->ended = true;
	fetch->client->in_flight--;
	(void)curl_multi_remove_handle(fetch->client->multi, fetch->handle);
	curl_slist_free_all(fetch->headers);
	buffer_done(&fetch->body);
	client_give_handle_back(fetch->client, fetch->handle);
}

static int await(struct http_transfer *transfer, const char *waiting_on)
{
	transfer->fetch.waiter = co_self();
	enum co_result result = co_park(waiting_on, transfer->ctx->deadline);
	transfer->fetch.waiter = NULL;
	return co_check(transfer->ctx, result);
}

/* Has libcurl go on with what it had paused. */
static void go_on(struct http_transfer *transfer)
{
	transfer->out_wanted = false;
	transfer->in_paused = false;
	if (!transfer->fetch.done)
		(void)curl_easy_pause(transfer->fetch.handle, CURLPAUSE_CONT);
}

bool http_transfer_answered(const struct http_transfer *transfer)
{
	return transfer->head_done || transfer->fetch.done;
}

int http_transfer_send(struct http_transfer *transfer, const void *bytes, size_t length)
{
	transfer->out = bytes;
	transfer->out_length = length;
	transfer->out_over = length == 0;
	if (transfer->out_wanted)
		go_on(transfer);
	int failed = 0;
	while (transfer->out_length > 0 && failed == 0 && !http_transfer_answered(transfer))
		failed = await(transfer, "http body to leave");
	/* The bytes are the caller's again. */
	transfer->out_length = 0;
	return failed;
}

int http_transfer_answer(struct http_transfer *transfer, struct http_answer *ret, int64_t *ret_length)
{
	struct fetch *fetch = &transfer->fetch;
	curl_off_t length = -1;
	while (!http_transfer_answered(transfer))
		if (await(transfer, "http answer") != 0)
			return -1;
	if (!transfer->head_done)
		return client_fail(fetch, transfer->ctx);
	client_read_head(fetch, transfer->ctx, ret);
	(void)curl_easy_getinfo(fetch->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	*ret_length = length;
	return 0;
}

int64_t http_transfer_read(struct http_transfer *transfer, void *bytes, size_t size)
{
	struct fetch *fetch = &transfer->fetch;
	struct buffer *body = &fetch->body;
	while (body->length == 0 && !fetch->done)
		if (await(transfer, "http content") != 0)
			return -1;
	if (body->length == 0)
		return fetch->result == CURLE_OK ? 0 : client_fail(fetch, transfer->ctx);
	size_t taken = size < body->length ? size : body->length;
	memcpy(bytes, body->data, taken);
	memmove(body->data, body->data + taken, body->length - taken);
	body->length -= taken;
	if (transfer->in_paused)
		go_on(transfer);
	return (int64_t)taken;
}
